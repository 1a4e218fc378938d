import { createServer, type Server } from "node:http";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zipSync } from "fflate";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { loadSpamData } from "./load-spam-data.ts";

/** Has the collection's size and counts, not its messages. */
const CONTENT = "ham\tsee you at six\n".repeat(4825) + "spam\tfree gold\n".repeat(747);
const zip = (name: string, content: string): Uint8Array =>
  zipSync({ readme: new Uint8Array(3), [name]: Buffer.from(content) });
/** Says in its directory that the file has two gigabytes. */
function bomb(): Uint8Array {
  const bytes = Buffer.from(zip("SMSSpamCollection", CONTENT));
  const directory = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 1, 2]));
  bytes.writeUInt32LE(2_000_000_000, directory + 24);
  return bytes;
}

const ANSWERS: Readonly<Record<string, Uint8Array | number>> = {
  "/good": zip("SMSSpamCollection", CONTENT),
  "/outside": zip("../SMSSpamCollection", CONTENT),
  "/bomb": bomb(),
  "/html": Buffer.from("<html>not here</html>"),
  "/endless": Buffer.alloc(10_000_001),
  "/gone": 410,
  "/short": zip("SMSSpamCollection", CONTENT.slice(18)),
};

let server: Server;
let address: string;
let asked: string[];
let scratch: string;
let folder: string;
beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url!);
    const answer = ANSWERS[request.url!]!;
    response.writeHead(typeof answer === "number" ? answer : 200).end(typeof answer === "number" ? "" : answer);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  scratch = await mkdtemp(join(tmpdir(), "spam-"));
});
afterAll(async () => {
  server.close();
  await rm(scratch, { recursive: true });
});
beforeEach(async () => {
  asked = [];
  folder = join(await mkdtemp(join(scratch, "run-")), "data");
});

const load = (...paths: string[]): ReturnType<typeof loadSpamData> =>
  loadSpamData({ folder, addresses: paths.map((path) => address + path) });

describe("loadSpamData", () => {
  it("downloads and unpacks once, and records the checksum", async () => {
    const first = await load("/good");
    expect(first).toMatchObject({ downloaded: true, path: join(folder, "SMSSpamCollection.tsv") });
    expect(first.examples).toHaveLength(5572);
    expect(await readFile(first.path, "utf8")).toBe(CONTENT);
    expect((await readFile(`${first.path}.sha256`, "utf8")).trim()).toBe(first.sha256);
    expect(await load("/good")).toEqual({ ...first, downloaded: false });
    expect(asked).toEqual(["/good"]);
  });

  it("goes on to the next address", async () => {
    await load("/gone", "/html", "/outside", "/bomb", "/endless", "/good");
    expect(asked).toEqual(["/gone", "/html", "/outside", "/bomb", "/endless", "/good"]);
    expect((await readdir(folder)).toSorted()).toEqual(["SMSSpamCollection.tsv", "SMSSpamCollection.tsv.sha256"]);
  });

  it.each([
    ["/gone", "HTTP 410"],
    ["/html", "invalid zip data"],
    ["/outside", "no SMSSpamCollection"],
    ["/bomb", "no SMSSpamCollection"],
    ["/endless", "more than 10000000 bytes"],
  ])("says why %s gave nothing, and what to do", async (path, reason) => {
    const failure = load(path);
    await expect(failure).rejects.toThrow(reason);
    await expect(failure).rejects.toMatchObject({ code: "SPAM_DATA", message: expect.stringContaining("put it at") });
    expect(await readdir(folder)).toEqual([]);
  });

  it("refuses other contents, and writes nothing", async () => {
    await expect(load("/short")).rejects.toThrow("5571 rows, 4824 ham");
    expect(await readdir(folder)).toEqual([]);
  });

  it("notices a file that was changed later", async () => {
    const { path } = await load("/good");
    await writeFile(path, CONTENT.replace("six", "ten"));
    await expect(load("/good")).rejects.toThrow("has changed since its download");
  });

  it("can be stopped", async () => {
    const options = { folder, addresses: [`${address}/good`], signal: AbortSignal.abort() };
    await expect(loadSpamData(options)).rejects.toThrow("aborted");
  });
});
