import { existsSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { destination, pino } from "pino";
import { TrainerError } from "../errors.ts";
import { folderOf } from "../exported-model.ts";
import { findModel } from "../find-model.ts";
import type { Context } from "../flags.ts";
import { whenInterrupted } from "../interrupt.ts";
import { fill } from "../messages/messages.ts";
import type { RuntimeFlags } from "../open-model.ts";
import { openModelThread } from "../serve/model-thread.ts";
import type { ServiceLimits } from "../serve/service.ts";
import { tryListening } from "../serve/server.ts";
import { type RunningServer, startServer } from "../serve/start-server.ts";
import { playgroundFolder } from "../serve/static-page.ts";
import { formatCalled, ownFormat } from "../tuning/own-format.ts";

/** Where a server listens. */
export interface ListenFlags {
  readonly host: string;
  readonly port: number;
}

/** The flags of `serve`. */
export interface ServeFlags extends ListenFlags, RuntimeFlags {
  readonly model?: string;
  readonly name?: string;
  readonly template?: string;
  readonly slots: number;
  readonly queue: number;
  readonly answerTime: number;
  readonly requestTime: number;
  readonly bodyLimit: number;
  readonly apiKey?: string;
  readonly cors?: string;
}

const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "::1"]);

/** `scratch-llm serve`: a model behind OpenAI's HTTP interface, until a signal ends it. */
export async function serve(flags: ServeFlags, context: Context): Promise<void> {
  const { output, messages } = context;
  const apiKey = flags.apiKey ?? process.env["SCRATCH_LLM_API_KEY"];
  if (apiKey === "") throw new TrainerError("USAGE", messages.serve.emptyKey);
  const path = await findModel(flags.model, messages);
  const taught = await (flags.template === undefined ? ownFormat(path) : formatCalled(flags.template, path));
  await listening(flags, context, () => tryListening(flags)); // a large model takes a while to open
  const { tokenizer, decoder, lost } = await openModelThread({ ...context, path, flags, maxSlots: flags.slots });
  const id = flags.name ?? modelName(flags.model ?? path, path);
  const server = await listening(flags, context, () =>
    startServer({
      model: { id, tokenizer, decoder, format: taught?.format },
      log: pino({ level: output.quiet ? "warn" : "info", base: null }, destination({ dest: 2, sync: true })),
      texts: messages.api,
      queueLimit: flags.queue,
      limits: limits(flags),
      apiKey,
      cors: flags.cors,
      page: playgroundFolder(),
      host: flags.host,
      port: flags.port,
    }),
  ).catch(async (error: unknown) => {
    await decoder.dispose();
    throw error;
  });
  const failed = lost.catch(async (error: unknown) => {
    await server.stop().catch(() => {}); // there is no model to be disposed of any more
    throw error;
  });
  output.event({ type: "listening", url: server.url, model: id, chat: taught?.name ?? null });
  output.result(fill(messages.serve.listening, { model: id, url: server.url }));
  output.result(taught === undefined ? messages.serve.noChat : fill(messages.serve.chat, { format: taught.name }));
  if (playgroundFolder() !== undefined) output.result(fill(messages.serve.page, { url: server.url }));
  if (apiKey === undefined && !LOOPBACK.has(flags.host)) output.note(fill(messages.serve.open, { host: flags.host }));
  await Promise.race([untilInterrupted(server, context), failed]);
}

function limits({ bodyLimit, answerTime, requestTime }: ServeFlags): ServiceLimits {
  return { bodyBytes: bodyLimit, answerSeconds: answerTime, requestSeconds: requestTime };
}

/** The name that the user knows the model by: of its folder, or of the run that a checkpoint belongs to. */
function modelName(wished: string, path: string): string {
  if (basename(dirname(path)) === "checkpoints") return basename(dirname(dirname(resolve(path))));
  return basename(resolve(existsSync(wished) ? folderOf(wished) : wished));
}

/**
 * Starts a server.
 * @throws {TrainerError} `ADDRESS` where the system does not let it listen
 */
export async function listening<T>(
  { host, port }: ListenFlags,
  { messages }: Context,
  start: () => Promise<T>,
): Promise<T> {
  try {
    return await start();
  } catch (cause) {
    if (!(cause instanceof Error && "syscall" in cause)) throw cause;
    const reason = "code" in cause ? String(cause.code) : cause.message;
    throw new TrainerError("ADDRESS", fill(messages.serve.cannotListen, { host, port, reason }), { cause });
  }
}

/** Waits for a signal and lets the running answers finish; a second signal ends the process. */
export async function untilInterrupted(
  { stop }: Pick<RunningServer, "stop">,
  { output, messages }: Context,
): Promise<void> {
  await whenInterrupted();
  output.note(messages.serve.stopping);
  await stop();
  output.note(messages.serve.stopped);
  output.event({ type: "done" });
}
