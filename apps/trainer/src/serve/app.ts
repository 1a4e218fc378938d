import { createHash, timingSafeEqual } from "node:crypto";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import { methodNotAllowed } from "hono/method-not-allowed";
import { answer, type Question } from "./answer.ts";
import { ApiError, asApiError } from "./api-error.ts";
import { readChat } from "./chat-completions.ts";
import { readCompletion } from "./completions.ts";
import type { ServedModel } from "./served-model.ts";
import type { Env, Service } from "./service.ts";
import { staticPage } from "./static-page.ts";

/** Routes that the metrics tell apart; other paths are whatever clients think of. */
const ROUTES: ReadonlySet<string> = new Set([
  "/health",
  "/metrics",
  "/v1/models",
  "/v1/completions",
  "/v1/chat/completions",
]);
/** nginx's status for a client that went away. */
const CLIENT_GONE = 499;
const RETRY_AFTER_SECONDS = "1";

/** The routes of the server, in OpenAI's form. */
export function createApp(service: Service): Hono<Env> {
  const { model, metrics, texts, limits } = service;
  const app = new Hono<Env>();
  const created = Math.floor(Date.now() / 1000);
  const entry = { id: model.id, object: "model", created, owned_by: "scratch-llm" };

  app.use(report(service));
  if (service.cors !== undefined) app.use(cors({ origin: service.cors }));
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, methods) =>
        c.json(new ApiError("method_not_allowed", { methods: methods.join(", ") }).body(texts), 405, {
          Allow: methods.join(", "),
        }),
    }),
  );
  app.onError((error, c) => errorResponse(error, c as Context<Env>, service));
  app.notFound((c) => c.json(new ApiError("not_found", { path: c.req.path }).body(texts), 404));

  app.get("/health", (c) => c.json({ status: service.stopping ? "stopping" : "ok" }, service.stopping ? 503 : 200));
  app.use(requireRunning(service));
  if (service.apiKey !== undefined) {
    for (const path of ["/v1/*", "/metrics"]) app.use(path, requireKey(service.apiKey));
  }
  app.get("/metrics", async (c) =>
    c.body(await metrics.registry.metrics(), 200, { "Content-Type": metrics.registry.contentType }),
  );
  app.get("/v1/models", (c) => c.json({ object: "list", data: [entry] }));
  app.get("/v1/models/:id{.+}", (c) => {
    requireModel(c.req.param("id"), model);
    return c.json(entry);
  });

  const limit = bodyLimit({
    maxSize: limits.bodyBytes,
    onError: () => {
      throw new ApiError("request_too_large", { limit: limits.bodyBytes });
    },
  });
  const endpoint = (path: string, read: (body: unknown, model: ServedModel) => Question): void => {
    app.post(path, limit, async (c) => answer(c, service, read(await readBody(c, model), model)));
  };
  endpoint("/v1/completions", readCompletion);
  endpoint("/v1/chat/completions", readChat);
  if (service.page !== undefined) app.route("/", staticPage<Env>(service.page));
  return app;
}

/** Counts and logs every request once its answer is over. */
function report({ metrics, log }: Service): MiddlewareHandler<Env> {
  return async (c, next) => {
    const started = performance.now();
    const { path, method } = c.req;
    const { outgoing, incoming } = c.env;
    const client = incoming.socket.remoteAddress;
    outgoing.once("close", () => {
      const { work, problem } = c.var;
      const complete = outgoing.headersSent && (outgoing.writableFinished || work === undefined);
      const status = complete ? outgoing.statusCode : CLIENT_GONE;
      const seconds = (performance.now() - started) / 1000;
      metrics.answered(ROUTES.has(path) ? path : "other", status, seconds);
      const level = status >= 500 || problem !== undefined ? "error" : status >= 400 ? "warn" : "info";
      const line = { method, path, status, seconds: Number(seconds.toFixed(4)), client, ...work };
      log[level]({ ...line, ...(problem !== undefined && { err: problem }) }, "request");
    });
    await next();
  };
}

function requireRunning(service: Service): MiddlewareHandler<Env> {
  return async (c, next) => {
    if (service.stopping) {
      c.header("Connection", "close");
      throw new ApiError("shutting_down");
    }
    await next();
  };
}

/** Compares in a time that does not depend on how much of the key is right: digests have one length. */
function requireKey(apiKey: string): MiddlewareHandler<Env> {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  const expected = digest(`Bearer ${apiKey}`);
  return async (c, next) => {
    if (!timingSafeEqual(digest(c.req.header("Authorization") ?? ""), expected)) throw new ApiError("invalid_api_key");
    await next();
  };
}

/** The body of a request to this model. A page of another origin cannot send JSON without asking first (CORS). */
async function readBody(c: Context<Env>, model: ServedModel): Promise<unknown> {
  if (!/^application\/json\b/iu.test(c.req.header("Content-Type") ?? "")) throw new ApiError("unsupported_media_type");
  const text = await c.req.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw new ApiError("invalid_json", { reason: cause instanceof Error ? cause.message : String(cause) }, { cause });
  }
  const wished = (body as { model?: unknown } | null)?.model;
  if (typeof wished === "string") requireModel(wished, model);
  return body;
}

function requireModel(wished: string, { id }: ServedModel): void {
  if (wished !== id) throw new ApiError("model_not_found", { param: "model", wished, id });
}

function errorResponse(error: unknown, c: Context<Env>, { texts }: Service): Response {
  if (c.req.raw.signal.aborted) return c.body(null); // nobody reads it
  const ours = asApiError(error);
  if (ours.code === "internal_error") c.set("problem", error);
  if (ours.code === "rate_limit_exceeded" || ours.code === "shutting_down")
    c.header("Retry-After", RETRY_AFTER_SECONDS);
  if (ours.code === "invalid_api_key") c.header("WWW-Authenticate", "Bearer");
  return c.json(ours.body(texts), ours.status);
}
