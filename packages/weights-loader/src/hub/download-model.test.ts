// Against a server on this machine that cuts, lies, stalls and changes its mind.
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { HubServer } from "@test/hub-server.ts";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadModelFolder } from "../node/load.ts";
import { listCachedModels, removeCachedModel } from "./cache.ts";
import { DownloadError } from "./download-error.ts";
import { downloadModel, findCachedModel, planDownload } from "./download-model.ts";
import type { DownloadEvent } from "./events.ts";
import type { HubOptions } from "./settings.ts";

const MODEL = "owner/name";
const WEIGHTS = "model.safetensors";
const fixture = fileURLToPath(new URL("../../../../fixtures/gpt2-weights/hf", import.meta.url));
const names = ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", WEIGHTS];

let server: HubServer;
let cacheFolder: string;
let events: DownloadEvent[];
let options: HubOptions;
let weights: Buffer;

beforeEach(async () => {
  const files = new Map<string, Buffer>();
  for (const name of names) files.set(name, await readFile(join(fixture, name)));
  weights = files.get(WEIGHTS)!;
  files.set("pytorch_model.bin", Buffer.from("not wanted"));
  server = await new HubServer(files).start();
  cacheFolder = await mkdtemp(join(tmpdir(), "hub-"));
  events = [];
  const onEvent = (event: DownloadEvent): void => void events.push(event);
  options = { endpoint: server.endpoint, cacheFolder, offline: false, retryDelayMs: 5, onEvent };
});
afterEach(async () => {
  await server.stop();
  await rm(cacheFolder, { recursive: true });
});

/** For servers that stall. */
const impatient = { idleTimeoutMs: 300 };
const repository = (): string => join(cacheFolder, "models--owner--name");
const blob = (name: string): string => join(repository(), "blobs", server.hash(name));
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "no error",
    (error: unknown) => (error instanceof DownloadError ? error.code : String(error)),
  );
const weightBytesSent = (): number => server.contentRequests(WEIGHTS).reduce((total, { sent }) => total + sent, 0);

async function expectNothingWhole(): Promise<void> {
  expect(existsSync(blob(WEIGHTS))).toBe(false);
  expect(await findCachedModel(MODEL, options)).toBeUndefined();
}

describe("a good server", () => {
  it("fills the cache as Hugging Face's tools do", async () => {
    const folder = await downloadModel(MODEL, options);
    expect(folder).toBe(join(repository(), "snapshots", server.commit));
    expect((await readdir(folder)).toSorted()).toEqual(names.toSorted());
    expect((await readdir(join(repository(), "blobs"))).toSorted()).toEqual(
      names.map((name) => server.hash(name)).toSorted(),
    );
    expect(await readlink(join(folder, WEIGHTS))).toBe(join("..", "..", "blobs", server.hash(WEIGHTS)));
    expect(await readFile(join(repository(), "refs", "main"), "utf8")).toBe(server.commit);
    expect((await readFile(join(folder, WEIGHTS))).equals(weights)).toBe(true);
  });

  it("gives a folder that loads", async () => {
    await tf.setBackend("cpu");
    const { model, config } = await loadModelFolder(await downloadModel(MODEL, options));
    expect(config.nLayers).toBe(2);
    model.dispose();
  });

  it("tells once how much there is, and then one bar that ends at all of it", async () => {
    await downloadModel(MODEL, options);
    const total = names.reduce((sum, name) => sum + server.files.get(name)!.length, 0);
    expect(events[0]).toEqual({ type: "plan", files: names.length, totalBytes: total, cachedBytes: 0 });
    const bar = events.flatMap((event) => (event.type === "progress" ? [event.doneBytes] : []));
    expect(bar).toEqual(bar.toSorted((a, b) => a - b));
    expect(bar.at(-1)).toBe(total);
  });

  it("asks for no file twice, and only for those that are missing", async () => {
    await downloadModel(MODEL, options);
    await rm(blob("config.json"));
    server.requests.length = 0;
    await downloadModel(MODEL, options);
    expect(server.contentRequests().map(({ path }) => path)).toEqual([
      `/owner/name/resolve/${server.commit}/config.json`,
    ]);
  });

  it("plans without touching anything", async () => {
    const plan = await planDownload(MODEL, options);
    expect(plan).toMatchObject({ name: MODEL, commit: server.commit, endpoint: server.endpoint });
    expect(plan.files.map(({ name, isCached }) => [name, isCached])).toEqual(names.map((name) => [name, false]));
    expect(plan.missingBytes).toBe(plan.files.reduce((sum, { size }) => sum + size, 0));
    expect(await readdir(cacheFolder)).toEqual([]);
    expect(server.contentRequests()).toEqual([]);
  });

  it("lists and removes what is in the cache", async () => {
    await downloadModel(MODEL, options);
    const bytes = names.reduce((sum, name) => sum + server.files.get(name)!.length, 0);
    expect(await listCachedModels(options)).toEqual([{ name: MODEL, folder: repository(), bytes, isWhole: true }]);
    expect(await removeCachedModel(MODEL, options)).toBe(true);
    expect(await removeCachedModel(MODEL, options)).toBe(false);
    expect(await listCachedModels(options)).toEqual([]);
  });
});

