import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { loadModelFolder } from "../node/load.ts";
import { downloadOpenAI } from "./openai.ts";

const fixture = fileURLToPath(new URL("../../../../fixtures/gpt2-weights/openai", import.meta.url));
const DATA = "model.ckpt.data-00000-of-00001";

/** A storage server as OpenAI's: files under /124M/, Content-MD5, no list. */
let server: Server;
let asked: string[];
let change: (name: string, content: Buffer) => Buffer;
let withHash: boolean;
let cacheFolder: string;
let options: Parameters<typeof downloadOpenAI>[1] & object;

beforeEach(async () => {
  asked = [];
  withHash = true;
  change = (_, content) => content;
  server = createServer(async (request, response) => {
    const name = request.url!.split("/").at(-1)!;
    asked.push(`${request.method} ${request.url}`);
    const content = await readFile(join(fixture, name)).catch(() => undefined);
    if (content === undefined) return void response.writeHead(404).end();
    const md5 = createHash("md5").update(content).digest("base64");
    response.writeHead(200, { "content-length": content.length, ...(withHash ? { "content-md5": md5 } : {}) });
    return void response.end(request.method === "HEAD" ? undefined : change(name, content));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cacheFolder = await mkdtemp(join(tmpdir(), "openai-"));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  options = { endpoint, cacheFolder, offline: false, retryDelayMs: 5 };
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(cacheFolder, { recursive: true });
});

const flip = (name: string, content: Buffer): Buffer => {
  if (name === DATA) content[1234]! ^= 1;
  return content;
};

it("brings a folder that loads, and asks for nothing the second time", async () => {
  await tf.setBackend("cpu");
  const folder = await downloadOpenAI("124M", options);
  expect(folder).toBe(join(cacheFolder, "124M"));
  expect(await readdir(cacheFolder)).toEqual(["124M"]);
  const { model, config } = await loadModelFolder(folder);
  expect(config.nLayers).toBe(2);
  model.dispose();
  asked = [];
  await downloadOpenAI("124M", options);
  expect(asked).toEqual([]);
});

it("refuses a damaged file by the server's hash", async () => {
  change = flip;
  await expect(downloadOpenAI("124M", options)).rejects.toMatchObject({ code: "CHECKSUM_MISMATCH", message: /md5/ });
  expect(existsSync(join(cacheFolder, "124M"))).toBe(false);
});

it("refuses a damaged file by the checkpoint's own checksums where the server gives no hash, and heals later", async () => {
  withHash = false;
  change = flip;
  await expect(downloadOpenAI("124M", options)).rejects.toMatchObject({
    code: "CHECKSUM_MISMATCH",
    message: /CRC-32C/,
  });
  expect(existsSync(join(cacheFolder, "124M"))).toBe(false);
  change = (_, content) => content;
  asked = [];
  await downloadOpenAI("124M", options);
  expect(asked.filter((line) => line.startsWith("GET"))).toEqual([`GET /124M/model.ckpt.index`, `GET /124M/${DATA}`]);
});

it("says which sizes there are, and what offline means", async () => {
  await expect(downloadOpenAI("125M", options)).rejects.toThrow(/124M, 355M, 774M, 1558M, not as "125M"/);
  await expect(downloadOpenAI("124M", { ...options, offline: true })).rejects.toMatchObject({ code: "OFFLINE" });
});
