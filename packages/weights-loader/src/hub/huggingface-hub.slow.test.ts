// The same cache as Hugging Face's own client. SCRATCH_LLM_PYTHON names a Python that has transformers.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { PYTHON } from "@test/python.ts";
import { MODEL, NAMES, TinyHub } from "@test/tiny-hub.ts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { downloadModel, findCachedModel, planDownload } from "./download-model.ts";

let hub: TinyHub;
beforeEach(async () => {
  hub = await TinyHub.start();
});
afterEach(() => hub.stop());

/** Runs Python with this cache, and answers with what it prints last. */
async function run(code: string, env: Record<string, string>): Promise<string> {
  const settings = { HF_HUB_CACHE: hub.cacheFolder, HF_HUB_DISABLE_TELEMETRY: "1", HF_HUB_DISABLE_XET: "1", ...env };
  const { stdout } = await promisify(execFile)(PYTHON, ["-c", code], { env: { ...process.env, ...settings } });
  return stdout.trim().split("\n").at(-1)!;
}

describe.skipIf(PYTHON === "")("the cache", () => {
  it("that we fill is one that transformers opens without a network", async () => {
    const folder = await downloadModel(MODEL, hub.options);
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
for name in ${JSON.stringify(NAMES)}: print(hf_hub_download("owner/name", name))`;
    await run(code, { HF_ENDPOINT: hub.server.endpoint });
    expect(await findCachedModel(MODEL, hub.options)).toBe(join(hub.repository, "snapshots", hub.server.commit));
    const plan = await planDownload(MODEL, hub.options);
    expect(plan.missingBytes).toBe(0);
  });
});
