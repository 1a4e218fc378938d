import { onBackends } from "@test/backend.ts";
import { expectClose } from "@test/expect-close.ts";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { load } from "../models/load.ts";
import { type Open, Shelf } from "../models/shelf.ts";
import { nodeHost } from "../testing/node-host.ts";
import { attention } from "./attention.ts";
import { traceBlock } from "./block.ts";
import { embeddingPlane, embeddingSum, neighbours } from "./embeddings.ts";
import { nextTokenLogits } from "./next-token.ts";
import { encode, tokensOf } from "./tokens.ts";
import { principalPlane } from "./principal-plane.ts";

onBackends(
  (backend) => {
    let shelved: Open;
    let ids: Int32Array;
    beforeAll(async () => {
      const source = { kind: "bundled" } as const;
      const shelf = new Shelf();
      const { signal } = new AbortController();
      const learned = (): never => expect.unreachable();
      await shelf.put("tiny", load({ model: "tiny", source }, { host: nodeHost(), learned, signal, emit: () => {} }));
      shelved = await shelf.open("tiny");
      ids = shelved.tokenizer.encode("The Patience is a mill. 何大娘小声说");
    });

    const sums = (weights: Float32Array, t: number): number[] =>
      Array.from({ length: weights.length / t }, (_, row) =>
        weights.subarray(row * t, (row + 1) * t).reduce((sum, value) => sum + value, 0),
      );

    it("shows attention whose rows sum to 1 and whose future is exactly 0", async () => {
      const before = tf.memory().numTensors;
      const { weights, heads, tokens, first } = await attention(shelved, ids, true);
      const t = ids.length;
      expect([weights.length, heads, tokens.length, first]).toEqual([3, 6, t, 0]);
      for (const layer of weights) {
        for (const sum of sums(layer, t)) expect(Math.abs(sum - 1)).toBeLessThan(1e-5);
        const future = layer.filter((_, i) => i % t > Math.floor(i / t) % t); // key after query
        expect(future).toEqual(new Float32Array((heads * t * (t - 1)) / 2));
      }
      expect(tokens.map(({ text }) => text).join("")).toContain("Patience");
      expect(tf.memory().numTensors).toBe(before);
    });

    it("lets tokens see the future without the mask, and only then", async () => {
      const open = await attention(shelved, ids, false);
      expect(open.weights[0]?.[1]).toBeGreaterThan(0); // the first token looks at the second
      for (const sum of sums(open.weights[2]!, ids.length)) expect(Math.abs(sum - 1)).toBeLessThan(1e-5);
      const closed = await attention(shelved, ids, true);
      expect(closed.weights[0]?.[1]).toBe(0);
    });

    it("shows the last 128 tokens of a longer text", async () => {
      const long = Int32Array.from({ length: 300 }, (_, i) => ids[i % ids.length]!);
      const trace = await traceBlock(shelved, long, { block: 0, token: 200 });
      expect(trace.index).toBe(127);
      for (const { first, tokens } of [
        await attention(shelved, long, true),
        await embeddingSum(shelved, long),
        await embeddingPlane(shelved, long),
        trace,
      ]) {
        expect([first, tokens.length, tokens[0]?.id]).toEqual([172, 128, long[172]]);
      }
    });

    it("calls the bytes of a broken character by their hex, as no text reads", () => {
      const fragments = tokensOf(shelved.tokenizer, encode(shelved.tokenizer, "钅AB")).map(({ text }) => text);
      expect(fragments.join("")).toMatch(/^(?:<[\dA-F]{2}(?:\u00A0[\dA-F]{2})*>)+AB$/u);
    });

    it("reads a special token in a text as what it is", () => {
      expect(encode(shelved.tokenizer, "<|endoftext|>")).toEqual(Int32Array.of(shelved.tokenizer.eosId!));
    });

    it("traces a block to the numbers of the model itself", async () => {
      const position = ids.length - 3;
      const { stages } = await traceBlock(shelved, ids, { block: 1, token: position });
      const found = new Map(stages.map(({ name, values }) => [name, values]));
      let output: Float32Array | undefined;
      tf.tidy(() => {
        const tap = (name: string, value: tf.Tensor): void => {
          if (name === "trfBlocks.1.output")
            output = value.slice([0, position, 0], [1, 1, -1]).dataSync() as Float32Array;
        };
        shelved.model.forward(tf.tensor2d(ids, [1, ids.length], "int32"), { tap });
      });
      expectClose(found.get("output") ?? [], output ?? [], { absolute: 2e-5, relative: 1e-4 });
      const { weights } = await attention(shelved, ids, true);
      const t = ids.length;
      const row = weights[1]!.subarray(position * t, position * t + position + 1); // head 0
      expectClose(found.get("weights")!.subarray(0, position + 1), row, { absolute: 1e-5 });
      expect(stages.find(({ name }) => name === "expand")?.shape).toEqual([768]);
    });

    it("adds token and position embeddings, and finds neighbours", async () => {
      const { token, position, sum, width } = await embeddingSum(shelved, ids);
      expect(sum).toHaveLength(ids.length * width);
      expectClose(
        sum,
        token.map((value, i) => value + position[i]!),
        { absolute: 1e-6 },
      );
      const near = await neighbours(shelved, ids[0]!, 5);
      expect(near).toHaveLength(5);
      expect(near.map(({ id }) => id)).not.toContain(ids[0]);
      expect(near.map(({ similarity }) => similarity)).toEqual(
        near.map(({ similarity }) => similarity).toSorted((a, b) => b - a),
      );
      expect(near[0]?.similarity).toBeLessThan(1);
      const { points, explained } = await embeddingPlane(shelved, ids);
      expect(points).toHaveLength(2 * ids.length);
      expect(explained[0]).toBeGreaterThanOrEqual(explained[1]);
    });

    it("gives the logits after the last token, however long the text", async () => {
      const logits = await nextTokenLogits(shelved, ids);
      expect(logits).toHaveLength(shelved.model.config.vocabSize);
      const long = Int32Array.from({ length: 200 }, () => ids[0]!);
      expect(await nextTokenLogits(shelved, long)).toHaveLength(shelved.model.config.vocabSize);
      await expect(nextTokenLogits(shelved, new Int32Array(0))).rejects.toThrow("no token");
      await expect(nextTokenLogits(shelved, Int32Array.of(99_999))).rejects.toThrow("Token 99999");
    });

    it.runIf(backend === "cpu")("leaves no tensor behind", async () => {
      const before = tf.memory().numTensors;
      await traceBlock(shelved, ids, { block: 0, token: 2 });
      await neighbours(shelved, 5, 3);
      await embeddingSum(shelved, ids);
      await nextTokenLogits(shelved, ids);
      expect(tf.memory().numTensors).toBe(before);
    });
  },
  ["cpu", "wasm"],
);

describe("principal components", () => {
  it("finds the axes of a tilted ellipse", () => {
    const points = Array.from({ length: 200 }, (_, i) => {
      const [along, across] = [Math.cos(i) * 5, Math.sin(i * 1.7)];
      return [(along - across) * Math.SQRT1_2 + 3, (along + across) * Math.SQRT1_2 - 7, 2];
    });
    const { points: found, explained } = principalPlane(Float32Array.from(points.flat()), 3);
    expect(explained[0] + explained[1]).toBeCloseTo(1, 6);
    expect(explained[0]).toBeGreaterThan(0.9);
    const original = points.map(([x = 0, y = 0]) => (x - 3 + y + 7) * Math.SQRT1_2);
    const mean = original.reduce((a, b) => a + b, 0) / original.length;
    original.forEach((value, i) => expect(found[2 * i]).toBeCloseTo(value - mean, 1));
  });

  it("takes rows that are all the same", () => {
    expect(principalPlane(new Float32Array(6).fill(1), 3)).toEqual({ points: new Float32Array(4), explained: [0, 0] });
  });
});
