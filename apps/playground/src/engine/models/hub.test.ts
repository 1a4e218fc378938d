// Downloads from a server on this machine that cuts, lies and answers with web pages.
import { HubServer } from "@test/hub-server.ts";
import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Progress } from "../protocol.ts";
import { deleteStored, describeDownload, download, storage, storedFiles } from "./hub.ts";
import { MemoryStore } from "./memory-store.ts";

const BUNDLED = new URL("../bundled/", import.meta.url);
const WEIGHTS = "model.safetensors";
const NAME = "owner/name";

let server: HubServer;
let store: MemoryStore;
let progress: Progress[];
beforeEach(async () => {
  const files = new Map<string, Buffer>([["flax_model.msgpack", Buffer.from("not wanted")]]);
  for (const name of ["config.json", "tokenizer.json", WEIGHTS])
    files.set(name, await readFile(new URL(name, BUNDLED)));
  server = await new HubServer(files).start();
  store = new MemoryStore();
  progress = [];
});
afterEach(() => server.stop());

const model = (): { endpoint: string; repository: string } => ({ endpoint: server.endpoint, repository: NAME });
const never = new AbortController().signal;
const fetchAll = (signal: AbortSignal = never) =>
  download(model(), { files: store, retryDelayMs: 1, signal, emit: (event) => progress.push(event) });
const weights = (): Buffer => server.files.get(WEIGHTS)!;
const isStored = async (): Promise<boolean> => (await storage(store)).models.length === 1;

