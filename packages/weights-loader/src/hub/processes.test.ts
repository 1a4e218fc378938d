// Downloads in processes of their own: two at once, and one that is killed.
import { spawn, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { bundleForNode } from "@test/bundle-for-node.ts";
import { HubServer } from "@test/hub-server.ts";
import { bytesOnDisk } from "@test/tiny-hub.ts";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { downloadModel, findCachedModel } from "./download-model.ts";

const WEIGHTS = "model.safetensors";
const weights = Buffer.from(
  Array.from({ length: 40_000 }, (_, i) => createHash("sha256").update(`${i}`).digest("hex")).join(""),
);

let bundles: string;
let script: string;
let server: HubServer;
let cacheFolder: string;
beforeAll(async () => {
  bundles = await mkdtemp(join(tmpdir(), "bundle-"));
  const bundle = await bundleForNode(new URL("download-model.ts", import.meta.url), bundles);
  script = join(bundles, "download.mjs");
  const options = "{ endpoint: process.env.ENDPOINT, cacheFolder: process.env.CACHE, offline: false, retryDelayMs: 5 }";
  const call = `console.log(await downloadModel("owner/name", ${options}));`;
  await writeFile(script, `import { downloadModel } from ${JSON.stringify(pathToFileURL(bundle).href)};\n${call}\n`);
});
afterAll(() => rm(bundles, { recursive: true }));
beforeEach(async () => {
  server = await new HubServer(
    new Map([
      ["config.json", Buffer.from("{}")],
      [WEIGHTS, weights],
    ]),
  ).start();
  cacheFolder = await mkdtemp(join(tmpdir(), "hub-"));
});
afterEach(async () => {
  await server.stop();
  await rm(cacheFolder, { recursive: true });
});

function start(): ChildProcess {
  const env = { ...process.env, ENDPOINT: server.endpoint, CACHE: cacheFolder, NODE_OPTIONS: "" };
  return spawn(process.execPath, [script], { env, stdio: ["ignore", "pipe", "inherit"] });
}

async function result(child: ChildProcess): Promise<string> {
  let output = "";
  child.stdout!.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  expect(code).toBe(0);
  return output.trim();
}

it("two processes download once", async () => {
  server.misbehave = ({ request, response, name, content }) => {
    if (name !== WEIGHTS) return false;
    setTimeout(() => server.send(request, response, content), 500); // long enough for the other to come and wait
    return true;
  };
  const folders = await Promise.all([start(), start()].map(result));
  expect(folders[0]).toBe(folders[1]);
  expect(server.contentRequests(WEIGHTS)).toHaveLength(1);
  expect((await readFile(join(folders[0]!, WEIGHTS))).equals(weights)).toBe(true);
});

it("a killed download leaves nothing that is taken for whole, and the next goes on", async () => {
  const half = Math.floor(weights.length / 2);
  server.misbehave = ({ response, name, content, attempt }) => {
    if (name !== WEIGHTS || attempt > 0) return false;
    response.writeHead(200, { etag: server.etagOf(content), "content-length": content.length });
    response.write(content.subarray(0, half)); // and then nothing: it waits
    return true;
  };
  const child = start();
  const part = `${join(cacheFolder, "models--owner--name", "blobs", server.hash(WEIGHTS))}.incomplete`;
  await bytesOnDisk(part, half);
  child.kill("SIGKILL");
  await once(child, "close");

  const options = { endpoint: server.endpoint, cacheFolder, offline: false };
  expect(existsSync(part)).toBe(true);
  expect(await findCachedModel("owner/name", options)).toBeUndefined();

  const folder = await downloadModel("owner/name", options);
  const [, second] = server.contentRequests(WEIGHTS);
  expect(second!.headers).toMatchObject({ range: `bytes=${half}-`, "if-range": server.etagOf(weights) });
  expect(second!.sent).toBe(weights.length - half);
  expect((await readFile(join(folder, WEIGHTS))).equals(weights)).toBe(true);
});
