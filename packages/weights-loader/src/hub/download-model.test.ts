import { existsSync } from "node:fs";
import { readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bytesOnDisk, codeOf, MODEL, NAMES, TinyHub, WEIGHTS } from "@test/tiny-hub.ts";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadModelFolder } from "../node/load.ts";
import { listCachedModels, removeCachedModel } from "./cache.ts";
import { downloadModel, findCachedModel, planDownload } from "./download-model.ts";

let hub: TinyHub;
beforeEach(async () => {
  hub = await TinyHub.start();
});
afterEach(() => hub.stop());

describe("a good server", () => {
  it("fills the cache as Hugging Face's tools do", async () => {
    const folder = await downloadModel(MODEL, hub.options);
    expect(folder).toBe(join(hub.repository, "snapshots", hub.server.commit));
    expect((await readdir(folder)).toSorted()).toEqual(NAMES.toSorted());
    expect((await readdir(join(hub.repository, "blobs"))).toSorted()).toEqual(
      NAMES.map((name) => hub.server.hash(name)).toSorted(),
    );
    expect(await readlink(join(folder, WEIGHTS))).toBe(join("..", "..", "blobs", hub.server.hash(WEIGHTS)));
    expect(await readFile(join(hub.repository, "refs", "main"), "utf8")).toBe(hub.server.commit);
    expect((await readFile(join(folder, WEIGHTS))).equals(hub.weights)).toBe(true);
  });

  it("gives a folder that loads", async () => {
    await tf.setBackend("cpu");
    const { model, config } = await loadModelFolder(await downloadModel(MODEL, hub.options));
    expect(config.nLayers).toBe(2);
    model.dispose();
  });

  it("tells once how much there is, and then one bar that ends at all of it", async () => {
    await downloadModel(MODEL, hub.options);
    const total = NAMES.reduce((sum, name) => sum + hub.server.files.get(name)!.length, 0);
    expect(hub.events[0]).toEqual({ type: "plan", files: NAMES.length, totalBytes: total, cachedBytes: 0 });
    const bar = hub.events.flatMap((event) => (event.type === "progress" ? [event.doneBytes] : []));
    expect(bar).toEqual(bar.toSorted((a, b) => a - b));
    expect(bar.at(-1)).toBe(total);
  });

  it("asks for no file twice, and only for those that are missing", async () => {
    await downloadModel(MODEL, hub.options);
    await rm(hub.blob("config.json"));
    hub.server.requests.length = 0;
    await downloadModel(MODEL, hub.options);
    expect(hub.server.contentRequests().map(({ path }) => path)).toEqual([
      `/owner/name/resolve/${hub.server.commit}/config.json`,
    ]);
  });

  it("plans without touching anything", async () => {
    const plan = await planDownload(MODEL, hub.options);
    expect(plan).toMatchObject({ name: MODEL, commit: hub.server.commit, endpoint: hub.server.endpoint });
    expect(plan.files.map(({ name, isCached }) => [name, isCached])).toEqual(NAMES.map((name) => [name, false]));
    expect(plan.missingBytes).toBe(plan.files.reduce((sum, { size }) => sum + size, 0));
    expect(await readdir(hub.cacheFolder)).toEqual([]);
    expect(hub.server.contentRequests()).toEqual([]);
  });

  it("lists and removes what is in the cache", async () => {
    await downloadModel(MODEL, hub.options);
    const bytes = NAMES.reduce((sum, name) => sum + hub.server.files.get(name)!.length, 0);
    expect(await listCachedModels(hub.options)).toEqual([
      { name: MODEL, folder: hub.repository, bytes, isWhole: true },
    ]);
    expect(await removeCachedModel(MODEL, hub.options)).toBe(true);
    expect(await removeCachedModel(MODEL, hub.options)).toBe(false);
    expect(await listCachedModels(hub.options)).toEqual([]);
  });
});

describe("without a server", () => {
  const closed = { endpoint: "http://127.0.0.1:9", offline: false };

  it("names HF_ENDPOINT and the way without a network", async () => {
    const message = /127.0.0.1:9 cannot be reached.*HF_ENDPOINT.*model import FOLDER/;
    await expect(downloadModel(MODEL, { ...hub.options, ...closed })).rejects.toMatchObject({
      code: "UNREACHABLE",
      message,
    });
  });

  it("uses what is in the cache, and says so", async () => {
    const folder = await downloadModel(MODEL, hub.options);
    expect(await downloadModel(MODEL, { ...hub.options, ...closed })).toBe(folder);
    expect(hub.events.at(-1)).toMatchObject({ type: "offline" });
  });

  it("offline: the cache alone, no question asked", async () => {
    const folder = await downloadModel(MODEL, hub.options);
    hub.server.requests.length = 0;
    expect(await downloadModel(MODEL, { ...hub.options, offline: true })).toBe(folder);
    expect(hub.server.requests).toEqual([]);
    await rm(hub.blob(WEIGHTS));
    await expect(downloadModel(MODEL, { ...hub.options, offline: true })).rejects.toMatchObject({
      code: "OFFLINE",
      message: expect.stringMatching(/^HF_HUB_OFFLINE is set and owner\/name is not in .*model import FOLDER/),
    });
  });
});

