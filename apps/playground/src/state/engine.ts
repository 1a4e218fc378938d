import { effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { EngineClient, type EngineState } from "../engine/client.ts";
import type { BackendChoice, LoadStage, ModelInfo, ModelSource, Progress, Status } from "../engine/protocol.ts";
import { asError } from "./as-error.ts";

/** The one engine of the page: everything that costs more than a moment is asked of it. */
export const engine = new EngineClient(
  () => new Worker(new URL("../engine/worker.ts", import.meta.url), { type: "module", name: "engine" }),
);

/** What the engine calls the model that all tabs show. */
export const MODEL = "shown";

const BUNDLED: ModelSource = { kind: "bundled" };
let shown: { readonly source: ModelSource; readonly name: string | undefined } = { source: BUNDLED, name: undefined };

/** Whether the engine answers. */
export const engineState: ReadonlySignal<EngineState> = fromSubscription();

/** The model that all tabs show, once it is loaded. */
export const model: Signal<ModelInfo | undefined> = signal(undefined);

/** What it is called, where it has a name of its own (a stored model, a dropped folder). */
export const modelName: Signal<string | undefined> = signal(undefined);

/** How far the loading of another model is. */
export const modelProgress: Signal<Progress<LoadStage> | undefined> = signal(undefined);

/** Why there is no model, or not the one that was asked for. */
export const modelError: Signal<Error | undefined> = signal(undefined);

let loading = new AbortController();

/** Loads another model for all tabs, in place of one that is on its way. What was shown stays until it is there. */
export async function showModel(source: ModelSource, name?: string): Promise<void> {
  cancelLoading();
  loading = new AbortController();
  const { signal } = loading;
  modelError.value = undefined;
  try {
    for await (const item of engine.stream("loadModel", { model: MODEL, source }, { signal })) {
      if (item.type === "progress") modelProgress.value = signal.aborted ? undefined : item;
      else {
        shown = { source, name };
        modelName.value = name;
        model.value = item.result;
      }
    }
  } catch (error) {
    if (!signal.aborted) modelError.value = asError(error);
  } finally {
    if (loading.signal === signal) modelProgress.value = undefined;
  }
}

/** Gives up what is being loaded. */
export function cancelLoading(): void {
  loading.abort();
}

/** Brings the engine up, or up anew with a backend of the user's choice, and shows the same model as before. */
export async function startEngine(backend: BackendChoice = "auto"): Promise<void> {
  const { source, name } = shown;
  try {
    await engine.start(backend);
  } catch {
    return; // the engine's state tells, and the header shows it
  }
  await showModel(source.kind === "run" ? BUNDLED : source, name); // a run ends with its engine
}

/** A text as the shown model reads it. */
export function idsOf(text: string): Promise<Int32Array> {
  return engine.call("encode", { model: MODEL, text });
}

function fromSubscription(): ReadonlySignal<EngineState> {
  const state = signal(engine.state);
  engine.subscribe((next) => (state.value = next));
  return state;
}

declare global {
  /** For tests and for curious people at the console. */
  var __pg: { readonly status: () => Promise<Status>; readonly engine: EngineClient };
}
globalThis.__pg = { status: () => engine.call("status", {}), engine };

effect(() => {
  if (engineState.value.phase === "failed") globalThis.console.warn(engineState.value.error.message);
});
