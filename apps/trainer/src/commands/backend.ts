import { nativeStatus, removeNative, useBackend } from "@scratch-llm/backend/node";
import { runSetup } from "../bring-up.ts";
import type { Context } from "../flags.ts";
import { formatBytes } from "../format.ts";
import { fill } from "../messages/messages.ts";

async function setup({ output, messages }: Context): Promise<void> {
  const status = await nativeStatus();
  if (status.complete) output.note(messages.setup.already);
  else await runSetup(status, output, messages);
  output.event({ type: "done", backend: "native", folder: status.cacheFolder });
}

async function info({ output, messages, backend }: Context): Promise<void> {
  const chosen = await useBackend(backend);
  output.result(fill(messages.run.backend, { name: chosen.name, reason: chosen.reason }));
  for (const [name, version] of Object.entries(chosen.versions)) output.result(`${name.padEnd(8)} ${version}`);
  output.result(`threads  ${chosen.threads}`);
  output.result(`memory   ${formatBytes(chosen.memoryLimitBytes)}`);
  const { ready, complete } = await nativeStatus();
  if (ready && !complete) output.note(messages.setup.incomplete);
  output.event({ type: "done", ...chosen });
}

async function remove({ output, messages }: Context): Promise<void> {
  const { cacheFolder } = await nativeStatus();
  const bytes = await removeNative();
  const words = bytes === 0 ? messages.setup.nothingToRemove : messages.setup.removed;
  output.result(fill(words, { where: cacheFolder, size: formatBytes(bytes) }));
  output.event({ type: "done", folder: cacheFolder, bytes });
}

/** The verbs of `scratch-llm backend`. */
export const BACKEND_COMMANDS = { setup, info, remove } as const;
