import { expect, it } from "vitest";
import { StopStrings } from "./stop-strings.ts";

function feed(stops: string[], pieces: string[]): { shown: string[]; stopped: boolean; rest: string } {
  const stopStrings = new StopStrings(stops);
  const shown: string[] = [];
  for (const piece of pieces) {
    const { text, stopped } = stopStrings.push(piece);
    shown.push(text);
    if (stopped) return { shown, stopped, rest: "" };
  }
  return { shown, stopped: false, rest: stopStrings.flush() };
}

it("stops at a string that two pieces share, and shows nothing of it", () => {
  expect(feed(["###"], ["Hi. #", "# ", "a #", "##b"])).toEqual({
    shown: ["Hi. ", "## ", "a ", ""],
    stopped: true,
    rest: "",
  });
});

it("shows at once what cannot begin a stop string, and the rest at the end", () => {
  expect(feed(["END", "fin"], ["the E", "N", "d f", "i"])).toEqual({
    shown: ["the ", "", "ENd ", ""],
    stopped: false,
    rest: "fi",
  });
});

it("stops at the earliest of several strings", () => {
  expect(feed(["cd", "bcd"], ["abcde"])).toEqual({ shown: ["a"], stopped: true, rest: "" });
});

it("passes everything on without stop strings", () => {
  expect(feed(["", ""], ["a", "b"])).toEqual({ shown: ["a", "b"], stopped: false, rest: "" });
});
