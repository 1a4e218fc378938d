import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { TensorEntry } from "../index.ts";
import { makeFolder, openSafetensors, writeFileAtomic, writeSafetensors } from "../node.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "write-"));
  path = join(folder, "model.safetensors");
  await writeFile(path, "what was there before");
});
afterEach(() => rm(folder, { recursive: true }));

const gone = (): Promise<Uint8Array> => Promise.reject(new Error("gone"));
const limitFileSize = (bytes: string): Buffer => execFileSync("prlimit", [`--pid=${process.pid}`, `--fsize=${bytes}:`]);

async function expectUntouched(): Promise<void> {
  expect(await readdir(folder)).toEqual(["model.safetensors"]);
  expect(await readFile(path, "utf8")).toBe("what was there before");
}

it("asks for the tensors one after another", async () => {
  const order: string[] = [];
  const entry = (name: string): TensorEntry => ({
    name,
    dtype: "U8",
    shape: [1],
    async data() {
      order.push(`${name} begins`);
      await Promise.resolve();
      order.push(`${name} ends`);
      return new Uint8Array(1);
    },
  });
  await writeSafetensors(path, [entry("b"), entry("a")]);
  expect(order).toEqual(["b begins", "b ends", "a begins", "a ends"]);
});

it("keeps the old file and removes the new one when a tensor cannot be had", async () => {
  await expect(writeSafetensors(path, [{ name: "a", dtype: "U8", shape: [1], data: gone }])).rejects.toThrow("gone");
  await expectUntouched();
});

const bad: [string, TensorEntry[]][] = [
  ["data of the wrong length", [{ name: "a", dtype: "F32", shape: [2], data: () => new Uint8Array(7) }]],
  ["a name twice", ["a", "a"].map((name) => ({ name, dtype: "U8", shape: [0], data: () => new Uint8Array(0) }))],
  ["the reserved name", [{ name: "__metadata__", dtype: "U8", shape: [0], data: () => new Uint8Array(0) }]],
];
it.each(bad)("refuses %s and keeps the old file", async (_, entries) => {
  await expect(writeSafetensors(path, entries)).rejects.toMatchObject({ code: "ENTRY_INVALID" });
  await expectUntouched();
});

it("makes the folder where it is not there", async () => {
  await writeFileAtomic(join(folder, "a", "b", "x"), "text");
  expect(await readFile(join(folder, "a", "b", "x"), "utf8")).toBe("text");
  expect(await readdir(join(folder, "a", "b"))).toEqual(["x"]);
});

it("says what to do when the folder cannot be made or the name is taken by a folder", async () => {
  await expect(writeFileAtomic(join(path, "no", "x"), "text")).rejects.toThrow(/Cannot make the folder .*no \(\w+\)/);
  await mkdir(join(folder, "taken"));
  await expect(writeFileAtomic(join(folder, "taken"), "text")).rejects.toThrow(
    /taken \(EISDIR\); choose another place/,
  );
  expect((await readdir(folder)).toSorted()).toEqual(["model.safetensors", "taken"]);
});

// A limit on file size, set on this process and lifted again, stands in for a full disk.
it.skipIf(process.platform !== "linux")("survives a full disk: old file whole, no temporary left", async () => {
  limitFileSize("65536");
  try {
    await expect(writeFileAtomic(path, [new Uint8Array(1 << 20)])).rejects.toThrow(/EFBIG.*free some space/);
  } finally {
    limitFileSize("unlimited");
  }
  await expectUntouched();
});

it("reads nothing from a folder or a file that is not there, and says so", async () => {
  await expect(openSafetensors(folder)).rejects.toMatchObject({ code: "READ_FAILED" });
  await expect(openSafetensors(join(folder, "none.safetensors"))).rejects.toThrow(/ENOENT.*check the path/);
});

it("makes a folder with those that it lies in, once, also when several make it", async () => {
  const deep = join(folder, "a", "b", "c");
  await Promise.all([makeFolder(deep), makeFolder(deep), makeFolder(join(folder, "a"))]);
  await makeFolder(deep);
  expect(await readdir(join(folder, "a", "b"))).toEqual(["c"]);
});

it.each(["", join("/proc", "x"), join("/proc", "x", "y"), "FILE", join("FILE", "x")])(
  "says in one line that %j can be no folder",
  async (name) => {
    const target = name.replace("FILE", path);
    const words = new RegExp(`^Cannot make the folder ${target} \\(\\w+\\); choose another\\.$`, "u");
    await expect(makeFolder(target)).rejects.toMatchObject({
      code: "WRITE_FAILED",
      message: expect.stringMatching(words),
    });
  },
);
