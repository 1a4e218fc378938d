import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { serveStatic } from "@hono/node-server/serve-static";
import { type Env, Hono } from "hono";
import { secureHeaders } from "hono/secure-headers";

/** Where the workspace builds the playground. */
const BUILT = fileURLToPath(new URL("../../../playground/dist", import.meta.url));

/** The folder of the built playground; undefined where it is not built. */
export function playgroundFolder(): string | undefined {
  return existsSync(join(BUILT, "index.html")) ? BUILT : undefined;
}

/**
 * Serves the files of a page. Its headers isolate it from other origins (COOP and COEP), without which a browser lets no
 * page share memory between threads, and WASM computes on one alone.
 */
export function staticPage<E extends Env>(folder: string): Hono<E> {
  const page = new Hono<E>();
  page.use(
    secureHeaders({
      crossOriginOpenerPolicy: "same-origin",
      crossOriginEmbedderPolicy: "require-corp",
      crossOriginResourcePolicy: "same-origin",
    }),
  );
  page.get("*", serveStatic({ root: relative(process.cwd(), folder) || "." }));
  return page;
}
