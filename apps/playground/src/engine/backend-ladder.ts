import { BackendError, type BackendInfo } from "@scratch-llm/backend";
import * as tf from "@tensorflow/tfjs";
import type { Host } from "./host.ts";
import type { BackendChoice, BackendName, Refusal, Status } from "./protocol.ts";

/** The backend that was brought up, and the better ones that were not. */
export interface Started {
  readonly info: BackendInfo;
  readonly choice: BackendChoice;
  readonly refused: readonly Refusal[];
}

const LADDER = ["webgpu", "wasm", "cpu"] as const satisfies readonly BackendName[];

/**
 * Brings up the backend of that name, or with "auto" the best that there is: WebGPU, WASM with threads, WASM, cpu.
 * @throws BackendError
 */
export async function climb(choice: BackendChoice, host: Host): Promise<Started> {
  const refused: Refusal[] = [];
  for (const name of choice === "auto" ? LADDER : [choice]) {
    try {
      const info = await host.startBackend(name);
      if (choice === "auto" && name === "wasm" && info.threads === 1) refused.push(await whyOneThread());
      return { info, choice, refused };
    } catch (error) {
      const isLast = choice !== "auto" || name === "cpu";
      if (!(error instanceof BackendError) || isLast) throw error;
      refused.push({ backend: name, code: name === "webgpu" ? await whyNoWebgpu() : "failed", detail: error.message });
    }
  }
  throw new BackendError("BACKEND_UNKNOWN", `There is no backend "${choice}".`);
}

/** The backend as it is now. */
export function statusOf({ info, choice, refused }: Started): Status {
  const { numTensors, numBytes } = tf.memory();
  return {
    backend: info.name as BackendName,
    choice,
    refused,
    threads: info.threads,
    adapter: info.adapter ?? null,
    numTensors,
    memBytes: numBytes,
  };
}

async function whyNoWebgpu(): Promise<Refusal["code"]> {
  const gpu: GPU | undefined = globalThis.navigator?.gpu;
  if (!gpu) return "missing";
  const adapter = await gpu.requestAdapter().catch(() => null);
  return adapter ? "failed" : "no-adapter";
}

async function whyOneThread(): Promise<Refusal> {
  const backend = "wasm-threads";
  if (globalThis.crossOriginIsolated !== true) {
    return { backend, code: "not-isolated", detail: "The page is served without the headers that threads need." };
  }
  if ((globalThis.navigator?.hardwareConcurrency ?? 1) < 4) {
    return { backend, code: "few-cores", detail: "TensorFlow.js uses half of the processor's cores: here, one." };
  }
  return { backend, code: "failed", detail: "TensorFlow.js uses one thread." };
}
