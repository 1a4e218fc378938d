import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { hashFile, hashFromHeaders } from "./checksum.ts";

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "checksum-"));
  path = join(folder, "file");
  await writeFile(path, "hello\n");
});
afterAll(() => rm(folder, { recursive: true }));

it("hashes as git and the others do", async () => {
  expect(await hashFile(path, 6, "git")).toBe(execFileSync("git", ["hash-object", path], { encoding: "utf8" }).trim());
  expect(await hashFile(path, 6, "sha256")).toBe("5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03");
  expect(await hashFile(path, 6, "md5")).toBe("b1946ac92492d2347c6235b4d2611184");
});

it("believes only headers that hash the content", () => {
  const md5 = { algorithm: "md5", hex: "b1946ac92492d2347c6235b4d2611184" };
  expect(hashFromHeaders({ "content-md5": "sZRqySSS0jR8YjW00mERhA==" })).toEqual(md5);
  expect(hashFromHeaders({ "x-goog-hash": ["crc32c=AAAAAA==", "md5=sZRqySSS0jR8YjW00mERhA=="] })).toEqual(md5);
  const sha1 = "f572d396fae9206628714fb2ce00f72e94f2258f";
  expect(hashFromHeaders({ "x-bz-content-sha1": sha1 })).toEqual({ algorithm: "sha1", hex: sha1 });
  expect(hashFromHeaders({ "x-bz-content-sha1": `unverified:${sha1}` })).toBeUndefined();
  expect(hashFromHeaders({ "x-bz-content-sha1": "none", etag: '"b1946ac92492d2347c6235b4d2611184"' })).toBeUndefined();
});
