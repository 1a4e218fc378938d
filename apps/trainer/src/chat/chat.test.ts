import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Event, eventsOf, startTrainer } from "@test/run-trainer.ts";
import { afterAll, beforeAll, expect, it } from "vitest";

const MODEL = fileURLToPath(new URL("../../../../fixtures/gpt2-weights/hf", import.meta.url));
/** An answer that nothing ends but Ctrl-C. */
const ENDLESS = ["--max-new-tokens", "100000000", "--min-new-tokens", "100000000"];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "chat-"));
});
afterAll(() => rm(folder, { recursive: true }));

it("Ctrl-C stops the answer and not the chat; once more, with nothing typed, leaves it", async () => {
  const args = ["chat", "--model", MODEL, "--backend", "cpu", "--json", ...ENDLESS];
  const { child, ended } = startTrainer(args, { cwd: folder, input: null });
  let seen = "";
  let arrived = (): void => {};
  child.stdout.on("data", (chunk: Buffer) => {
    seen += chunk.toString();
    arrived();
  });
  /** Waits for as many events of a type. */
  const until = async (type: string, count: number): Promise<Event[]> => {
    for (;;) {
      const found = eventsOf(seen.slice(0, seen.lastIndexOf("\n") + 1)).filter((event) => event.type === type);
      if (found.length >= count) return found;
      await new Promise<void>((resolve) => (arrived = resolve));
    }
  };
  child.stdin.write("First\n");
  await until("token", 1);
  child.kill("SIGINT");
  await until("done", 1);
  child.stdin.write("/set max-new-tokens 3\nSecond\n/save talk.json\n/set max-new-tokens 100000000\nThird\n");
  const [, second] = await until("done", 2);
  expect(second).toMatchObject({ stopped: false, ids: [expect.any(Number), expect.any(Number), expect.any(Number)] });
  const tokens = (await until("token", 1)).length;
  await until("token", tokens + 1);
  child.kill("SIGINT");
  const done = await until("done", 3);
  expect(done.map(({ stopped }) => stopped)).toEqual([true, false, true]);
  child.kill("SIGINT");
  expect((await ended).code).toBe(0);
  const talk = JSON.parse(await readFile(join(folder, "talk.json"), "utf8")) as { messages: { content: string }[] };
  expect(talk.messages.map(({ content }) => content)).toEqual(["First", done[0]?.["text"], "Second", second?.["text"]]);
});