describe("a good server", () => {
  it("tells size and files beforehand, then stores and checks them", async () => {
    const sizes = [...server.files].filter(([name]) => !name.endsWith("msgpack")).map(([, { length }]) => length);
    const totalBytes = sizes.reduce((a, b) => a + b);
    const { offers, ...about } = await describeDownload(model(), store, never);
    expect(about).toEqual({ repository: NAME, commit: server.commit, licence: null });
    expect(offers).toMatchObject([{ form: "safetensors", name: NAME, totalBytes, storedBytes: 0, fits: true }]);
    expect(offers[0]?.files.map(({ name }) => name)).toEqual(["config.json", "tokenizer.json", WEIGHTS]);
    expect(server.contentRequests()).toHaveLength(0);

    await fetchAll();
    const files = await storedFiles(NAME, store);
    expect(Buffer.from(await files.get(WEIGHTS)!.arrayBuffer()).equals(weights())).toBe(true);
    expect(progress.at(-1)).toMatchObject({ stage: "download", done: totalBytes, total: totalBytes });
    const downloaded = progress.filter(({ stage }) => stage === "download").map(({ done }) => done);
    expect(downloaded).toEqual(downloaded.toSorted((a, b) => a - b));
    expect(await storage(store)).toMatchObject({ models: [{ name: NAME, bytes: totalBytes }], unfinished: [] });
  });

  it("is not asked again for what is stored, and not at all to load it", async () => {
    await fetchAll();
    const asked = server.contentRequests().length;
    await fetchAll();
    expect(server.contentRequests()).toHaveLength(asked);
    await server.stop();
    expect((await storedFiles(NAME, store)).has(WEIGHTS)).toBe(true);
    server = await new HubServer(server.files).start();
  });

  it("deletes", async () => {
    await fetchAll();
    await deleteStored(NAME, store);
    expect(await storage(store)).toMatchObject({ models: [], unfinished: [] });
    await expect(storedFiles(NAME, store)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("what goes wrong", () => {
  const onWeights = (misbehave: HubServer["misbehave"]): void => {
    server.misbehave = (context) => context.name === WEIGHTS && misbehave(context);
  };

  it("goes on where a cut connection stopped", async () => {
    onWeights(({ response, content, attempt }) => {
      if (attempt > 0) return false;
      response.writeHead(200, { "content-length": content.length });
      response.write(content.subarray(0, 1_500_000), () => setTimeout(() => response.destroy(), 20));
      return true;
    });
    await fetchAll();
    const [, second] = server.contentRequests(WEIGHTS);
    expect(Number(/^bytes=(\d+)-$/u.exec(second?.headers.range ?? "")?.[1])).toBeGreaterThan(0);
    expect(await isStored()).toBe(true);
  });

  it("goes on where a tab was killed at 40 %", async () => {
    const killed = new AbortController();
    onWeights(({ response, content, attempt }) => {
      if (attempt > 0) return false;
      response.writeHead(200, { "content-length": content.length });
      response.write(content.subarray(0, Math.floor(content.length * 0.4)));
      return true;
    });
    const stored = async (): Promise<boolean> =>
      ((await store.read(`models/owner--name/${WEIGHTS}.part`))?.size ?? 0) > 1_500_000;
    void vi.waitUntil(stored, 30_000).then(() => killed.abort());
    await expect(fetchAll(killed.signal)).rejects.toThrow("abort");
    expect(await isStored()).toBe(false);
    const { offers } = await describeDownload(model(), store, never);
    expect(offers[0]?.storedBytes).toBeGreaterThan(1_500_000);
    expect((await storage(store)).unfinished).toMatchObject([{ name: NAME }]);
    await fetchAll();
    expect(server.contentRequests(WEIGHTS).at(-1)?.headers.range).toMatch(/^bytes=1\d{6}-$/u);
    expect(await isStored()).toBe(true);
  });

  it.each([
    [
      "a flipped byte",
      "CHECKSUM_MISMATCH",
      (content: Buffer) => {
        const damaged = Buffer.from(content);
        damaged[1000]! ^= 1;
        return { damaged, headers: {} };
      },
    ],
    ["another length", "SIZE_MISMATCH", (content: Buffer) => ({ damaged: content.subarray(0, 99), headers: {} })],
    [
      "a web page",
      "NOT_THE_FILE",
      () => ({ damaged: Buffer.from("<html>"), headers: { "content-type": "text/html" } }),
    ],
  ])("names the file for %s, keeps nothing of it, and repairs it the next time", async (_what, code, damage) => {
    onWeights(({ response, content, attempt }) => {
      if (attempt > 0) return false;
      const { damaged, headers } = damage(content);
      response.writeHead(200, { "content-length": damaged.length, ...headers }).end(damaged);
      return true;
    });
    await expect(fetchAll()).rejects.toMatchObject({ code, message: expect.stringContaining(WEIGHTS) });
    expect(await isStored()).toBe(false);
    expect(await store.read(`models/owner--name/${WEIGHTS}`)).toBeUndefined();
    await fetchAll();
    expect(await isStored()).toBe(true);
  });

  it("says what a host is that has no such model, is not there or sends web pages", async () => {
    server.list = (response) => void response.writeHead(404).end();
    await expect(fetchAll()).rejects.toMatchObject({ code: "NOT_FOUND" });
    server.list = (response) => void response.writeHead(401).end();
    await expect(fetchAll()).rejects.toMatchObject({ code: "UNAUTHORIZED", message: expect.stringContaining(NAME) });
    server.list = (response) => void response.writeHead(200, { "content-type": "text/html" }).end("<html>");
    await expect(fetchAll()).rejects.toMatchObject({ code: "NOT_THE_FILE" });
    const nowhere = { endpoint: "http://127.0.0.1:9", repository: NAME };
    await expect(describeDownload(nowhere, store, never)).rejects.toMatchObject({ code: "UNREACHABLE" });
    for (const wrong of [{ repository: "../x" }, { endpoint: "" }, { endpoint: "a mirror" }]) {
      const asked = describeDownload({ ...model(), ...wrong }, store, never);
      await expect(asked).rejects.toMatchObject({ code: "NAME_INVALID" });
    }
    const short = { endpoint: "127.0.0.1:9", repository: NAME };
    await expect(describeDownload(short, store, never)).rejects.toMatchObject({ code: "UNREACHABLE" });
  });
});
