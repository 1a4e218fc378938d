import { expect, it } from "vitest";
import { BackendError, unavailable } from "./backend-error.ts";
import type { BackendName, Candidate } from "./backend-info.ts";
import { chooseBackend } from "./choose-backend.ts";

const STARTED = { versions: { tfjs: "4.22.0" }, threads: 2, memoryLimitBytes: 1e9 };

const starts = (name: BackendName, note?: string): Candidate => ({
  name,
  start: async () => (note === undefined ? STARTED : { ...STARTED, note }),
});

const fails = (name: BackendName): Candidate => ({
  name,
  start: async () => {
    throw unavailable(`${name} is broken: mend it.`);
  },
});

it("takes the first that starts, and says why not the better ones", async () => {
  expect(await chooseBackend("auto", [starts("native"), starts("wasm")])).toEqual({
    name: "native",
    reason: "the fastest one",
    ...STARTED,
  });
  const chosen = await chooseBackend("auto", [fails("webgpu"), fails("native"), starts("wasm", "without threads")]);
  expect(chosen.name).toBe("wasm");
  expect(chosen.reason).toBe("webgpu is broken: mend it; native is broken: mend it; without threads");
});

it("takes the named one, or says why it cannot", async () => {
  const candidates = [fails("native"), starts("wasm"), starts("cpu")];
  expect(await chooseBackend("cpu", candidates)).toMatchObject({ name: "cpu", reason: "as asked for" });
  await expect(chooseBackend("native", candidates)).rejects.toThrow(
    expect.objectContaining({ code: "BACKEND_UNAVAILABLE", message: "native is broken: mend it." }),
  );
  await expect(chooseBackend("webgpu", candidates)).rejects.toThrow(
    expect.objectContaining({
      code: "BACKEND_UNKNOWN",
      message: 'There is no backend "webgpu" here: choose one of auto, native, wasm, cpu.',
    }),
  );
});

it("says all reasons where nothing starts", async () => {
  const nothing = chooseBackend("auto", [fails("wasm"), fails("cpu")]);
  await expect(nothing).rejects.toThrow("wasm is broken: mend it. cpu is broken: mend it.");
  await expect(nothing).rejects.toBeInstanceOf(BackendError);
});

it("does not take a programming error for a missing backend", async () => {
  const broken: Candidate = { name: "wasm", start: () => Promise.reject(new TypeError("x is undefined")) };
  await expect(chooseBackend("auto", [broken, starts("cpu")])).rejects.toThrow(TypeError);
});
