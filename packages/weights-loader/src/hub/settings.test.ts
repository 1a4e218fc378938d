import { homedir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { resolveSettings } from "./settings.ts";

it("is huggingface.co and the user's cache when nothing is said", () => {
  expect(resolveSettings({}, {})).toMatchObject({
    endpoint: "https://huggingface.co",
    token: undefined,
    tokenOrigin: "https://huggingface.co",
    cacheFolder: join(homedir(), ".cache", "huggingface", "hub"),
    offline: false,
    revision: "main",
  });
});

it("reads the variables of Hugging Face's tools", () => {
  const env = { HF_ENDPOINT: "https://hf-mirror.com/", HF_TOKEN: "secret", HF_HUB_OFFLINE: "1" };
  expect(resolveSettings({}, env)).toMatchObject({ endpoint: "https://hf-mirror.com", token: "secret", offline: true });
  expect(resolveSettings({}, env).tokenOrigin).toBe("https://huggingface.co"); // not the mirror
});

it.each([
  [{ XDG_CACHE_HOME: "/c" }, "/c/huggingface/hub"],
  [{ XDG_CACHE_HOME: "/c", HF_HOME: "/h" }, "/h/hub"],
  [{ HF_HOME: "~/h" }, join(homedir(), "h", "hub")],
  [{ HF_HOME: "/h", HF_HUB_CACHE: "/k" }, "/k"],
])("with %j the cache is %s", (env, folder) => {
  expect(resolveSettings({}, env).cacheFolder).toBe(folder);
});

it.each([
  ["0", false],
  ["", false],
  ["true", true],
  ["ON", true],
])("HF_HUB_OFFLINE=%j means %s", (value, offline) => {
  expect(resolveSettings({}, { HF_HUB_OFFLINE: value }).offline).toBe(offline);
});

it("puts options before the environment", () => {
  const env = { HF_ENDPOINT: "https://a", HF_TOKEN: "a", HF_HUB_OFFLINE: "1", HF_HUB_CACHE: "/a" };
  const options = { endpoint: "https://b", token: "b", offline: false, cacheFolder: "/b" };
  expect(resolveSettings(options, env)).toMatchObject(options);
});