describe("a server that", () => {
  it("cuts the connection at 30 % and 60 %: goes on where it stopped", async () => {
    server.misbehave = ({ request, response, name, content, attempt }) => {
      if (name !== WEIGHTS || attempt > 1) return false;
      const start = Number(/\d+/.exec(request.headers.range ?? "0")![0]);
      const end = Math.floor(content.length * (attempt === 0 ? 0.3 : 0.6));
      response.writeHead(start === 0 ? 200 : 206, {
        etag: server.etagOf(content),
        "content-length": content.length - start,
        ...(start === 0 ? {} : { "content-range": `bytes ${start}-${content.length - 1}/${content.length}` }),
      });
      request.sent = end - start;
      response.write(content.subarray(start, end), () => setTimeout(() => response.destroy(), 50));
      return true;
    };
    const folder = await downloadModel(MODEL, options);
    expect((await readFile(join(folder, WEIGHTS))).equals(weights)).toBe(true);
    const requests = server.contentRequests(WEIGHTS);
    expect(requests).toHaveLength(3);
    expect(requests[0]!.headers.range).toBeUndefined();
    expect(requests[1]!.headers["if-range"]).toBe(server.etagOf(weights));
    expect(weightBytesSent()).toBeLessThan(1.05 * weights.length);
    expect(events.filter(({ type }) => type === "retry")).toHaveLength(2);
  });

  it.each([
    ["more", 1000],
    ["less", -1000],
  ])("says that a file has %s bytes than it has: refused", async (_, difference) => {
    server.misbehave = ({ response, name, content }) => {
      if (name !== WEIGHTS) return false;
      response.writeHead(200, { "content-length": content.length + difference });
      response.end(content.subarray(0, content.length + difference));
      return true;
    };
    await expect(downloadModel(MODEL, options)).rejects.toMatchObject({ code: "SIZE_MISMATCH", message: /list says/ });
    await expectNothingWhole();
  });

  it("sends more than it says at all: refused", async () => {
    server.misbehave = ({ response, name, content }) => {
      if (name !== WEIGHTS) return false;
      response.writeHead(200, { etag: '"x"' }); // chunked: no length
      response.end(Buffer.concat([content, Buffer.alloc(10)]));
      return true;
    };
    expect(await codeOf(downloadModel(MODEL, options))).toBe("SIZE_MISMATCH");
    await expectNothingWhole();
  });

  it("changes the file between two tries: begins again, by If-Range", async () => {
    await writeFile(await partPath(), Buffer.alloc(20_000, 7)); // bytes of another version
    await writeFile(`${await partPath()}.etag`, '"another"');
    const folder = await downloadModel(MODEL, options);
    expect(await readFile(join(folder, WEIGHTS))).toEqual(server.files.get(WEIGHTS));
    const [request] = server.contentRequests(WEIGHTS);
    expect(request!.headers).toMatchObject({ range: "bytes=20000-", "if-range": '"another"' });
    expect(server.contentRequests(WEIGHTS)).toHaveLength(1);
  });

  it("ignores Range: begins again", async () => {
    await writeFile(await partPath(), weights.subarray(0, 20_000));
    server.misbehave = ({ response, name, content }) => {
      if (name !== WEIGHTS) return false;
      response.writeHead(200, { "content-length": content.length }).end(content);
      return true;
    };
    expect(await readFile(join(await downloadModel(MODEL, options), WEIGHTS))).toEqual(weights);
  });

  it("goes on from another byte than asked: nothing wrong is kept", async () => {
    await writeFile(await partPath(), weights.subarray(0, 20_000));
    server.misbehave = ({ response, name, content, attempt }) => {
      if (name !== WEIGHTS || attempt > 0) return false;
      const headers = { "content-range": `bytes 30000-${content.length - 1}/${content.length}` };
      response.writeHead(206, headers).end(content.subarray(30_000));
      return true;
    };
    expect(await readFile(join(await downloadModel(MODEL, options), WEIGHTS))).toEqual(weights);
  });

  it("cannot satisfy the range: begins again", async () => {
    await writeFile(await partPath(), weights.subarray(0, 20_000));
    server.misbehave = ({ response, name, attempt }) => {
      if (name !== WEIGHTS || attempt > 0) return false;
      response.writeHead(416).end();
      return true;
    };
    expect(await readFile(join(await downloadModel(MODEL, options), WEIGHTS))).toEqual(weights);
  });

  it("answers 200 with a web page: refused and never cached", async () => {
    server.misbehave = ({ response, name }) => {
      if (name !== WEIGHTS) return false;
      response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end("<!doctype html>Please log in");
      return true;
    };
    await expect(downloadModel(MODEL, options)).rejects.toMatchObject({ code: "NOT_THE_FILE", message: /web page/ });
    await expectNothingWhole();
    expect(existsSync(await partPath())).toBe(false);
  });

  it("answers with a web page instead of the list: one clear line", async () => {
    server.list = (response) => void response.writeHead(200, { "content-type": "text/html" }).end("<html>hello</html>");
    await expect(downloadModel(MODEL, options)).rejects.toThrow(/no list of a model's files.*HF_ENDPOINT/);
    expect(await readdir(cacheFolder)).toEqual([]);
  });

  it("flips a byte once: heals", async () => {
    server.misbehave = flip((attempt) => attempt === 0);
    expect(await readFile(join(await downloadModel(MODEL, options), WEIGHTS))).toEqual(weights);
    expect(events.find(({ type }) => type === "retry")).toMatchObject({ reason: expect.stringContaining("damaged") });
  });

  it("flips a byte always: refused, and a later download heals", async () => {
    server.misbehave = flip(() => true);
    await expect(downloadModel(MODEL, options)).rejects.toThrow(/model.safetensors came damaged \(sha256/);
    await expectNothingWhole();
    server.misbehave = () => false;
    expect(await readFile(join(await downloadModel(MODEL, options), WEIGHTS))).toEqual(weights);
  });

  it("damages a small file: git's hash tells", async () => {
    server.misbehave = ({ request, response, name, content }) => {
      if (name !== "config.json") return false;
      const damaged = Buffer.from(content);
      damaged[10]! ^= 1;
      server.send(request, response, damaged);
      return true;
    };
    await expect(downloadModel(MODEL, options)).rejects.toThrow(/config.json came damaged \(git/);
  });

  it("stalls: gives up the connection, not the download", async () => {
    server.misbehave = ({ request, response, name, content, attempt }) => {
      if (name !== WEIGHTS || attempt > 0) return false;
      response.writeHead(200, { etag: server.etagOf(content), "content-length": content.length });
      request.sent = 10_000;
      response.write(content.subarray(0, 10_000)); // and nothing more
      return true;
    };
    const folder = await downloadModel(MODEL, { ...options, ...impatient });
    expect(await readFile(join(folder, WEIGHTS))).toEqual(weights);
    expect(weightBytesSent()).toBe(weights.length);
    expect(events.find(({ type }) => type === "retry")).toMatchObject({
      reason: expect.stringContaining("sends nothing"),
    });
  });

  it("stalls for ever: fails in one line", async () => {
    server.misbehave = ({ name }) => name === WEIGHTS;
    expect(await codeOf(downloadModel(MODEL, { ...options, ...impatient }))).toBe("STALLED");
  });

  it("is busy: waits as long as it asks", async () => {
    server.misbehave = ({ response, attempt }) => {
      if (attempt > 0) return false;
      response.writeHead(503, { "retry-after": "0" }).end();
      return true;
    };
    await downloadModel(MODEL, options);
    expect(events.filter((event) => event.type === "retry" && event.delayMs === 0)).toHaveLength(names.length);
  });

  it.each([
    [401, "UNAUTHORIZED", /HF_TOKEN/],
    [403, "UNAUTHORIZED", /HF_TOKEN/],
    [404, "NOT_FOUND", /no model owner\/name at revision main/],
    [500, "SERVER_ERROR", /answers 500/],
  ])("answers %i to the list: %s", async (status, code, message) => {
    server.list = (response) => void response.writeHead(status).end("{}");
    await expect(downloadModel(MODEL, options)).rejects.toMatchObject({ code, message });
  });
});

function flip(when: (attempt: number) => boolean): HubServer["misbehave"] {
  return ({ request, response, name, content, attempt }) => {
    if (name !== WEIGHTS || !when(attempt)) return false;
    const damaged = Buffer.from(content);
    damaged[30_000]! ^= 1;
    server.send(request, response, damaged);
    return true;
  };
}

/** Where the first bytes of the weights lie, in a cache that has begun. */
async function partPath(): Promise<string> {
  const path = `${blob(WEIGHTS)}.incomplete`;
  await mkdir(join(repository(), "blobs"), { recursive: true });
  return path;
}

describe("the token", () => {
  const authorizations = (from: HubServer): unknown[] => from.requests.map(({ headers }) => headers.authorization);

  it("goes to no mirror", async () => {
    await downloadModel(MODEL, { ...options, token: "secret" });
    expect(server.requests.length).toBeGreaterThan(names.length);
    expect(authorizations(server).every((value) => value === undefined)).toBe(true);
  });

  it("goes to its own host, and not along when that redirects to another", async () => {
    const storage = await new HubServer(server.files).start();
    server.misbehave = ({ response, name, request }) => {
      if (name !== WEIGHTS) return false;
      response.writeHead(302, { location: `${storage.endpoint}${request.path}?signature=1` }).end();
      return true;
    };
    await downloadModel(MODEL, { ...options, token: "secret", tokenOrigin: server.endpoint });
    expect(new Set(authorizations(server))).toEqual(new Set(["Bearer secret"]));
    expect(storage.contentRequests(WEIGHTS)).toHaveLength(1);
    expect(authorizations(storage)).toEqual([undefined]);
    await storage.stop();
  });
});

describe("without a server", () => {
  const closed = { endpoint: "http://127.0.0.1:9", offline: false };

  it("names HF_ENDPOINT and the way without a network", async () => {
    const message = /127.0.0.1:9 cannot be reached.*HF_ENDPOINT.*model import FOLDER/;
    await expect(downloadModel(MODEL, { ...options, ...closed })).rejects.toMatchObject({
      code: "UNREACHABLE",
      message,
    });
  });

  it("uses what is in the cache, and says so", async () => {
    const folder = await downloadModel(MODEL, options);
    expect(await downloadModel(MODEL, { ...options, ...closed })).toBe(folder);
    expect(events.at(-1)).toMatchObject({ type: "offline" });
  });

  it("offline: the cache alone, no question asked", async () => {
    const folder = await downloadModel(MODEL, options);
    server.requests.length = 0;
    expect(await downloadModel(MODEL, { ...options, offline: true })).toBe(folder);
    expect(server.requests).toEqual([]);
    await rm(blob(WEIGHTS));
    await expect(downloadModel(MODEL, { ...options, offline: true })).rejects.toMatchObject({
      code: "OFFLINE",
      message: expect.stringMatching(/^HF_HUB_OFFLINE is set and owner\/name is not in .*model import FOLDER/),
    });
  });
});

describe("on this side", () => {
  it("two calls at once download once", async () => {
    const [one, two] = await Promise.all([downloadModel(MODEL, options), downloadModel(MODEL, options)]);
    expect(one).toBe(two);
    expect(server.contentRequests()).toHaveLength(names.length);
    expect(await readdir(join(cacheFolder, ".locks", "models--owner--name"))).toEqual([]);
  });

  it("refuses what the disk cannot hold, before it begins", async () => {
    const huge = { rfilename: WEIGHTS, size: 2 ** 50, lfs: { sha256: server.hash(WEIGHTS), size: 2 ** 50 } };
    const config = { rfilename: "config.json", size: 2, blobId: "0".repeat(40) };
    server.list = (response) => void response.end(JSON.stringify({ sha: server.commit, siblings: [config, huge] }));
    await expect(downloadModel(MODEL, options)).rejects.toMatchObject({ code: "DISK_FULL", message: /are needed in/ });
    expect(server.contentRequests()).toEqual([]);
  });

  it("stops when told to, and goes on later", async () => {
    const stop = new AbortController();
    server.misbehave = ({ response, name, content }) => {
      if (name !== WEIGHTS) return false;
      response.writeHead(200, { etag: server.etagOf(content), "content-length": content.length });
      response.write(content.subarray(0, 20_000), () => setTimeout(() => stop.abort(new Error("Ctrl-C")), 50));
      return true;
    };
    await expect(downloadModel(MODEL, { ...options, signal: stop.signal })).rejects.toThrow("Ctrl-C");
    await expectNothingWhole();
    server.misbehave = () => false;
    await downloadModel(MODEL, options);
    expect(server.contentRequests(WEIGHTS).at(-1)!.headers.range).toBe("bytes=20000-");
  });

  it("says which folder cannot be written", async () => {
    const file = join(cacheFolder, "file");
    await writeFile(file, "");
    await expect(downloadModel(MODEL, { ...options, cacheFolder: file })).rejects.toMatchObject({
      code: "WRITE_FAILED",
    });
  });

  it.each(["../../etc/passwd", "owner/name/more", "gpt3", "a--b/c", "owner/..", ""])(
    "refuses the name %j",
    async (name) => {
      expect(await codeOf(downloadModel(name, options))).toBe("NAME_INVALID");
      expect(server.requests).toEqual([]);
    },
  );

  it.each(["nonsense", "ftp://127.0.0.1", "https://", ""])("refuses the endpoint %j", async (endpoint) => {
    await expect(downloadModel(MODEL, { ...options, endpoint })).rejects.toThrow(/no server's address.*HF_ENDPOINT/);
  });

  it.each(["../main", "a/../b", "-x", ""])("refuses the revision %j", async (revision) => {
    expect(await codeOf(downloadModel(MODEL, { ...options, revision }))).toBe("NAME_INVALID");
  });

  it.each([
    ["a hash that is a path", { rfilename: WEIGHTS, size: 1, blobId: "../../../../tmp/x" }],
    ["no size", { rfilename: WEIGHTS, blobId: "0".repeat(40) }],
    ["a negative size", { rfilename: WEIGHTS, size: -1, blobId: "0".repeat(40) }],
    ["nothing", null],
  ])("refuses a list with %s", async (_, sibling) => {
    server.list = (response) => void response.end(JSON.stringify({ sha: server.commit, siblings: [sibling] }));
    expect(await codeOf(downloadModel(MODEL, options))).toBe("NOT_THE_FILE");
    expect(await readdir(cacheFolder)).toEqual([]);
  });
});
