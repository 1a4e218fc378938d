import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OpenAIServer } from "@test/openai-server.ts";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { loadModelFolder } from "../node/load.ts";
import { downloadOpenAI, listOpenAI, type OpenAIOptions, planOpenAI, removeOpenAI } from "./openai.ts";

const DATA = "model.ckpt.data-00000-of-00001";
const NAMES = ["hparams.json", "encoder.json", "vocab.bpe", "model.ckpt.index", DATA];

let server: OpenAIServer;
let cacheFolder: string;
let options: OpenAIOptions;

beforeEach(async () => {
  server = await new OpenAIServer().start();
  cacheFolder = await mkdtemp(join(tmpdir(), "openai-"));
  options = { endpoint: server.endpoint, cacheFolder, offline: false, retryDelayMs: 5 };
});
afterEach(async () => {
  await server.stop();
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
  server.asked.length = 0;
  await downloadOpenAI("124M", options);
  expect(server.asked).toEqual([]);
});

it("plans without bringing anything", async () => {
  const plan = await planOpenAI("124M", options);
  const folder = join(cacheFolder, "124M");
  expect(plan).toMatchObject({ name: "openai:124M", endpoint: server.endpoint, folder });
  expect(plan.files.map(({ name, isCached }) => [name, isCached])).toEqual(NAMES.map((name) => [name, false]));
  expect(plan.missingBytes).toBe(plan.files.reduce((sum, { size }) => sum + size, 0));
  expect(server.asked).toEqual(NAMES.map((name) => `HEAD /124M/${name}`));
  expect(await readdir(cacheFolder)).toEqual([]);
  await downloadOpenAI("124M", options);
  expect(await planOpenAI("124M", options)).toMatchObject({ missingBytes: 0 });
});

it("lists and removes what is in the cache", async () => {
  expect(await listOpenAI(options)).toEqual([]);
  const folder = await downloadOpenAI("124M", options);
  const { files } = await planOpenAI("124M", options);
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  expect(await listOpenAI(options)).toEqual([{ name: "openai:124M", folder, bytes, isWhole: true }]);
  expect(await removeOpenAI("124M", options)).toBe(true);
  expect(await removeOpenAI("124M", options)).toBe(false);
  expect(await readdir(cacheFolder)).toEqual([]);
});

it("refuses a damaged file by the server's hash", async () => {
  server.change = flip;
  await expect(downloadOpenAI("124M", options)).rejects.toMatchObject({ code: "CHECKSUM_MISMATCH", message: /md5/ });
  expect(existsSync(join(cacheFolder, "124M"))).toBe(false);
});

it("refuses a damaged file by the checkpoint's own checksums where the server gives no hash, and heals later", async () => {
  server.withHash = false;
  server.change = flip;
  await expect(downloadOpenAI("124M", options)).rejects.toMatchObject({
    code: "CHECKSUM_MISMATCH",
    message: /CRC-32C/,
  });
  expect(await listOpenAI(options)).toMatchObject([{ name: "openai:124M", isWhole: false }]);
  expect(existsSync(join(cacheFolder, "124M"))).toBe(false);
  server.change = (_, content) => content;
  expect((await planOpenAI("124M", options)).files.filter(({ isCached }) => !isCached)).toHaveLength(2);
  server.asked.length = 0;
  await downloadOpenAI("124M", options);
  expect(server.asked.filter((line) => line.startsWith("GET"))).toEqual([
    `GET /124M/model.ckpt.index`,
    `GET /124M/${DATA}`,
  ]);
});

it("says which sizes there are, and what offline means", async () => {
  await expect(downloadOpenAI("125M", options)).rejects.toThrow(/124M, 355M, 774M, 1558M, not as "125M"/);
  await expect(downloadOpenAI("124M", { ...options, offline: true })).rejects.toMatchObject({ code: "OFFLINE" });
  await expect(planOpenAI("124M", { ...options, offline: true })).rejects.toMatchObject({ code: "OFFLINE" });
});

it("without a server, names the ways that are left", async () => {
  await expect(downloadOpenAI("124M", { ...options, endpoint: "http://127.0.0.1:9" })).rejects.toMatchObject({
    code: "UNREACHABLE",
    message: /^127.0.0.1:9 cannot be reached: .*--endpoint.*HF_ENDPOINT.*model import FOLDER/,
  });
});
