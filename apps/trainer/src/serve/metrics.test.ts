import { expect, it } from "vitest";
import { Metrics } from "./metrics.ts";

/** A line of Prometheus' text format: a name, labels, a number. */
const SAMPLE =
  /^([a-zA-Z_:][\w:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? ([-+]?(?:Inf|NaN|Nan|\d[\d.]*(?:e[-+]?\d+)?))$/u;
const ABOUT = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/u;

it("are text that Prometheus reads: every sample has a type, and buckets add up", async () => {
  const metrics = new Metrics();
  for (const [status, seconds] of [
    [200, 0.02],
    [200, 7],
    [429, 400],
  ] as const) {
    metrics.answered("/v1/completions", status, seconds);
  }
  metrics.read(7);
  metrics.wrote(3);
  metrics.firstToken(0.3);
  const types = new Map<string, string>();
  const samples = new Map<string, number>();
  for (const line of (await metrics.registry.metrics()).split("\n").filter((text) => text !== "")) {
    const about = ABOUT.exec(line);
    if (about !== null) {
      if (about[1] === "TYPE") types.set(about[2]!, about[3]!);
      continue;
    }
    const [, name, labels = "", value] = SAMPLE.exec(line) ?? [];
    expect(name, line).toBeDefined();
    const family = name!.replace(/_(?:bucket|sum|count)$/u, "");
    expect(types.get(family) ?? types.get(name!), line).toMatch(/^(?:counter|gauge|histogram|summary)$/u);
    samples.set(`${name}{${labels}}`, Number(value!.replace("Inf", "Infinity")));
  }
  expect(samples.get('scratch_llm_requests_total{route="/v1/completions",status="200"}')).toBe(2);
  expect(samples.get("scratch_llm_prompt_tokens_total{}")).toBe(7);
  expect(samples.get("scratch_llm_generated_tokens_total{}")).toBe(3);
  const bucket = (le: string): number | undefined =>
    samples.get(`scratch_llm_request_seconds_bucket{le="${le}",route="/v1/completions"}`);
  expect(["0.025", "5", "10", "300", "+Inf"].map(bucket)).toEqual([1, 1, 2, 2, 3]);
  expect(samples.get('scratch_llm_request_seconds_count{route="/v1/completions"}')).toBe(3);
  expect(metrics.registry.contentType).toMatch(/^text\/plain; version=0\.0\.4/u);
});
