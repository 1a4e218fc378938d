// The same cache as Hugging Face's own client. SCRATCH_LLM_PYTHON names a Python that has transformers.
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { HubServer } from "@test/hub-server.ts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { downloadModel, findCachedModel, planDownload } from "./download-model.ts";

const python = process.env["SCRATCH_LLM_PYTHON"] ?? "";
const fixture = fileURLToPath(new URL("../../../../fixtures/gpt2-weights/hf", import.meta.url));
const names = ["config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"];

let server: HubServer;
let cacheFolder: string;
beforeEach(async () => {
  const files = await Promise.all(names.map(async (name) => [name, await readFile(join(fixture, name))] as const));
  server = await new HubServer(new Map(files)).start();
  cacheFolder = await mkdtemp(join(tmpdir(), "hub-"));
});
afterEach(async () => {
  await server.stop();
  await rm(cacheFolder, { recursive: true });
});

/** Runs Python with this cache, and answers with what it prints last. */
async function run(code: string, env: Record<string, string>): Promise<string> {
  const settings = { HF_HUB_CACHE: cacheFolder, HF_HUB_DISABLE_TELEMETRY: "1", HF_HUB_DISABLE_XET: "1", ...env };
  const { stdout } = await promisify(execFile)(python, ["-c", code], { env: { ...process.env, ...settings } });
  return stdout.trim().split("\n").at(-1)!;
}

describe.skipIf(python === "")("the cache", () => {
  it("that we fill is one that transformers opens without a network", async () => {
    const folder = await downloadModel("owner/name", { endpoint: server.endpoint, cacheFolder, offline: false });
    const code = `
from huggingface_hub import snapshot_download
from transformers import AutoTokenizer, GPT2LMHeadModel
GPT2LMHeadModel.from_pretrained("owner/name")
print(len(AutoTokenizer.from_pretrained("owner/name")))
print(snapshot_download("owner/name"))`;
    expect(await run(code, { HF_HUB_OFFLINE: "1" })).toBe(folder);
  });

  it("that Hugging Face's client fills is one that we find whole", async () => {
    const code = `
from huggingface_hub import hf_hub_download
for name in ${JSON.stringify(names)}: print(hf_hub_download("owner/name", name))`;
    await run(code, { HF_ENDPOINT: server.endpoint });
    expect(await findCachedModel("owner/name", { cacheFolder })).toBe(
      join(cacheFolder, "models--owner--name", "snapshots", server.commit),
    );
    const plan = await planDownload("owner/name", { endpoint: server.endpoint, cacheFolder, offline: false });
    expect(plan.missingBytes).toBe(0);
  });
});
