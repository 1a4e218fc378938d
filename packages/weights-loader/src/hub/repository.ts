import { DownloadError } from "./download-error.ts";
import type { ExpectedHash } from "./expected-hash.ts";

/** One file of a repository. */
export interface RepositoryFile {
  readonly name: string;
  readonly size: number;
  /** SHA-256 of large files (LFS), git's SHA-1 of small ones; both are computed from the content. */
  readonly hash: ExpectedHash;
}

/** A repository at one commit. */
export interface Repository {
  readonly commit: string;
  readonly files: readonly RepositoryFile[];
  /** Such as `mit`, where the model's card tells. */
  readonly licence: string | undefined;
}

/** Short names of the models that OpenAI published and Hugging Face keeps. */
const ALIASES: Readonly<Record<string, string>> = {
  gpt2: "openai-community/gpt2",
  "gpt2-medium": "openai-community/gpt2-medium",
  "gpt2-large": "openai-community/gpt2-large",
  "gpt2-xl": "openai-community/gpt2-xl",
};

/**
 * The full name of a model: `gpt2` is `openai-community/gpt2`.
 *
 * @throws {DownloadError} `NAME_INVALID` for what cannot be a repository's name
 */
export function repositoryName(model: string): string {
  const name = ALIASES[model] ?? model;
  if (/^[\w-][\w.-]*\/[\w-][\w.-]*$/.test(name) && !/\.\.|--/.test(name)) return name;
  throw new DownloadError(
    "NAME_INVALID",
    `"${model}" is no model's name: use ${Object.keys(ALIASES).join(", ")} or OWNER/NAME.`,
  );
}

/** A server's list of a repository's files. Every field is checked: names and hashes become paths. @throws {DownloadError} */
export function parseRepository(text: string, host: string): Repository {
  const json = parseJson(text, host) as { sha?: unknown; siblings?: unknown; cardData?: unknown };
  if (typeof json.sha !== "string" || !/^[0-9a-f]{40}$/.test(json.sha) || !Array.isArray(json.siblings)) {
    throw notAList(host);
  }
  const { license } = (json.cardData ?? {}) as { license?: unknown };
  return {
    commit: json.sha,
    files: json.siblings.map((sibling: unknown) => parseFile(sibling, host)),
    licence: typeof license === "string" ? license : undefined,
  };
}

function parseJson(text: string, host: string): object {
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json === "object" && json !== null) return json;
  } catch {
    // a web page, for example
  }
  throw notAList(host);
}

function notAList(host: string): DownloadError {
  return new DownloadError(
    "NOT_THE_FILE",
    `${host} answers with something that is no list of a model's files: a login page or a mirror's error; try another HF_ENDPOINT.`,
  );
}

interface Sibling {
  readonly rfilename?: unknown;
  readonly size?: unknown;
  readonly blobId?: unknown;
  readonly lfs?: { readonly sha256?: unknown; readonly size?: unknown } | null;
}

function parseFile(value: unknown, host: string): RepositoryFile {
  const { rfilename: name, size, blobId, lfs } = (value ?? {}) as Sibling;
  const bytes = lfs ? lfs.size : size;
  const hex = lfs ? lfs.sha256 : blobId;
  const isHash = typeof hex === "string" && (lfs ? /^[0-9a-f]{64}$/ : /^[0-9a-f]{40}$/).test(hex);
  if (typeof name !== "string" || !Number.isSafeInteger(bytes) || (bytes as number) < 0 || !isHash)
    throw notAList(host);
  return { name, size: bytes as number, hash: { algorithm: lfs ? "sha256" : "git", hex } };
}
