import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { post, startTinyServer, tinyModel, until } from "../../test/tiny-server.ts";

const REQUESTS = 2000;
const AT_ONCE = 16;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Bytes in use after garbage collection, of JavaScript and outside it. */
function memoryInUse(): number {
  collectGarbage();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + external + arrayBuffers;
}

it.each(["tfjs", "onnx"] as const)(
  `uses no more memory after ${REQUESTS} requests, of which some fail and some are given up: %s`,
  async (runtime) => {
    const server = await startTinyServer(await tinyModel(), { runtime, maxSlots: 8 });
    const ask = async (i: number): Promise<void> => {
      const wish = { prompt: "A prompt goes", max_tokens: 4, seed: i, stream: i % 2 === 0, logprobs: i % 3 };
      const url = `${server.url}/v1/completions`;
      if (i % 10 === 0) {
        const headers = { "Content-Type": "application/json" };
        const request = { method: "POST", headers, body: JSON.stringify({ ...wish, max_tokens: 80 }) };
        await fetch(url, { ...request, signal: AbortSignal.timeout(20) }).then(
          (answer) => answer.body?.cancel(),
          () => {},
        );
        return;
      }
      await (await post(url, i % 10 === 1 ? { ...wish, temperature: -1 } : wish)).text();
    };
    const run = async (from: number, to: number): Promise<void> => {
      let next = from;
      const client = async (): Promise<void> => {
        while (next < to) await ask(next++);
      };
      await Promise.all(Array.from({ length: AT_ONCE }, client));
      await until(() => server.decoder.taken === 0);
      server.log.length = 0;
      server.decoder.stepSizes.length = 0;
    };
    await run(0, REQUESTS / 2);
    const tensors = tf.memory().numTensors;
    const before = memoryInUse();
    await run(REQUESTS / 2, REQUESTS);
    const grown = memoryInUse() - before;
    expect(tf.memory().numTensors).toBe(tensors);
    console.log(`Grown by ${(grown / 2 ** 20).toFixed(2)} MiB in the second half.`);
    expect(grown / 2 ** 20, "MiB grown in the second half").toBeLessThan(3);
    await server.stop();
  },
);
