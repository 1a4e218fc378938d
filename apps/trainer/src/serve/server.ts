import { createServer, type Server } from "node:http";
import * as net from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { Env, Hono } from "hono";
import { ApiError, type ApiErrorCode } from "./api-error.ts";
import type { Messages } from "../messages/messages.ts";

/** How often Node looks for clients that send too slowly, and a stopping server for connections that are done. */
const CHECK_MS = 500;
/** How long a connection may wait for its next request. */
const KEEP_ALIVE_MS = 30_000;

export interface ListenOptions {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
}

/** How clients are treated until they have sent a request. */
export interface ConnectionOptions {
  /** Longest time for a client to send its request. */
  readonly requestSeconds: number;
  readonly texts: Messages["api"];
}

/** A server that listens. */
export interface Listening {
  readonly url: string;
  /** Takes no more connections and resolves when the last answer is sent. */
  close(): Promise<void>;
}

/** Listens for requests. A client that sends its request too slowly is cut off. */
export async function listen<E extends Env>(
  app: Hono<E>,
  { requestSeconds, texts }: ConnectionOptions,
  where: ListenOptions,
): Promise<Listening> {
  const timeout = requestSeconds * 1000;
  const server = createServer(
    {
      headersTimeout: timeout,
      requestTimeout: timeout,
      connectionsCheckingInterval: CHECK_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
    },
    getRequestListener((request, env) => app.fetch(request, env as E["Bindings"]), { overrideGlobalObjects: false }),
  );
  server.on("clientError", (error: NodeJS.ErrnoException, socket: net.Socket) => {
    const code = CONNECTION_ERRORS[error.code ?? ""] ?? "bad_request";
    refuse(socket, new ApiError(code, { reason: error.message, seconds: requestSeconds }), texts);
  });
  await bind(server, where);
  const { address, port: actual, family } = server.address() as net.AddressInfo;
  return { url: `http://${family === "IPv6" ? `[${address}]` : address}:${actual}`, close: () => close(server) };
}

/** Finds out whether one can listen there, before there is something to serve. @throws the system's error */
export async function tryListening(where: ListenOptions): Promise<void> {
  const server = net.createServer((client) => client.destroy());
  await bind(server, where);
  await new Promise((resolve) => server.close(resolve));
}

function bind(server: net.Server, { host, port }: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
}

/** What Node's HTTP parser may say of a request. */
const CONNECTION_ERRORS: Readonly<Record<string, ApiErrorCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: "request_timeout",
  HPE_HEADER_OVERFLOW: "headers_too_large",
};

/** Answers what never became a request, as Node does but with a body. */
function refuse(socket: net.Socket, error: ApiError, texts: Messages["api"]): void {
  if (!socket.writable) return;
  const body = JSON.stringify(error.body(texts));
  const head = [
    `HTTP/1.1 ${error.status} ${error.code}`,
    "Connection: close",
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
}

async function close(server: Server): Promise<void> {
  const timer = setInterval(() => server.closeIdleConnections(), CHECK_MS);
  await new Promise((resolve) => server.close(resolve));
  clearInterval(timer);
}
