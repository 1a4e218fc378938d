import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Ended, type Event, eventsOf, runTrainer } from "@test/run-trainer.ts";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { zipSync } from "fflate";

/** Sizes and fields of the book's data, not their texts. */
const SPAM = "ham\tsee you at six\n".repeat(4825) + "spam\tfree gold\n".repeat(747);
const TASKS = JSON.stringify(
  Array.from({ length: 1100 }, (_, i) => ({ instruction: `Say ${i}.`, input: "", output: "x" })),
);

let server: Server;
let endpoint: string;
let answers: Record<string, Uint8Array | string>;
let folder: string;
const run = (...args: string[]): Promise<Ended> => runTrainer(["data", ...args, "--json"], { cwd: folder });
const last = ({ stdout }: Ended): Event => eventsOf(stdout).at(-1) as Event;
const fileOf = (url = ""): string => decodeURIComponent(url).split("/").at(-1) ?? "";

beforeAll(async () => {
  server = createServer((request, response) => {
    const answer = answers[fileOf(request.url)];
    response.writeHead(answer === undefined ? 404 : 200).end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "scratch-llm-data-"));
  answers = {
    "sms+spam+collection.zip": zipSync({ SMSSpamCollection: Buffer.from(SPAM) }),
    "instruction-data.json": TASKS,
  };
});

describe("data download", () => {
  it.each([
    ["sms-spam", "SMSSpamCollection.tsv", 5572],
    ["instruction-data", "instruction-data.json", 1100],
  ])("fetches %s once, counts it and records its checksum", async (name, file, count) => {
    const first = last(await run("download", name, "--endpoint", endpoint));
    expect(first).toMatchObject({ type: "done", path: join("data", file), count, downloaded: true });
    expect((await readFile(join(folder, "data", `${file}.sha256`), "utf8")).trim()).toBe(first["sha256"]);
    answers = {};
    expect(last(await run("download", name))).toEqual({ ...first, downloaded: false });
    const listed = last(await run("list"))["datasets"] as { name: string; path?: string }[];
    expect(listed.find((dataset) => dataset.name === name)?.path).toBe(join("data", file));
  });

  it("says why nothing came, and how to do without a network", async () => {
    answers = { "instruction-data.json": '[{"instruction": "a", "output": "b"}]' };
    for (const [name, reason] of [
      ["sms-spam", "HTTP 404"],
      ["instruction-data", "it has 1 entries and not 1100"],
      ["the-verdict", "HTTP 404"],
    ] as const) {
      const { code, message } = last(await run("download", name, "--endpoint", endpoint));
      expect(code).toMatch(/^(?:DATA|SPAM_DATA)$/u);
      expect(message).toContain(reason);
      expect(message).toContain("put it at data/");
      expect(message).not.toContain("\n");
    }
    expect(await readdir(join(folder, "data")).catch(() => [])).toEqual([]);
    expect(last(await run("download", "nope"))).toMatchObject({
      code: "USAGE",
      message: expect.stringContaining("sms-spam"),
    });
    const closed = createServer().listen(0, "127.0.0.1");
    await once(closed, "listening");
    const { port } = closed.address() as AddressInfo;
    closed.close();
    const nowhere = last(await run("download", "the-verdict", "--endpoint", `http://127.0.0.1:${port}`));
    expect(nowhere["message"]).toContain("fetch failed: connect ECONNREFUSED");
  });

  it("takes a file that came by another way, and notices a change", async () => {
    await run("download", "instruction-data", "--endpoint", endpoint);
    const path = join(folder, "data", "instruction-data.json");
    await writeFile(path, TASKS.replace("Say 7.", "Say seven."));
    expect(last(await run("download", "instruction-data"))).toMatchObject({
      message: expect.stringContaining("has changed"),
    });
    await writeFile(path, "[]");
    expect(last(await run("download", "instruction-data"))).toMatchObject({
      message: expect.stringContaining("is not instruction-data"),
    });
  });
});

describe("data prepare and inspect", () => {
  it("does with the book's data what the book does", async () => {
    const spam = last(await run("prepare", "sms-spam", "--endpoint", endpoint));
    expect(spam).toMatchObject({
      out: "data/sms-spam",
      counts: { "train.csv": 1045, "validation.csv": 149, "test.csv": 300 },
    });
    expect(await readFile(join(folder, "data/sms-spam/test.csv"), "utf8")).toMatch(/^label,text\n/u);
    const tasks = last(await run("prepare", "instruction-data", "--endpoint", endpoint));
    expect(tasks["counts"]).toEqual({ "train.json": 935, "val.json": 55, "test.json": 110 });
  });

  it("shows fields, classes and lengths", async () => {
    await writeFile(join(folder, "rows.tsv"), "label\ttext\nham\tsix\nspam\tfree gold\nham\t\n");
    expect(last(await run("inspect", "rows.tsv"))).toMatchObject({
      entries: 3,
      classes: { ham: 2, spam: 1 },
      fields: [{ name: "label" }, { name: "text", filled: 2, longest: 9 }],
    });
  });

  it("refuses what has nothing to prepare", async () => {
    await writeFile(join(folder, "other.csv"), "a,b\n1,2\n");
    expect(last(await run("prepare", "other.csv"))).toMatchObject({
      code: "DATA",
      message: expect.stringContaining("nothing to prepare"),
    });
  });
});

describe("data split and dedupe", () => {
  it.each([
    ["csv", ","],
    ["tsv", "\t"],
  ])("keep a %s one", async (extension, delimiter) => {
    const lines = ["Label,Text", 'ham,"Six, or ""seven"" o\'clock?"', "ham,six or seven o'clock", "spam,free gold"];
    const table = lines.map((line) => (delimiter === "," ? line : line.replace(",", delimiter))).join("\n");
    await writeFile(join(folder, `rows.${extension}`), `${table}\n`);
    const split = last(await run("split", `rows.${extension}`, "--train", "0.67", "--test", "0.33", "--out", "parts"));
    expect(split["counts"]).toEqual({ train: 2, val: 1, test: 0 });
    const part = await readFile(join(folder, "parts", `val.${extension}`), "utf8");
    expect(part).toBe(`Label${delimiter}Text\nspam${delimiter}free gold\n`);
    const args = ["dedupe", `rows.${extension}`, "--key", "Text", "--threshold", "0.8", "--out", `one.${extension}`];
    expect(last(await run(...args))).toMatchObject({ entries: 3, removed: 1, kept: 2 });
    expect(await readFile(join(folder, `one.${extension}`), "utf8")).toContain("free gold\n");
  });
});
