import { nativeStatus, removeNative } from "@scratch-llm/backend/node";
import { bringUpBackend, runSetup } from "../bring-up.ts";
import type { Context } from "../cli.ts";
import { formatBytes } from "../format.ts";
import { fill } from "../messages/messages.ts";

async function setup({ output, messages }: Context): Promise<void> {
  const status = await nativeStatus();
  if (status.ready) output.note(fill(messages.setup.already, { where: status.folder }));
  const folder = status.ready ? status.folder : await runSetup(output, messages);
  output.event({ type: "done", backend: "native", folder });
}

async function info({ output, messages, backend }: Context): Promise<void> {
  const chosen = await bringUpBackend(backend, output, messages);
  output.result(fill(messages.run.backend, { name: chosen.name, reason: chosen.reason }));
  for (const [name, version] of Object.entries(chosen.versions)) output.result(`${name.padEnd(8)} ${version}`);
  output.result(`threads  ${chosen.threads}`);
  output.result(`memory   ${formatBytes(chosen.memoryLimitBytes)}`);
  output.event({ type: "done", ...chosen });
}

async function remove({ output, messages }: Context): Promise<void> {
  const removed = await removeNative();
  output.result(
    removed.bytes === 0
      ? messages.setup.nothingToRemove
      : fill(messages.setup.removed, { where: removed.folder, size: formatBytes(removed.bytes) }),
  );
  output.event({ type: "done", ...removed });
}

/** The verbs of `scratch-llm backend`. */
export const BACKEND_COMMANDS = { setup, info, remove } as const;
