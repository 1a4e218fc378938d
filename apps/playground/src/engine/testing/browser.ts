import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { build } from "vite";

const APP = fileURLToPath(new URL("../../../", import.meta.url));
const PAGE = "src/engine/testing/page.html";
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".css": "text/css",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
  ".json": "application/json",
};

interface ServeOptions {
  /** Whether the page gets the headers that threads need. */
  readonly isolated: boolean;
  /** `index.html` for the playground itself; by default one that has nothing but the engine. */
  readonly page?: string;
}

/** A page, built as the playground is and served from this machine. */
export class TestPage {
  readonly address: string;
  readonly #folder: string;
  readonly #server: Server;

  private constructor(page: string, folder: string, server: Server) {
    this.#folder = folder;
    this.#server = server;
    this.address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${page}`;
  }

  static async serve({ isolated, page = PAGE }: ServeOptions): Promise<TestPage> {
    const folder = await mkdtemp(join(tmpdir(), "engine-page-"));
    const input = join(APP, page);
    await build({
      root: APP,
      logLevel: "error",
      build: { outDir: folder, emptyOutDir: true, rolldownOptions: { input } },
    });
    const headers = isolated
      ? { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" }
      : {};
    const server = createServer(async ({ url = "/" }, response) => {
      const path = normalize(decodeURIComponent(new URL(url, "http://localhost").pathname));
      const content = await readFile(join(folder, path)).catch(() => undefined);
      const type = TYPES[extname(path)] ?? "application/octet-stream";
      response.writeHead(content ? 200 : 404, { ...headers, "content-type": type }).end(content);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new TestPage(page, folder, server);
  }

  /** A file of the built page. */
  file(path: string): Promise<Buffer> {
    return readFile(join(this.#folder, path));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#folder, { recursive: true });
  }
}

/** Nothing but this machine can be reached. */
const NO_NETWORK = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1";

/** Debian's Chromium, or the one that `CHROMIUM` names. */
const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

export const hasBrowser: boolean = existsSync(CHROMIUM);

/** Starts the browser; software WebGPU only where it is asked for. */
export function launch({ webgpu }: { readonly webgpu: boolean }): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", NO_NETWORK, ...(webgpu ? ["--enable-unsafe-webgpu", "--enable-features=Vulkan"] : [])],
  });
}

/** Opens the page, and fails the test at an error on it. */
export async function open(browser: Browser | BrowserContext, { address }: TestPage): Promise<Page> {
  const page = await browser.newPage();
  page.on("pageerror", (error) => console.error(`On the page: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") console.error(`On the page: ${message.text()}`);
  });
  await page.goto(address);
  await page.waitForFunction(() => "engine" in window);
  return page;
}
