import type { BackendInfo } from "@scratch-llm/backend/node";
import { type GPTConfig } from "@scratch-llm/gpt";
import { availableMemory } from "./available-memory.ts";
import { TrainerError } from "./errors.ts";
import { formatBytes } from "./format.ts";
import { estimateTrainingMemory, type StepKind } from "./memory-estimate.ts";
import { fill, type Messages } from "./messages/messages.ts";

/** What decides how much memory a run needs. */
export interface MemoryRequest {
  readonly config: GPTConfig;
  readonly batchSize: number;
  readonly backend: BackendInfo;
  readonly kind: StepKind;
  /** Parameters that are trained; default all. */
  readonly trainable?: number;
  /** The setting that shortens the rows; default model.contextLength. */
  readonly lengthSetting?: string;
}

/** Memory that a run needs and that there is, in bytes. */
export interface MemoryNeed {
  readonly needed: number;
  readonly available: number;
}

/** What the run needs at its peak beside what this system, or the backend's own limit, leaves. */
export async function memoryNeed(request: MemoryRequest): Promise<MemoryNeed> {
  const { config, batchSize, backend, kind, trainable } = request;
  return {
    needed: estimateTrainingMemory(config, batchSize, backend.name, kind, trainable),
    available: Math.min(await availableMemory(), backend.memoryLimitBytes),
  };
}

/**
 * @throws {TrainerError} `MEMORY` when it will not fit, with what would: recomputation, or the largest batch and context.
 */
export function requireMemory({ needed, available }: MemoryNeed, request: MemoryRequest, messages: Messages): void {
  if (needed <= available) return;
  const { errors } = messages;
  const fit = smallerThatFits(request, available);
  const remedy =
    fit === undefined
      ? errors.memoryNoRemedy
      : fill(errors.memoryRemedy, { settings: fit.flags, needed: formatBytes(fit.needed) });
  const values = { needed: formatBytes(needed), available: formatBytes(available), remedy };
  throw new TrainerError("MEMORY", fill(errors.memory, values));
}

/** Recomputes, or halves the batch, then the context, until the run fits. */
function smallerThatFits(
  { config, batchSize, backend, kind, trainable, lengthSetting = "model.contextLength" }: MemoryRequest,
  available: number,
): { flags: string; needed: number } | undefined {
  if (kind === "compiled" && backend.name === "native") {
    const needed = estimateTrainingMemory(config, batchSize, backend.name, "recomputed", trainable);
    if (needed <= available) return { flags: "--recompute block", needed };
  }
  let batch = batchSize;
  let contextLength = config.contextLength;
  while (batch > 1 || contextLength > SHORTEST_CONTEXT) {
    if (batch > 1) batch = Math.floor(batch / 2);
    else contextLength = Math.max(SHORTEST_CONTEXT, Math.floor(contextLength / 2));
    const needed = estimateTrainingMemory({ ...config, contextLength }, batch, backend.name, kind, trainable);
    if (needed > available) continue;
    const context = contextLength === config.contextLength ? "" : ` --set ${lengthSetting}=${contextLength}`;
    return { flags: `--set train.batchSize=${batch}${context}`, needed };
  }
  return undefined;
}

/** Below this a model cannot learn much from its context. */
const SHORTEST_CONTEXT = 32;
