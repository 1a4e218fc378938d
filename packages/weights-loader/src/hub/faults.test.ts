// Against a server on this machine that cuts, lies, stalls and changes its mind.
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { HubServer } from "@test/hub-server.ts";
import { bytesOnDisk, codeOf, MODEL, NAMES, TinyHub, WEIGHTS } from "@test/tiny-hub.ts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { downloadModel, findCachedModel } from "./download-model.ts";

let hub: TinyHub;
beforeEach(async () => {
  hub = await TinyHub.start();
});
afterEach(() => hub.stop());

/** For servers that stall: longer than a busy machine makes a good one wait. */
const impatient = { idleTimeoutMs: 1500 };
const weightBytesSent = (): number => hub.server.contentRequests(WEIGHTS).reduce((total, { sent }) => total + sent, 0);

async function expectNothingWhole(): Promise<void> {
  expect(existsSync(hub.blob(WEIGHTS))).toBe(false);
  expect(await findCachedModel(MODEL, hub.options)).toBeUndefined();
}

function flip(when: (attempt: number) => boolean): HubServer["misbehave"] {
  return ({ request, response, name, content, attempt }) => {
    if (name !== WEIGHTS || !when(attempt)) return false;
    const damaged = Buffer.from(content);
    damaged[30_000]! ^= 1;
    hub.server.send(request, response, damaged);
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
    hub.server.misbehave = ({ request, response, name, content, attempt }) => {
      if (name !== WEIGHTS || attempt > 1) return false;
      const start = Number(/\d+/.exec(request.headers.range ?? "0")![0]);
      const end = Math.floor(content.length * (attempt === 0 ? 0.3 : 0.6));
      response.writeHead(start === 0 ? 200 : 206, {
        etag: hub.server.etagOf(content),
        "content-length": content.length - start,
        ...(start === 0 ? {} : { "content-range": `bytes ${start}-${content.length - 1}/${content.length}` }),
      });
      request.sent = end - start;
      response.write(content.subarray(start, end), async () => {
        await bytesOnDisk(`${hub.blob(WEIGHTS)}.incomplete`, end);
        response.destroy();
      });
      return true;
    };
    const folder = await downloadModel(MODEL, hub.options);
    expect((await readFile(join(folder, WEIGHTS))).equals(hub.weights)).toBe(true);
    const requests = hub.server.contentRequests(WEIGHTS);
    expect(requests).toHaveLength(3);
    expect(requests[0]!.headers.range).toBeUndefined();
    expect(requests[1]!.headers["if-range"]).toBe(hub.server.etagOf(hub.weights));
    expect(weightBytesSent()).toBeLessThan(1.05 * hub.weights.length);
    expect(hub.events.filter(({ type }) => type === "retry")).toHaveLength(2);
  });

  it.each([
    ["more", 1000],
    ["less", -1000],
  ])("says that a file has %s bytes than it has: refused", async (_, difference) => {
    hub.server.misbehave = ({ response, name, content }) => {
      if (name !== WEIGHTS) return false;
      response.writeHead(200, { "content-length": content.length + difference });
      response.end(content.subarray(0, content.length + difference));
      return true;
    };
    await expect(downloadModel(MODEL, hub.options)).rejects.toMatchObject({
      code: "SIZE_MISMATCH",
      message: /list says/,
    });
    await expectNothingWhole();
  });

  it("sends more than it says at all: refused", async () => {
    hub.server.misbehave = ({ response, name, content }) => {
      if (name !== WEIGHTS) return false;
      response.writeHead(200, { etag: '"x"' }); // chunked: no length
      response.end(Buffer.concat([content, Buffer.alloc(10)]));
      return true;
    };
    expect(await codeOf(downloadModel(MODEL, hub.options))).toBe("SIZE_MISMATCH");
    await expectNothingWhole();
  });

  it("changes the file between two tries: begins again, by If-Range", async () => {
    await writeFile(await partPath(), Buffer.alloc(20_000, 7)); // bytes of another version
    await writeFile(`${await partPath()}.etag`, '"another"');
    const folder = await downloadModel(MODEL, hub.options);
    expect(await readFile(join(folder, WEIGHTS))).toEqual(hub.server.files.get(WEIGHTS));
    const [request] = hub.server.contentRequests(WEIGHTS);
    expect(request!.headers).toMatchObject({ range: "bytes=20000-", "if-range": '"another"' });
    expect(hub.server.contentRequests(WEIGHTS)).toHaveLength(1);
  });

  it("ignores Range: begins again", async () => {
    await writeFile(await partPath(), hub.weights.subarray(0, 20_000));
    hub.server.misbehave = ({ response, name, content }) => {
      if (name !== WEIGHTS) return false;
      response.writeHead(200, { "content-length": content.length }).end(content);
      return true;
    };
    expect(await readFile(join(await downloadModel(MODEL, hub.options), WEIGHTS))).toEqual(hub.weights);
  });

  it("goes on from another byte than asked: nothing wrong is kept", async () => {
    await writeFile(await partPath(), hub.weights.subarray(0, 20_000));
    hub.server.misbehave = ({ response, name, content, attempt }) => {
      if (name !== WEIGHTS || attempt > 0) return false;
      const headers = { "content-range": `bytes 30000-${content.length - 1}/${content.length}` };
      response.writeHead(206, headers).end(content.subarray(30_000));
      return true;
    };
    expect(await readFile(join(await downloadModel(MODEL, hub.options), WEIGHTS))).toEqual(hub.weights);
  });

  it("cannot satisfy the range: begins again", async () => {
    await writeFile(await partPath(), hub.weights.subarray(0, 20_000));
    hub.server.misbehave = ({ response, name, attempt }) => {
      if (name !== WEIGHTS || attempt > 0) return false;
      response.writeHead(416).end();
      return true;
    };
    expect(await readFile(join(await downloadModel(MODEL, hub.options), WEIGHTS))).toEqual(hub.weights);
  });

  it("answers 200 with a web page: refused and never cached", async () => {
    hub.server.misbehave = ({ response, name }) => {
      if (name !== WEIGHTS) return false;
      response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end("<!doctype html>Please log in");
      return true;
    };
    await expect(downloadModel(MODEL, hub.options)).rejects.toMatchObject({
      code: "NOT_THE_FILE",
      message: /web page/,
    });
    await expectNothingWhole();
    expect(existsSync(await partPath())).toBe(false);
  });

  it("answers with a web page instead of the list: one clear line", async () => {
    hub.server.list = (response) =>
      void response.writeHead(200, { "content-type": "text/html" }).end("<html>hello</html>");
    await expect(downloadModel(MODEL, hub.options)).rejects.toThrow(/no list of a model's files.*HF_ENDPOINT/);
    expect(await readdir(hub.cacheFolder)).toEqual([]);
  });

  it("flips a byte once: heals", async () => {
    hub.server.misbehave = flip((attempt) => attempt === 0);
    expect(await readFile(join(await downloadModel(MODEL, hub.options), WEIGHTS))).toEqual(hub.weights);
    expect(hub.events.find(({ type }) => type === "retry")).toMatchObject({
      reason: expect.stringContaining("damaged"),
    });
  });

  it("flips a byte always: refused, and a later download heals", async () => {
    hub.server.misbehave = flip(() => true);
    await expect(downloadModel(MODEL, hub.options)).rejects.toThrow(/model.safetensors came damaged \(sha256/);
    await expectNothingWhole();
    hub.server.misbehave = () => false;
    expect(await readFile(join(await downloadModel(MODEL, hub.options), WEIGHTS))).toEqual(hub.weights);
  });

  it("damages a small file: git's hash tells", async () => {
    hub.server.misbehave = ({ request, response, name, content }) => {
      if (name !== "config.json") return false;
      const damaged = Buffer.from(content);
      damaged[10]! ^= 1;
      hub.server.send(request, response, damaged);
      return true;
    };
    await expect(downloadModel(MODEL, hub.options)).rejects.toThrow(/config.json came damaged \(git/);
  });

  it("stalls: gives up the connection, not the download", async () => {
    hub.server.misbehave = ({ request, response, name, content, attempt }) => {
      if (name !== WEIGHTS || attempt > 0) return false;
      response.writeHead(200, { etag: hub.server.etagOf(content), "content-length": content.length });
      request.sent = 10_000;
      response.write(content.subarray(0, 10_000)); // and nothing more
      return true;
    };
    const folder = await downloadModel(MODEL, { ...hub.options, ...impatient });
    expect(await readFile(join(folder, WEIGHTS))).toEqual(hub.weights);
    expect(weightBytesSent()).toBe(hub.weights.length);
    expect(hub.events.find(({ type }) => type === "retry")).toMatchObject({
      reason: expect.stringContaining("sends nothing"),
    });
  });

  it("stalls for ever: fails in one line", async () => {
    hub.server.misbehave = ({ name }) => name === WEIGHTS;
    expect(await codeOf(downloadModel(MODEL, { ...hub.options, idleTimeoutMs: 300 }))).toBe("STALLED");
  });

  it("is busy: waits as long as it asks", async () => {
    hub.server.misbehave = ({ response, attempt }) => {
      if (attempt > 0) return false;
      response.writeHead(503, { "retry-after": "0" }).end();
      return true;
    };
    await downloadModel(MODEL, hub.options);
    expect(hub.events.filter((event) => event.type === "retry" && event.delayMs === 0)).toHaveLength(NAMES.length);
  });

  it.each([
    [401, "UNAUTHORIZED", /HF_TOKEN/],
    [403, "UNAUTHORIZED", /HF_TOKEN/],
    [404, "NOT_FOUND", /no model owner\/name at revision main/],
    [500, "SERVER_ERROR", /answers 500/],
  ])("answers %i to the list: %s", async (status, code, message) => {
    hub.server.list = (response) => void response.writeHead(status).end("{}");
    await expect(downloadModel(MODEL, hub.options)).rejects.toMatchObject({ code, message });
  });
});

describe("the token", () => {
  const authorizations = (from: HubServer): unknown[] => from.requests.map(({ headers }) => headers.authorization);

  it("goes to no mirror", async () => {
    await downloadModel(MODEL, { ...hub.options, token: "secret" });
    expect(hub.server.requests.length).toBeGreaterThan(NAMES.length);
    expect(authorizations(hub.server).every((value) => value === undefined)).toBe(true);
  });

  it("goes to its own host, and not along when that redirects to another", async () => {
    const storage = await new HubServer(hub.server.files).start();
    hub.server.misbehave = ({ response, name, request }) => {
      if (name !== WEIGHTS) return false;
      response.writeHead(302, { location: `${storage.endpoint}${request.path}?signature=1` }).end();
      return true;
    };
    await downloadModel(MODEL, { ...hub.options, token: "secret", tokenOrigin: hub.server.endpoint });
    expect(new Set(authorizations(hub.server))).toEqual(new Set(["Bearer secret"]));
    expect(storage.contentRequests(WEIGHTS)).toHaveLength(1);
    expect(authorizations(storage)).toEqual([undefined]);
    await storage.stop();
  });
});
