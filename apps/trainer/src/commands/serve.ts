import { basename, dirname, resolve } from "node:path";
import { destination, pino } from "pino";
import { TrainerError } from "../errors.ts";
import { findModel } from "../find-model.ts";
import type { Context } from "../flags.ts";
import { whenInterrupted } from "../interrupt.ts";
import { fill } from "../messages/messages.ts";
import { openModel, type RuntimeFlags } from "../open-model.ts";
import type { ServiceLimits } from "../serve/service.ts";
import { type RunningServer, startServer } from "../serve/start-server.ts";
import { playgroundFolder } from "../serve/static-page.ts";
import { formatName, makeFormat, readFormat } from "../tuning/prompt-formats.ts";
import { runFormat, type RunFormat } from "../tuning/run-format.ts";

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
  const path = await findModel(flags.model, messages);
  const taught = await formatFor(flags.template, path);
  const opened = await openModel(path, flags, context);
  const { tokenizer } = opened;
  const decoder = opened.slots(flags.slots);
  const id = flags.name ?? modelName(flags.model ?? path, path);
  const apiKey = flags.apiKey ?? process.env["SCRATCH_LLM_API_KEY"];
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
  );
  output.event({ type: "listening", url: server.url, model: id, chat: taught?.name ?? null });
  output.result(fill(messages.serve.listening, { model: id, url: server.url }));
  output.result(taught === undefined ? messages.serve.noChat : fill(messages.serve.chat, { format: taught.name }));
  if (playgroundFolder() !== undefined) output.result(fill(messages.serve.page, { url: server.url }));
  if (apiKey === undefined && !LOOPBACK.has(flags.host)) output.note(fill(messages.serve.open, { host: flags.host }));
  await untilInterrupted(server, context);
  await opened.dispose();
}

function limits({ bodyLimit, answerTime, requestTime }: ServeFlags): ServiceLimits {
  return { bodyBytes: bodyLimit, answerSeconds: answerTime, requestSeconds: requestTime };
}

/** `--template`, else what the model was taught, else the chat template beside its weights. */
async function formatFor(template: string | undefined, weights: string): Promise<RunFormat | undefined> {
  const read = async (setting: string): Promise<RunFormat> => {
    const found = await readFormat(setting, weights);
    return { format: makeFormat(found), name: formatName(found) };
  };
  if (template !== undefined) return read(template);
  return (await runFormat(weights)) ?? (await read("chat").catch(noTemplate));
}

function noTemplate(error: unknown): undefined {
  if (!(error instanceof TrainerError)) throw error;
}

/** The name that the user knows the model by: of its folder, or of the run that a checkpoint belongs to. */
function modelName(wished: string, path: string): string {
  const folder = basename(dirname(path)) === "checkpoints" ? dirname(dirname(resolve(path))) : wished;
  return basename(resolve(folder));
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
