import {
  type BackendInfo,
  type BackendName,
  type NativeStatus,
  nativeStatus,
  setupNative,
  type SetupEvent,
  useBackend,
} from "@scratch-llm/backend/node";
import { describeError, explainError } from "./errors.ts";
import { formatBytes } from "./format.ts";
import { interrupted } from "./interrupt.ts";
import { fill, type Messages } from "./messages/messages.ts";
import type { Output } from "./output.ts";

export type BackendChoice = "auto" | BackendName;

/** The one attempt of this process to set native TensorFlow up, and why it failed. */
let attempt: Promise<string | undefined> | undefined;

/**
 * Brings up the backend of the user's choice. With "auto", native TensorFlow is set up the first time; where that is
 * not possible the run goes on with WASM and says why.
 */
export async function bringUpBackend(choice: BackendChoice, output: Output, messages: Messages): Promise<BackendInfo> {
  const wantsNative = choice === "auto" || choice === "native";
  if (wantsNative) attempt ??= ensureNative(choice, output, messages);
  const failure = wantsNative ? await attempt : undefined;
  const info = await useBackend(choice);
  return failure === undefined ? info : { ...info, reason: failure };
}

/** Undefined when native is ready; else why it is not, when there is something else to go on with. */
async function ensureNative(
  choice: "auto" | "native",
  output: Output,
  messages: Messages,
): Promise<string | undefined> {
  const status = await nativeStatus();
  if (status.ready) return undefined;
  try {
    await runSetup(status, output, messages);
    return undefined;
  } catch (error) {
    if (choice === "native" || interrupted.aborted) throw error;
    const failure = describeError(error);
    output.note(fill(messages.setup.failed, { reason: explainError(failure, messages) }));
    output.note(messages.setup.fallback);
    return failure.message;
  }
}

/** Sets native TensorFlow up, or completes it, with its progress on stderr; answers with the folder where it lies. */
export async function runSetup({ ready }: NativeStatus, output: Output, messages: Messages): Promise<string> {
  output.note(ready ? messages.setup.completing : messages.setup.start);
  const result = await setupNative({
    signal: interrupted,
    onProgress: (event) => {
      output.progress(`${event.phase}: ${event.message}${bytesOf(event)}`);
    },
  });
  output.clearProgress();
  output.note(fill(messages.setup.done, { where: result.folder }));
  return result.folder;
}

function bytesOf({ bytes, totalBytes }: SetupEvent): string {
  if (bytes === undefined) return "";
  return totalBytes === undefined ? ` ${formatBytes(bytes)}` : ` ${formatBytes(bytes)} / ${formatBytes(totalBytes)}`;
}
