import { once } from "node:events";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { startTrainer } from "@test/run-trainer.ts";
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
