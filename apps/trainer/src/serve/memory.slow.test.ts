import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { importing, startListening } from "@test/run-trainer.ts";
import { saveOnnxFolder } from "@scratch-llm/onnx/node";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { startTinyServer, tinyModel, until } from "../../test/tiny-server.ts";

const REQUESTS = 2000;
const AT_ONCE = 16;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Bytes in use of JavaScript and outside it. What a first collection finalises, a second one frees. */
async function memoryInUse(): Promise<number> {
  collectGarbage();
  await sleep(50);
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** A request; every tenth is given up and every tenth cannot work. */
async function ask(url: string, i: number): Promise<void> {
  const wish = { prompt: "A prompt goes", max_tokens: 4, seed: i, stream: i % 2 === 0, logprobs: i % 3 };
  const headers = { "Content-Type": "application/json" };
  const asked = i % 10 === 0 ? { ...wish, max_tokens: 80 } : i % 10 === 1 ? { ...wish, temperature: -1 } : wish;
  const signal = i % 10 === 0 ? AbortSignal.timeout(20) : null;
  await fetch(`${url}/v1/completions`, { method: "POST", headers, body: JSON.stringify(asked), signal })
    .then((answer) => answer.text())
    .catch((error: unknown) => {
      if (signal?.aborted !== true) throw error;
    });
}

async function askAll(url: string, from: number, to: number): Promise<void> {
  let next = from;
  const client = async (): Promise<void> => {
    while (next < to) await ask(url, next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
}

it.each(["tfjs", "onnx"] as const)(
  `uses no more memory after ${REQUESTS} requests, of which some fail and some are given up: %s`,
  async (runtime) => {
    const server = await startTinyServer(await tinyModel(), { runtime, maxSlots: 8 });
    const run = async (from: number, to: number): Promise<void> => {
      await askAll(server.url, from, to);
      await until(() => server.decoder.taken === 0);
      server.log.length = 0;
      server.decoder.stepSizes.length = 0;
    };
    await run(0, REQUESTS / 2);
    const tensors = tf.memory().numTensors;
    const before = await memoryInUse();
    await run(REQUESTS / 2, REQUESTS);
    const grown = (await memoryInUse()) - before;
    expect(tf.memory().numTensors).toBe(tensors);
    console.log(`Grown by ${(grown / 2 ** 20).toFixed(2)} MiB in the second half.`);
    expect(grown / 2 ** 20, "MiB grown in the second half").toBeLessThan(3);
    await server.stop();
  },
);

it(`serve, whose model runs in a thread, uses no more memory after ${REQUESTS} requests`, async () => {
  const folder = await mkdtemp(join(tmpdir(), "serve-memory-"));
  await saveOnnxFolder(folder, await tinyModel());
  const measuring = `import { writeSync } from "node:fs"; import { setFlagsFromString } from "node:v8";
    import { runInNewContext } from "node:vm"; import { isMainThread } from "node:worker_threads";
    if (isMainThread) process.on("SIGUSR2", () => {
      setFlagsFromString("--expose-gc");
      runInNewContext("gc")();
      const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
      writeSync(2, JSON.stringify({ used: heapUsed + external + arrayBuffers, rss }) + "\\n");
    });`;
  const started = await startListening(["serve", "--model", folder], { cwd: folder, env: importing(measuring) });
  const { child, ended, url } = started;
  const measure = (): Promise<{ used: number; rss: number }> =>
    new Promise((resolve) => {
      const look = (chunk: Buffer): void => {
        const [line] = /\{"used":.*\}/u.exec(chunk.toString()) ?? []; // among the log of requests that cannot work
        if (line === undefined) return;
        child.stderr.off("data", look);
        resolve(JSON.parse(line) as { used: number; rss: number });
      };
      child.stderr.on("data", look);
      child.kill("SIGUSR2");
    });
  await askAll(url, 0, REQUESTS / 2);
  const before = await measure();
  await askAll(url, REQUESTS / 2, REQUESTS);
  const after = await measure();
  const grown = { used: (after.used - before.used) / 2 ** 20, rss: (after.rss - before.rss) / 2 ** 20 };
  console.log("MiB grown in the second half:", grown);
  expect(grown.used).toBeLessThan(3);
  expect(grown.rss).toBeLessThan(64);
  child.kill("SIGTERM");
  expect((await ended).code).toBe(0);
  await rm(folder, { recursive: true });
});