describe("on this side", () => {
  it("two calls at once download once", async () => {
    const [one, two] = await Promise.all([downloadModel(MODEL, hub.options), downloadModel(MODEL, hub.options)]);
    expect(one).toBe(two);
    expect(hub.server.contentRequests()).toHaveLength(NAMES.length);
    expect(await readdir(join(hub.cacheFolder, ".locks", "models--owner--name"))).toEqual([]);
  });

  it("refuses what the disk cannot hold, before it begins", async () => {
    const huge = { rfilename: WEIGHTS, size: 2 ** 50, lfs: { sha256: hub.server.hash(WEIGHTS), size: 2 ** 50 } };
    const config = { rfilename: "config.json", size: 2, blobId: "0".repeat(40) };
    hub.server.list = (response) =>
      void response.end(JSON.stringify({ sha: hub.server.commit, siblings: [config, huge] }));
    await expect(downloadModel(MODEL, hub.options)).rejects.toMatchObject({
      code: "DISK_FULL",
      message: /are needed in/,
    });
    expect(hub.server.contentRequests()).toEqual([]);
  });

  it("stops when told to, and goes on later", async () => {
    const stop = new AbortController();
    hub.server.misbehave = ({ response, name, content }) => {
      if (name !== WEIGHTS) return false;
      response.writeHead(200, { etag: hub.server.etagOf(content), "content-length": content.length });
      response.write(content.subarray(0, 20_000)); // and nothing more
      return true;
    };
    void bytesOnDisk(`${hub.blob(WEIGHTS)}.incomplete`, 20_000).then(() => stop.abort(new Error("Ctrl-C")));
    await expect(downloadModel(MODEL, { ...hub.options, signal: stop.signal })).rejects.toThrow("Ctrl-C");
    expect(existsSync(hub.blob(WEIGHTS))).toBe(false);
    expect(await findCachedModel(MODEL, hub.options)).toBeUndefined();
    hub.server.misbehave = () => false;
    await downloadModel(MODEL, hub.options);
    expect(hub.server.contentRequests(WEIGHTS).at(-1)!.headers.range).toBe("bytes=20000-");
  });

  it("says which folder cannot be written", async () => {
    const file = join(hub.cacheFolder, "file");
    await writeFile(file, "");
    await expect(downloadModel(MODEL, { ...hub.options, cacheFolder: file })).rejects.toMatchObject({
      code: "WRITE_FAILED",
    });
  });

  it.each(["../../etc/passwd", "owner/name/more", "gpt3", "a--b/c", "owner/..", ""])(
    "refuses the name %j",
    async (name) => {
      expect(await codeOf(downloadModel(name, hub.options))).toBe("NAME_INVALID");
      expect(hub.server.requests).toEqual([]);
    },
  );

  it.each(["nonsense", "ftp://127.0.0.1", "https://", ""])("refuses the endpoint %j", async (endpoint) => {
    await expect(downloadModel(MODEL, { ...hub.options, endpoint })).rejects.toThrow(
      /no server's address.*HF_ENDPOINT/,
    );
  });

  it.each(["../main", "a/../b", "-x", ""])("refuses the revision %j", async (revision) => {
    expect(await codeOf(downloadModel(MODEL, { ...hub.options, revision }))).toBe("NAME_INVALID");
  });

  it.each([
    ["a hash that is a path", { rfilename: WEIGHTS, size: 1, blobId: "../../../../tmp/x" }],
    ["no size", { rfilename: WEIGHTS, blobId: "0".repeat(40) }],
    ["a negative size", { rfilename: WEIGHTS, size: -1, blobId: "0".repeat(40) }],
    ["nothing", null],
  ])("refuses a list with %s", async (_, sibling) => {
    hub.server.list = (response) => void response.end(JSON.stringify({ sha: hub.server.commit, siblings: [sibling] }));
    expect(await codeOf(downloadModel(MODEL, hub.options))).toBe("NOT_THE_FILE");
    expect(await readdir(hub.cacheFolder)).toEqual([]);
  });
});
