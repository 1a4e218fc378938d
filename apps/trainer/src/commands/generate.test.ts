import { once } from "node:events";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { eventsOf, runTrainer, startTrainer } from "@test/run-trainer.ts";
import { expect, it } from "vitest";

const MODEL = fileURLToPath(new URL("../../../../fixtures/gpt2-weights/hf", import.meta.url));

it("Ctrl-C ends a text with 130 and one line, and leaves what was written", async () => {
  const endless = ["--max-new-tokens", "100000000", "--min-new-tokens", "100000000"];
  const args = ["generate", "--model", MODEL, "--backend", "cpu", "--prompt", "Every tree", "--quiet", ...endless];
  const { child, ended } = startTrainer(args, { cwd: tmpdir() });
  await once(child.stdout, "data");
  child.kill("SIGINT");
  const { code, stdout, stderr } = await ended;
  expect({ code, stderr }).toEqual({ code: 130, stderr: "Error: Stopped.\n" });
  expect(stdout).toMatch(/^Every tree[\s\S]*\n$/u);
});

/** The tokens that are written after a prompt of two. */
async function written(...flags: string[]): Promise<number[]> {
  const args = ["generate", "--model", MODEL, "--backend", "cpu", "--prompt", "Every tree", "--max-new-tokens", "12"];
  const { code, stdout, stderr } = await runTrainer([...args, "--json", ...flags], { cwd: tmpdir() });
  expect(code, stdout + stderr).toBe(0);
  const { ids } = eventsOf(stdout).at(-1) as { type: string; ids: number[] };
  return ids.slice(2);
}

it.each([[[]], [["--num-beams", "2"]]])(
  "--no-repeat-ngram and --repetition-penalty are heeded, with %j too",
  async (flags) => {
    const plain = await written(...flags);
    expect(await written(...flags)).toEqual(plain);
    expect(new Set(plain).size).toBeLessThan(plain.length);
    const unrepeated = await written(...flags, "--no-repeat-ngram", "1");
    expect(new Set(unrepeated).size).toBe(unrepeated.length);
    expect(await written(...flags, "--repetition-penalty", "3")).not.toEqual(plain);
  },
);
