// Downloads through the built command line, from servers on this machine.
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HubServer } from "@test/hub-server.ts";
import { OpenAIServer } from "@test/openai-server.ts";
import { type Ended, eventsOf, startTrainer } from "@test/run-trainer.ts";
import { bytesOnDisk, TinyHub } from "@test/tiny-hub.ts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

let cwd: string;
let tinyHub: TinyHub;
let hub: HubServer;
let openAI: OpenAIServer;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "model-"));
  tinyHub = await TinyHub.start();
  hub = tinyHub.server;
  openAI = await new OpenAIServer().start();
});
afterEach(async () => {
  await Promise.all([tinyHub.stop(), openAI.stop()]);
  await rm(cwd, { recursive: true });
});

/** Starts a command with caches in the test's folder. */
function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): ReturnType<typeof startTrainer> {
  const caches = { HF_HOME: join(cwd, "hf"), XDG_CACHE_HOME: join(cwd, "cache"), HF_HUB_CACHE: "", HF_HUB_OFFLINE: "" };
  return startTrainer(args, { cwd, env: { ...caches, HF_ENDPOINT: hub.endpoint, ...env } });
}

const command = (...how: Parameters<typeof start>): Promise<Ended> => start(...how).ended;

function expectOneLine({ code, stdout, stderr }: Ended, words: RegExp): void {
  expect(stderr).toMatch(words);
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
}

const OFFLINE = { HF_HUB_OFFLINE: "1" };

describe("model download", () => {
  it("--dry-run says which files would come, how large, from where and where to", async () => {
    const { code, stdout, stderr } = await command(["model", "download", "owner/name", "--dry-run"]);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^ *52\.2 kB {2}model\.safetensors$/mu);
    expect(stdout).toContain(`from ${hub.endpoint} to ${join(cwd, "hf", "hub", "models--owner--name")}`);
    expect(hub.contentRequests()).toEqual([]);
    expect(await readdir(cwd)).toEqual([]);
  });

  it("--dry-run does so for OpenAI's files too", async () => {
    const args = ["model", "download", "openai:124M", "--dry-run", "--endpoint", openAI.endpoint];
    const { code, stdout, stderr } = await command(args);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^ *49\.7 kB {2}model\.ckpt\.data-00000-of-00001$/mu);
    expect(stdout).toContain(`from ${openAI.endpoint} to ${join(cwd, "cache", "scratch-llm", "openai", "124M")}`);
    const plan = eventsOf((await command([...args, "--json"])).stdout).at(-1);
    expect(plan).toMatchObject({ type: "done", name: "openai:124M", missingBytes: expect.any(Number) });
    expect(openAI.asked.filter((line) => line.startsWith("GET"))).toEqual([]);
    expect(await readdir(cwd)).toEqual([]);
  });

  it.each([
    ["owner/name", () => hub.endpoint],
    ["openai:124M", () => openAI.endpoint],
  ])("fills the cache with %s, which is enough without a network", async (name, endpoint) => {
    const first = await command(["model", "download", name, "--endpoint", endpoint()]);
    expect(first.code, first.stderr).toBe(0);
    hub.requests.length = 0;
    openAI.asked.length = 0;
    const again = await command(["model", "download", name], OFFLINE);
    expect(again.code, again.stderr).toBe(0);
    const few = ["--max-new-tokens", "3", "--backend", "cpu", "--json"];
    const generated = await command(["generate", "--model", name, "--prompt", "Every tree", ...few], OFFLINE);
    expect(generated.code, generated.stdout).toBe(0);
    expect(eventsOf(generated.stdout).at(-1)).toMatchObject({ type: "done", newTokens: 3 });
    expect([...hub.requests, ...openAI.asked]).toEqual([]);
    expect((await command(["model", "list"])).stdout).toMatch(new RegExp(`^${name} +\\d`, "u"));
    expect((await command(["model", "rm", name])).code).toBe(0);
    expect((await command(["model", "list"])).stdout).not.toContain(name);
    const nothing = await command(["model", "rm", name]);
    expect(nothing.stderr).toBe(`Error: There is no model ${name} on this computer. See them with: model list\n`);
  });

  it("stops at Ctrl-C with 130 and one line, and goes on where it was", async () => {
    const args = ["model", "download", "owner/name", "--quiet"];
    hub.misbehave = ({ response, name, content, attempt }) => {
      if (name !== "model.safetensors" || attempt > 0) return false;
      response.writeHead(200, { etag: hub.etagOf(content), "content-length": content.length });
      response.write(content.subarray(0, 20_000)); // and nothing more
      return true;
    };
    const { child, ended } = start(args);
    const part = join(cwd, "hf", "hub", "models--owner--name", "blobs", `${hub.hash("model.safetensors")}.incomplete`);
    await bytesOnDisk(part, 20_000);
    child.kill("SIGINT");
    const { code, stderr } = await ended;
    expect(code, stderr).toBe(130);
    expect(stderr).toBe("Error: Stopped. The same command goes on where it was.\n");
    const again = await start(args).ended;
    expect(again.code, again.stderr).toBe(0);
    expect(hub.contentRequests("model.safetensors").at(-1)?.headers.range).toBe("bytes=20000-");
  });

  it.each([
    [["owner/name"], /HF_HUB_OFFLINE is set and owner\/name is not in .*model import FOLDER/u],
    [["openai:124M"], /HF_HUB_OFFLINE is set and there is no .*124M/u],
    [["owner/name", "--dry-run"], /HF_HUB_OFFLINE is set, so http.* is not asked/u],
    [["openai:124M", "--dry-run"], /HF_HUB_OFFLINE is set, so http.* is not asked/u],
  ])("fails in one line without a network and with an empty cache: %j", async (args, words) => {
    expectOneLine(await command(["model", "download", ...args], OFFLINE), words);
    expect([...hub.requests, ...openAI.asked]).toEqual([]);
    expect(await readdir(cwd)).toEqual([]);
  });

  it.each([
    [["owner/name"], /127\.0\.0\.1:9 cannot be reached.*HF_ENDPOINT.*model import FOLDER/u],
    [["openai:124M", "--endpoint", "http://127.0.0.1:9"], /127\.0\.0\.1:9 cannot be reached.*model import FOLDER/u],
    [["owner/nobody", "--endpoint", "nonsense"], /nonsense/u],
    [["openai:125M"], /124M, 355M, 774M, 1558M/u],
    [["gpt3"], /"gpt3" is no model's name/u],
  ])("fails in one line: %j", async (args, words) => {
    expectOneLine(await command(["model", "download", ...args], { HF_ENDPOINT: "http://127.0.0.1:9" }), words);
  });
});
