import { describe, expect, it } from "vitest";
import { plotLosses } from "./plot-losses.ts";

const curves = {
  epochsSeen: [0, 1, 2, 3],
  tokensSeen: [500, 10_000, 20_000, 30_000],
  trainLosses: [9.8, 6, 4, 2.5],
  valLosses: [9.9, 6.5, 6.2, 6.25],
};

/** Coordinates of the curve with this colour. */
function pathOf(svg: string, color: string): string {
  return new RegExp(`<path d="([^"]*)" fill="none" stroke="${color}"`).exec(svg)?.[1] ?? "";
}

/** Element names in order of opening, after checking that all are closed. */
function elements(svg: string): string[] {
  const open: string[] = [];
  const names: string[] = [];
  for (const [, close, name = "", self] of svg.matchAll(/<(\/?)(\w+)[^<>]*?(\/?)>/g)) {
    if (close && open.pop() !== name) throw new Error(`</${name}> closes nothing.`);
    if (!close) names.push(name);
    if (!close && !self) open.push(name);
  }
  if (open.length > 0) throw new Error(`Not closed: ${open.join(", ")}.`);
  return names;
}

describe("plotLosses", () => {
  it("draws both curves from left to right, high losses above", () => {
    const svg = plotLosses(curves);
    for (const color of ["#0072b2", "#d55e00"]) {
      const points = pathOf(svg, color)
        .slice(1)
        .split("L")
        .map((point) => point.split(",").map(Number));
      expect(points).toHaveLength(4);
      const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
      expect(xs).toEqual(xs.toSorted((a = 0, b = 0) => a - b));
      expect(ys[0]).toBeLessThan(ys[2] ?? 0);
    }
    expect(elements(svg)[0]).toBe("svg");
  });

  it("has epochs below, tokens above, and the last losses in the legend", () => {
    const svg = plotLosses(curves);
    for (const words of [
      "Epochs",
      "Tokens seen",
      "Loss",
      "Training loss  2.500",
      "Validation loss  6.250",
      "10k",
      "20k",
    ]) {
      expect(svg).toContain(`>${words}</text>`);
    }
    expect(svg).not.toContain(">0.5</text>"); // whole epochs only
  });

  it("escapes title and labels", () => {
    const svg = plotLosses({ ...curves, title: `a<b>&"c"\u0001`, labels: { loss: "<script>", train: "训练损失" } });
    expect(svg).toContain(`>a&lt;b&gt;&amp;&quot;c&quot;\ufffd</text>`);
    expect(svg).toContain(">&lt;script&gt;</text>");
    expect(svg).toContain(">训练损失  2.500</text>");
    expect(elements(svg)).not.toContain("script");
  });

  it("leaves a gap for a loss that is no number, and copes with a single evaluation", () => {
    const svg = plotLosses({ ...curves, valLosses: [9.9, Number.NaN, 6.2, 6.25] });
    expect(pathOf(svg, "#d55e00").match(/M/g)).toHaveLength(2);
    const single = plotLosses({ epochsSeen: [0], tokensSeen: [512], trainLosses: [9], valLosses: [Number.NaN] });
    expect(single).not.toMatch(/="[^"]*NaN/); // in no attribute
  });

  it("has room for values below 0", () => {
    const svg = plotLosses({ ...curves, trainLosses: [-1, 0, 1, 2], valLosses: [-3, -2, -1, 0] });
    const height = Number(/viewBox="0 0 \d+ (\d+)"/.exec(svg)?.[1]);
    const ys =
      pathOf(svg, "#d55e00")
        .match(/(?<=,)[\d.]+/g)
        ?.map(Number) ?? [];
    expect(ys).toHaveLength(4);
    expect(Math.max(...ys)).toBeLessThan(height - 50); // above the axis
    expect(ys).toEqual(ys.toSorted((a, b) => b - a));
  });

  it("refuses lists that are empty or of unequal length", () => {
    expect(() => plotLosses({ ...curves, valLosses: [1] })).toThrow(/valLosses 1/);
    expect(() => plotLosses({ epochsSeen: [], tokensSeen: [], trainLosses: [], valLosses: [] })).toThrow(RangeError);
  });
});
