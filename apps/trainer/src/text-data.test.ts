import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readText } from "./text-data.ts";

describe("readText", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "texts-"));
  });
  const write = async (name: string, bytes: Uint8Array | string) => {
    const path = join(folder, name);
    await writeFile(path, bytes);
    return path;
  };

  it("reads UTF-8 as it is, a byte order mark aside", async () => {
    expect(await readText(await write("ok.txt", "\uFEFFMore 江水 🛶"))).toBe("More 江水 🛶");
  });

  it.each([
    ["an empty file", "empty.txt", "", "is empty"],
    ["a binary file", "binary.bin", Uint8Array.of(65, 0, 66), "binary"],
    ["another encoding", "gbk.txt", Uint8Array.of(0xbd, 0xad, 0xcb, 0xae), "not valid UTF-8"],
  ])("refuses %s", async (_kind, name, bytes, words) => {
    const path = await write(name, bytes);
    await expect(readText(path)).rejects.toMatchObject({ code: "DATA", message: expect.stringContaining(words) });
  });

  it("refuses a missing file and a folder", async () => {
    await expect(readText(join(folder, "none.txt"))).rejects.toMatchObject({ code: "DATA" });
    await expect(readText(folder)).rejects.toMatchObject({ code: "DATA", message: expect.stringContaining("folder") });
  });
});
