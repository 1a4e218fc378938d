// Against a server on this machine that cuts, lies, stalls and changes its mind.
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { HubServer } from "@test/hub-server.ts";
import { MODEL, NAMES, TinyHub, WEIGHTS } from "@test/tiny-hub.ts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DownloadError } from "./download-error.ts";
import { downloadModel, findCachedModel } from "./download-model.ts";
import type { DownloadEvent } from "./events.ts";
import type { HubOptions } from "./settings.ts";

let hub: TinyHub;
let server: HubServer;
let cacheFolder: string;
let events: readonly DownloadEvent[];
let options: HubOptions;
let weights: Buffer;
beforeEach(async () => {
  hub = await TinyHub.start();
  ({ server, cacheFolder, events, options } = hub);
  weights = hub.content(WEIGHTS);
});
afterEach(() => hub.stop());

/** For servers that stall. */
const impatient = { idleTimeoutMs: 300 };
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "no error",
    (error: unknown) => (error instanceof DownloadError ? error.code : String(error)),
  );
const weightBytesSent = (): number => server.contentRequests(WEIGHTS).reduce((total, { sent }) => total + sent, 0);

async function expectNothingWhole(): Promise<void> {
  expect(existsSync(hub.blob(WEIGHTS))).toBe(false);
  expect(await findCachedModel(MODEL, options)).toBeUndefined();
}

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
  const path = `${hub.blob(WEIGHTS)}.incomplete`;
  await mkdir(dirname(path), { recursive: true });
  return path;
}

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
    expect(events.filter((event) => event.type === "retry" && event.delayMs === 0)).toHaveLength(NAMES.length);
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

describe("the token", () => {
  const authorizations = (from: HubServer): unknown[] => from.requests.map(({ headers }) => headers.authorization);

  it("goes to no mirror", async () => {
    await downloadModel(MODEL, { ...options, token: "secret" });
    expect(server.requests.length).toBeGreaterThan(NAMES.length);
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
