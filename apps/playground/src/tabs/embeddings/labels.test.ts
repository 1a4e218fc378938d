import { expect, it } from "vitest";
import { withoutOverlap } from "./labels.ts";

it("leaves labels where there is room, and moves those below that would lie on a point or another label", () => {
  const spots = [
    { x: 0, y: 20, text: "harbour" },
    { x: 10, y: 22, text: "ship" },
    { x: 12, y: 24, text: "钟" },
    { x: 300, y: 21, text: "bell" },
    { x: 0, y: 200, text: "clock" },
  ];
  expect(withoutOverlap(spots)).toEqual([35, 50, 65, 21, 200]);
});
