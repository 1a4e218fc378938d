import { homedir } from "node:os";
import { join } from "node:path";
import { DownloadError } from "./download-error.ts";
import type { DownloadEvent } from "./events.ts";

/** The one host that a token of its is sent to. */
const HUGGING_FACE = "https://huggingface.co";

/** What a download may be told. Every default comes from the environment variables that Hugging Face's own tools read. */
export interface HubOptions {
  /** Where models are asked for: a mirror such as `https://hf-mirror.com`. Default `HF_ENDPOINT`, else huggingface.co. */
  readonly endpoint?: string | undefined;
  /** Default `HF_TOKEN`. */
  readonly token?: string | undefined;
  /** The only origin that ever sees the token. Default huggingface.co, whatever the endpoint: no mirror gets it. */
  readonly tokenOrigin?: string | undefined;
  /** Default `HF_HUB_CACHE`, else `HF_HOME/hub`, else `~/.cache/huggingface/hub`. */
  readonly cacheFolder?: string | undefined;
  /** Use the cache only. Default `HF_HUB_OFFLINE`. */
  readonly offline?: boolean | undefined;
  /** Branch, tag or commit. Default `main`. */
  readonly revision?: string | undefined;
  /** Gives up when no byte comes for so long. Default 30 seconds. */
  readonly idleTimeoutMs?: number | undefined;
  /** Wait before the first repetition; each further one waits twice as long. Default 1 second. */
  readonly retryDelayMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: DownloadEvent) => void) | undefined;
}

/** Options with every default filled in. */
export interface HubSettings {
  readonly endpoint: string;
  readonly token: string | undefined;
  readonly tokenOrigin: string;
  readonly cacheFolder: string;
  readonly offline: boolean;
  readonly revision: string;
  readonly idleTimeoutMs: number;
  readonly retryDelayMs: number;
  readonly signal: AbortSignal | undefined;
  readonly onEvent: (event: DownloadEvent) => void;
}

/** Fills in what the options leave open. */
export function resolveSettings(options: HubOptions, env: NodeJS.ProcessEnv = process.env): HubSettings {
  const cacheHome = env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  const home = expandHome(env["HF_HOME"] || join(cacheHome, "huggingface"));
  const revision = options.revision ?? "main";
  if (!/^\w[\w./-]*$/.test(revision) || revision.includes("..")) {
    throw new DownloadError("NAME_INVALID", `"${revision}" is no revision: give a branch, a tag or a commit.`);
  }
  return {
    endpoint: (options.endpoint ?? (env["HF_ENDPOINT"] || HUGGING_FACE)).replace(/\/+$/, ""),
    token: options.token ?? (env["HF_TOKEN"] || undefined),
    tokenOrigin: options.tokenOrigin ?? HUGGING_FACE,
    cacheFolder: options.cacheFolder ?? expandHome(env["HF_HUB_CACHE"] || join(home, "hub")),
    offline: options.offline ?? /^(?:1|true|yes|on)$/i.test(env["HF_HUB_OFFLINE"] ?? ""),
    revision,
    idleTimeoutMs: options.idleTimeoutMs ?? 30_000,
    retryDelayMs: options.retryDelayMs ?? 1000,
    signal: options.signal,
    onEvent: options.onEvent ?? (() => {}),
  };
}

function expandHome(path: string): string {
  return path.replace(/^~(?=$|[/\\])/, homedir());
}
