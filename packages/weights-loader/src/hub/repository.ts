import type { ExpectedHash } from "./checksum.ts";
import { DownloadError } from "./download-error.ts";
import { networkError, requireSuccess, type HttpClient } from "./http.ts";
import { withRetries } from "./retry.ts";

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
}

/** Lists of real models have some kilobytes. */
const MAX_LIST_BYTES = 20_000_000;

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

/** Asks the hub which files a repository has at a revision. @throws {DownloadError} */
export async function listRepository(client: HttpClient, name: string): Promise<Repository> {
  const { endpoint, revision } = client.settings;
  const url = `${endpoint}/api/models/${name}/revision/${encodeURIComponent(revision)}?blobs=true`;
  const { host } = new URL(url);
  const text = await withRetries(name, client.settings, async () => {
    const response = await client.send("GET", url);
    await requireSuccess(response, `model ${name} at revision ${revision}`, host);
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      for await (const chunk of response.body) {
        size += (chunk as Buffer).length;
        if (size > MAX_LIST_BYTES) throw new DownloadError("NOT_THE_FILE", `${host} sends an endless list of files.`);
        chunks.push(chunk as Buffer);
      }
    } catch (error) {
      throw networkError(error, host, client.settings.signal);
    }
    return Buffer.concat(chunks).toString("utf8");
  });
  return parseRepository(text, host);
}

/** Checks every field: names and hashes become paths. */
function parseRepository(text: string, host: string): Repository {
  const json = parseJson(text, host) as { sha?: unknown; siblings?: unknown };
  if (typeof json.sha !== "string" || !/^[0-9a-f]{40}$/.test(json.sha) || !Array.isArray(json.siblings)) {
    throw notAList(host);
  }
  return { commit: json.sha, files: json.siblings.map((sibling: unknown) => parseFile(sibling, host)) };
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
