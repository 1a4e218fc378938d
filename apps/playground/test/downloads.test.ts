// The Models tab and a server that cuts, lies and stops: what was wrong is told by name, and the next download repairs it.
import { readFile } from "node:fs/promises";
import { HubServer, type Misbehave } from "@test/hub-server.ts";
import type { BrowserContext, Page } from "playwright-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hasBrowser } from "../src/engine/testing/browser.ts";
import { expectAccessible, expectChinese, type Opened, useSite } from "./site.ts";

const WEIGHTS = "model.safetensors";
const BUNDLED = new URL("../src/engine/bundled/", import.meta.url);
const CORS = { "access-control-allow-origin": "*" };

describe.skipIf(!hasBrowser)("a download", { timeout: 120_000 }, () => {
  const site = useSite();
  let hub: HubServer;
  let opened: Opened;
  beforeEach(async () => {
    const files = new Map<string, Buffer>();
    for (const name of ["config.json", "tokenizer.json", WEIGHTS])
      files.set(name, await readFile(new URL(name, BUNDLED)));
    hub = await new HubServer(files).start();
  });
  afterEach(async () => {
    await opened.context.close();
    await hub.stop();
  });

  /** The Models tab with the server and what it has. */
  async function openModels(locale = "en-GB"): Promise<Page> {
    opened = await site.open(query(), { locale });
    await opened.context.unrouteAll(); // the browser reaches this machine only
    await opened.page.getByTestId("describe").click();
    await opened.page.getByTestId("accept").waitFor();
    return opened.page;
  }
  const query = (): string => `tab=models&endpoint=${encodeURIComponent(hub.endpoint)}&repository=us%2Fme`;
  const accept = (page: Page) => page.getByTestId("accept").click();
  const shown = (page: Page) => page.getByTestId("model").filter({ hasText: "us/me · 1.9 M" }).waitFor();
  const stored = (page: Page) => page.getByTestId("stored").innerText();
  /** The first answer with the weights goes wrong. */
  const once = (misbehave: Misbehave): void => {
    hub.misbehave = (asked) => asked.name === WEIGHTS && asked.attempt === 0 && misbehave(asked);
  };
  /** Sends 40 % and no more. */
  const stopAt40 = (): void =>
    once(({ response, content }) => {
      response.writeHead(200, { ...CORS, "content-length": content.length });
      response.write(content.subarray(0, Math.floor(content.length * 0.4)));
      return true;
    });
  const isAt40 = (page: Page) =>
    expect
      .poll(() => page.getByTestId("download-progress").evaluate((bar) => (bar as HTMLProgressElement).value), {
        timeout: 30_000,
      })
      .toBeGreaterThan(1_400_000);

  it("tells size and licence first, shows the model, and loads it without the network", async () => {
    const page = await openModels();
    expect(await page.getByTestId("plan").innerText()).toMatch(/no licence.*4\.0 MB in 3 files/su);
    expect(hub.contentRequests()).toEqual([]);
    await accept(page);
    await shown(page);
    expect(await stored(page)).toContain("us/me, 4.0 MB");
    await page.getByTestId("show-bundled").click();
    await page.getByTestId("recipe").waitFor();
    await hub.stop();
    await opened.context.setOffline(true);
    await page.getByTestId("show-us/me").click();
    await shown(page);
    await page.getByTestId("delete-us/me").click();
    await expect.poll(() => stored(page)).toBe("");
    expect(opened.errors).toEqual([]);
  });

  it("that is cut goes on by itself where it was", async () => {
    once(({ response, content }) => {
      response.writeHead(200, { ...CORS, "content-length": content.length });
      response.write(content.subarray(0, 1_500_000), () => setTimeout(() => response.destroy(), 100));
      return true;
    });
    const page = await openModels();
    await accept(page);
    await shown(page);
    expect(hub.contentRequests(WEIGHTS).at(-1)?.headers.range).toMatch(/^bytes=\d+-$/u);
  });

  const flipped = (content: Buffer): Buffer => {
    const wrong = Buffer.from(content);
    wrong[2_000_000]! ^= 1;
    return wrong;
  };
  const FAULTS: Readonly<Record<string, readonly [says: RegExp, misbehave: Misbehave]>> = {
    "the wrong length": [
      /has \d+ bytes for model\.safetensors; the model's list says \d+/u,
      ({ request, response, content }) => (hub.send(request, response, content.subarray(5)), true),
    ],
    "a flipped byte": [
      /model\.safetensors came damaged/u,
      ({ request, response, content }) => (hub.send(request, response, flipped(content)), true),
    ],
    "a web page": [
      /answers with a web page instead of model\.safetensors/u,
      ({ response }) => {
        response.writeHead(200, { ...CORS, "content-type": "text/html" }).end("<h1>Please log in</h1>");
        return true;
      },
    ],
  };

  it.each(Object.entries(FAULTS))("with %s names the file, and the next one repairs it", async (_what, fault) => {
    const [says, misbehave] = fault;
    once(misbehave);
    const page = await openModels("zh-CN");
    await accept(page);
    await page.getByTestId("download-error").waitFor();
    expect(await page.getByTestId("download-error").innerText()).toMatch(says);
    expect(await page.getByTestId("model").innerText()).toContain("1.9 M"); // the built-in one stays
    await expectChinese(page, "a failed download");
    await expectAccessible(page, "a failed download");
    await page.getByTestId("accept").click();
    await shown(page);
    expect(await page.getByTestId("download-error").count()).toBe(0);
  });

  it("that the browser has no room for says so, and is not blamed on the server", async () => {
    const page = await openModels("zh-CN");
    const session = await opened.context.newCDPSession(page);
    const { origin } = new URL(page.url());
    await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1_000_000 });
    await accept(page);
    const told = await page.getByTestId("download-error").innerText();
    expect(told).toMatch(/^浏览器的存储已满.*\n.*The browser's storage is full/u);
    expect(hub.contentRequests(WEIGHTS)).toHaveLength(1);
  });

  it("that is cancelled is kept, and goes on", async () => {
    stopAt40();
    const page = await openModels();
    await accept(page);
    await isAt40(page);
    await page.getByTestId("cancel").click();
    await page.getByTestId("download-progress").waitFor({ state: "detached" });
    expect(await page.getByTestId("download-error").count()).toBe(0);
    await expect.poll(() => stored(page)).toMatch(/us\/me, 1\.\d MB, not finished/u);
    await page.getByTestId("accept").click();
    await shown(page);
    expect(hub.contentRequests(WEIGHTS).at(-1)?.headers.range).toMatch(/^bytes=1\d{6}-$/u);
  });

  it("whose tab was killed at 40 % goes on in the next one", async () => {
    stopAt40();
    const killed = await openModels();
    await accept(killed);
    await isAt40(killed);
    await killed.close();
    const page = await next(opened.context, killed.url());
    await expect.poll(() => stored(page)).toMatch(/us\/me, 1\.\d MB, not finished/u);
    await page.getByTestId("describe").click();
    await expect.poll(() => page.getByTestId("plan").innerText()).toMatch(/of which 1\.\d MB are here already/u);
    await page.getByTestId("accept").click();
    await shown(page);
    expect(hub.contentRequests(WEIGHTS).at(-1)?.headers.range).toMatch(/^bytes=1\d{6}-$/u);
    expect(await stored(page)).toContain("us/me, 4.0 MB");
  });
});

async function next(context: BrowserContext, address: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(address);
  return page;
}
