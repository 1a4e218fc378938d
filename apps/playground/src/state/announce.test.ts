import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { announce, statusLine } from "./announce.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("says the last word of two seconds, and falls silent", () => {
  announce("first");
  announce("second");
  announce("third");
  expect(statusLine.value).toBe("first");
  vi.advanceTimersByTime(2000);
  expect(statusLine.value).toBe("third");
  vi.advanceTimersByTime(5900);
  expect(statusLine.value).toBe("third");
  vi.advanceTimersByTime(100);
  expect(statusLine.value).toBe("");
  announce("fourth");
  expect(statusLine.value).toBe("fourth");
});
