import { Agent, EnvHttpProxyAgent, request, type Dispatcher } from "undici";
import { DownloadError } from "./download-error.ts";
import type { HubSettings } from "./settings.ts";

const MAX_REDIRECTS = 10;
const CONNECT_TIMEOUT_MS = 15_000;

export type Response = Dispatcher.ResponseData;

/** Asks servers, and keeps connections between questions. Close it. */
export class HttpClient {
  readonly settings: HubSettings;
  readonly #dispatcher: Dispatcher;

  /** @throws {DownloadError} `NAME_INVALID` when the endpoint is no address */
  constructor(settings: HubSettings) {
    if (!/^https?:/.test(settings.endpoint) || !URL.canParse(settings.endpoint)) {
      throw new DownloadError(
        "NAME_INVALID",
        `"${settings.endpoint}" is no server's address: HF_ENDPOINT (or --endpoint) takes one such as https://hf-mirror.com.`,
      );
    }
    this.settings = settings;
    const options = { connect: { timeout: CONNECT_TIMEOUT_MS } };
    const names = ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"];
    const isProxied = names.some((name) => process.env[name]);
    this.#dispatcher = isProxied ? new EnvHttpProxyAgent(options) : new Agent(options);
  }

  /**
   * One question and its answer, whatever its status. Redirects are followed here, because each step decides anew
   * whether the token goes along: it goes to one origin only.
   *
   * @throws {DownloadError} `UNREACHABLE`, `STALLED` or `INTERRUPTED`
   */
  async send(method: "GET" | "HEAD", url: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    let target = new URL(url);
    for (let step = 0; step <= MAX_REDIRECTS; step++) {
      const response = await this.#sendOnce(method, target, headers);
      const { location } = response.headers;
      if (![301, 302, 303, 307, 308].includes(response.statusCode) || typeof location !== "string") return response;
      await response.body.dump();
      target = nextTarget(target, location);
    }
    throw new DownloadError(
      "SERVER_ERROR",
      `${url} redirects more than ${MAX_REDIRECTS} times; try another HF_ENDPOINT.`,
    );
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  async #sendOnce(method: "GET" | "HEAD", url: URL, headers: Readonly<Record<string, string>>): Promise<Response> {
    const { idleTimeoutMs, signal, token, tokenOrigin } = this.settings;
    const authorization = token !== undefined && url.origin === tokenOrigin ? { authorization: `Bearer ${token}` } : {};
    try {
      return await request(url, {
        method,
        dispatcher: this.#dispatcher,
        headers: { "user-agent": "scratch-llm", "accept-encoding": "identity", ...headers, ...authorization },
        headersTimeout: idleTimeoutMs,
        bodyTimeout: idleTimeoutMs,
        signal: signal ?? null,
      });
    } catch (error) {
      throw networkError(error, url.host, signal);
    }
  }
}

/** An error of the network as one of ours; what the caller's signal says passes through. */
export function networkError(error: unknown, host: string, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted || error instanceof DownloadError) return error;
  const code = error instanceof Error ? String((error as NodeJS.ErrnoException).code ?? error.name) : "unknown";
  if (/TIMEOUT/.test(code) && !/CONNECT/.test(code)) {
    return new DownloadError("STALLED", `${host} sends nothing any more (${code}); try again later.`, { cause: error });
  }
  if (["UND_ERR_SOCKET", "ECONNRESET", "EPIPE", "UND_ERR_RES_CONTENT_LENGTH_MISMATCH"].includes(code)) {
    return new DownloadError("INTERRUPTED", `${host} closed the connection (${code}).`, { cause: error });
  }
  return new DownloadError(
    "UNREACHABLE",
    `${host} cannot be reached (${code}): set HF_ENDPOINT (or --endpoint) to a mirror that can, or copy the model's files and use "model import FOLDER".`,
    { cause: error },
  );
}

function nextTarget(from: URL, location: string): URL {
  const target = new URL(location, from);
  const isSafe = target.protocol === "https:" || target.protocol === from.protocol;
  if (isSafe && /^https?:$/.test(target.protocol)) return target;
  throw new DownloadError(
    "SERVER_ERROR",
    `${from.host} redirects to ${target.protocol}//${target.host}, which is not safe.`,
  );
}

/** Throws what a status that is no success means. */
export async function requireSuccess(response: Response, what: string, host: string): Promise<void> {
  const { statusCode: status, headers, body } = response;
  if (status >= 200 && status < 300) return;
  await body.dump();
  if (status === 401 || status === 403) {
    throw new DownloadError(
      "UNAUTHORIZED",
      `${host} refuses ${what} (${status}): check the name; a private or gated model needs HF_TOKEN, which only huggingface.co is sent.`,
    );
  }
  if (status === 404 || status === 410) {
    throw new DownloadError("NOT_FOUND", `${host} has no ${what} (${status}); check name and revision.`);
  }
  const seconds = Number(headers["retry-after"]);
  throw new DownloadError(
    "SERVER_ERROR",
    `${host} answers ${status} for ${what}; try again later or another HF_ENDPOINT.`,
    {
      retryAfterMs: Number.isFinite(seconds) ? 1000 * Math.min(seconds, 60) : undefined,
    },
  );
}
