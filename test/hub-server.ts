import { createHash, randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { LocalServer } from "./local-server.ts";

/** What a server was asked. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  /** Bytes of content that were sent. */
  sent: number;
}

/** How a request for a file can go wrong: answers itself, or returns false to let the server answer. */
export type Misbehave = (context: {
  readonly request: SeenRequest;
  readonly response: ServerResponse;
  readonly name: string;
  readonly content: Buffer;
  /** 0 for the first request of this file's content. */
  readonly attempt: number;
}) => boolean;

const LARGE = /\.(?:safetensors|onnx_data)$/u;

/** A stand-in for the Hugging Face hub on 127.0.0.1 with one repository, which keeps a record and misbehaves on demand. */
export class HubServer extends LocalServer {
  readonly files: ReadonlyMap<string, Buffer>;
  readonly commit = "0123456789abcdef0123456789abcdef01234567";
  readonly requests: SeenRequest[] = [];
  misbehave: Misbehave = () => false;
  /** Sent instead of the repository's list. */
  list: ((response: ServerResponse) => void) | undefined;

  constructor(files: ReadonlyMap<string, Buffer>) {
    super((request, response) => this.#answer(request, response));
    this.files = files;
  }

  /** Requests for the content of a file, or of any. */
  contentRequests(name = ""): SeenRequest[] {
    return this.requests.filter(
      ({ method, path }) => method === "GET" && path.includes("/resolve/") && path.endsWith(name),
    );
  }

  /** The hash by which the cache knows a file: SHA-256 of weights (as LFS), git's of the rest. */
  hash(name: string): string {
    const content = this.files.get(name)!;
    if (LARGE.test(name)) return createHash("sha256").update(content).digest("hex");
    return createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname: path } = new URL(request.url ?? "/", "http://localhost");
    const seen: SeenRequest = { method: request.method ?? "", path, headers: request.headers, sent: 0 };
    this.requests.push(seen);
    if (path.startsWith("/api/models/")) return this.#sendList(response);
    const name = decodeURIComponent(/\/resolve\/[^/]+\/(.+)$/u.exec(path)?.[1] ?? path.split("/").at(-1)!);
    const content = this.files.get(name);
    if (content === undefined) return void response.writeHead(404).end();
    const attempt = this.requests.filter((other) => other.path === path && other.method === seen.method).length - 1;
    if (this.misbehave({ request: seen, response, name, content, attempt })) return undefined;
    return this.send(seen, response, content);
  }

  /** Answers as a good server does: ETag, Range with If-Range, and the hub's own headers. */
  send(request: SeenRequest, response: ServerResponse, content: Buffer, etag = this.etagOf(content)): void {
    const { range, "if-range": ifRange } = request.headers;
    const start = Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0);
    const isPart = range !== undefined && (ifRange === undefined || ifRange === etag);
    if (isPart && start >= content.length) {
      response.writeHead(416, { "content-range": `bytes */${content.length}` }).end();
      return;
    }
    const body = isPart ? content.subarray(start) : content;
    response.writeHead(isPart ? 206 : 200, {
      etag,
      "accept-ranges": "bytes",
      "access-control-allow-origin": "*",
      "content-type": "application/octet-stream",
      "content-length": body.length,
      "x-repo-commit": this.commit,
      ...(isPart ? { "content-range": `bytes ${start}-${content.length - 1}/${content.length}` } : {}),
    });
    if (request.method !== "HEAD") request.sent += body.length;
    response.end(request.method === "HEAD" ? undefined : body);
  }

  etagOf(content: Buffer): string {
    const name = [...this.files].find(([, other]) => other === content)?.[0];
    return `"${name === undefined ? randomBytes(8).toString("hex") : this.hash(name)}"`;
  }

  #sendList(response: ServerResponse): void {
    if (this.list !== undefined) return this.list(response);
    const siblings = [...this.files].map(([rfilename, content]) => {
      const size = content.length;
      const blobId = createHash("sha1").update(`blob ${size}\0`).update(content).digest("hex");
      const lfs = { sha256: this.hash(rfilename), size, pointerSize: 130 };
      return { rfilename, size, blobId, ...(LARGE.test(rfilename) ? { lfs } : {}) };
    });
    const body = JSON.stringify({ id: "owner/name", sha: this.commit, siblings });
    response
      .writeHead(200, {
        "access-control-allow-origin": "*",
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
      })
      .end(body);
    return undefined;
  }
}
