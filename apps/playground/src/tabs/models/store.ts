import { type Signal, signal } from "@preact/signals";
import type { DownloadPlan, Form, Progress, Storage } from "../../engine/protocol.ts";
import { asError } from "../../state/as-error.ts";
import { engine, showModel } from "../../state/engine.ts";
import { params } from "./params.ts";

/** What this browser keeps. */
export const storage: Signal<Storage | undefined> = signal(undefined);
/** What a download would fetch. */
export const plan: Signal<DownloadPlan | undefined> = signal(undefined);
export const progress: Signal<Progress | undefined> = signal(undefined);
export const error: Signal<Error | undefined> = signal(undefined);
let cancelled = new AbortController();

/** Looks what there is; what went wrong before stays told. */
export async function look(): Promise<void> {
  try {
    storage.value = await engine.call("storedModels", {});
  } catch (failure) {
    error.value = asError(failure);
  }
}

/** Asks the server what there is to fetch, and fetches nothing. */
export async function describe(): Promise<void> {
  plan.value = undefined;
  await guarded(async () => (plan.value = await engine.call("describeDownload", asked())));
}

/** Fetches one of the forms of the plan and shows the model. Cancelled or cut, the next download goes on where this one stopped. */
export async function download(form: Form): Promise<void> {
  cancelled = new AbortController();
  const { signal } = cancelled;
  await guarded(async () => {
    for await (const item of engine.stream("download", { ...asked(), form }, { signal })) {
      if (item.type === "progress") progress.value = item;
      else await showModel({ kind: "stored", name: item.result.name }, item.result.name);
    }
    plan.value = undefined;
  }, signal);
  progress.value = undefined;
  await look();
}

export function cancel(): void {
  cancelled.abort();
}

export async function remove(name: string): Promise<void> {
  await guarded(async () => (storage.value = await engine.call("deleteStored", { name })));
}

function asked() {
  return { endpoint: params.endpoint.value.trim(), repository: params.repository.value.trim() };
}

async function guarded(work: () => Promise<unknown>, signal?: AbortSignal): Promise<void> {
  error.value = undefined;
  try {
    await work();
  } catch (failure) {
    if (!signal?.aborted) error.value = asError(failure);
  }
}
