import { Generator } from "@scratch-llm/nn";
import { describe, expect, it } from "vitest";
import { foldBias } from "./fold-bias.ts";

describe("foldBias", () => {
  it.each([1, 2, 7])("a head of %i classes gives the same logits without its bias", (classes) => {
    const generator = new Generator(classes);
    const width = 8;
    const [weight, bias, shift, x] = [classes * width, classes, width, width].map((n) => generator.normal(n)) as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const folded = foldBias(weight, bias, shift);
    const logits = (moved: Float32Array, added: Float32Array): number[] =>
      Array.from(bias, (_, row) =>
        x.reduce((sum, value, k) => sum + (value + moved[k]!) * weight[row * width + k]!, added[row] as number),
      );
    const [ours, theirs] = [logits(shift, bias), logits(folded, new Float32Array(classes))];
    ours.forEach((value, i) => expect(theirs[i]).toBeCloseTo(value, 4));
  });
});
