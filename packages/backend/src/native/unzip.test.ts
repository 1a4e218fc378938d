import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterEach, beforeEach, expect, it } from "vitest";
import { unzip } from "./unzip.ts";

let folder: string;
let archive: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "unzip-"));
  archive = join(folder, "archive.zip");
});

afterEach(() => rm(folder, { recursive: true }));

/** A zip archive of uncompressed members (PKWARE's APPNOTE 4.3). */
function zip(members: Record<string, string>): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(members)) {
    const content = Buffer.from(text);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0); // version needed
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(content.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const rest = Buffer.alloc(14); // comment length, disk, attributes
    const local = Buffer.alloc(4);
    rest.writeUInt32LE(offset, 10);
    files.push(Buffer.from("PK\x03\x04"), common, Buffer.from(name), content);
    directory.push(Buffer.from("PK\x01\x02\x14\x00", "latin1"), common, rest, Buffer.from(name));
    offset += local.length + common.length + Buffer.byteLength(name) + content.length;
  }
  const end = Buffer.alloc(18);
  end.writeUInt16LE(Object.keys(members).length, 4);
  end.writeUInt16LE(Object.keys(members).length, 6);
  end.writeUInt32LE(Buffer.concat(directory).length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...files, ...directory, Buffer.from("PK\x05\x06"), end]);
}

const out = (): string => join(folder, "out", "deep");
const all = { select: (member: string) => member, maxBytes: 100 };

it("unpacks what is selected, where it is told to", async () => {
  await writeFile(archive, zip({ "a/": "", "a/one": "1", "a/two": "22", "b/three": "333" }));
  const progress: number[] = [];
  const select = (member: string): string | undefined => (member.startsWith("a/") ? `x/${member}` : undefined);
  await unzip(archive, out(), { select, maxBytes: 100, onBytes: (bytes) => progress.push(bytes) });
  expect(await readdir(out(), { recursive: true })).toEqual(["x", "x/a", "x/a/one", "x/a/two"]);
  expect(await readFile(join(out(), "x/a/two"), "utf8")).toBe("22");
  expect(progress).toEqual([1, 3]);
});

it.each(["../escaped", "/escaped", "a/../../escaped", "a\\..\\..\\escaped"])("refuses %s", async (name) => {
  await writeFile(archive, zip({ [name]: "x" }));
  await expect(unzip(archive, out(), all)).rejects.toThrow(/relative path|absolute path|characters in fileName/);
  expect(await readdir(folder)).toEqual(["archive.zip"]);
});

it("refuses a target outside the folder", async () => {
  await writeFile(archive, zip({ good: "x" }));
  const escape = unzip(archive, out(), { select: () => "../escaped", maxBytes: 100 });
  await expect(escape).rejects.toThrow('"../escaped" would be unpacked outside');
});

it("refuses more than is expected", async () => {
  await writeFile(archive, zip({ a: "x".repeat(60), b: "x".repeat(60) }));
  await expect(unzip(archive, out(), all)).rejects.toThrow("holds more than the 100 bytes expected");
  expect(await readdir(out())).toEqual(["a"]);
});

it("says so where the archive is cut off", async () => {
  await writeFile(archive, zip({ a: "x".repeat(60) }).subarray(0, 80));
  await expect(unzip(archive, out(), all)).rejects.toThrow(/[Ee]nd of central directory/);
});

it("says so where the folder can hold nothing", async () => {
  await writeFile(archive, zip({ a: "x" }));
  await expect(unzip(archive, join("/proc", "x"), all)).rejects.toThrow("Cannot make the folder /proc/x ");
});

it("stops when it is told to", async () => {
  await writeFile(archive, zip({ a: "x" }));
  await expect(unzip(archive, out(), { ...all, signal: AbortSignal.abort() })).rejects.toThrow(/abort/);
});
