import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { useTestBackend } from "@test/backend.ts";
import type { PromptFormat } from "@scratch-llm/finetune-instruct";
import { DecoderSlots, GPTModel, ModelDecoder, type SlotDecoder, type SlotTokens } from "@scratch-llm/gpt";
import { Generator } from "@scratch-llm/nn";
import { OnnxSlots } from "@scratch-llm/onnx";
import { openOnnxModel, saveOnnxFiles } from "@scratch-llm/onnx/node";
import { type BPETokenizer, trainBPE } from "@scratch-llm/tokenizer";
import { pino } from "pino";
import { en } from "../src/messages/en.ts";
import { type RunningServer, type ServerOptions, startServer } from "../src/serve/start-server.ts";

export const CONTEXT_LENGTH = 96;
const TEXT = "A prompt goes in and an answer comes out. 提示进去，回答出来。";

/** Fields of a wish whose answer does not end before its limit: a sampled one may draw the end of the text. */
export const UNBROKEN = { temperature: 0 } as const;

/** A tokenizer and a random model that is quick to run. */
export interface TinyModel {
  readonly model: GPTModel;
  readonly tokenizer: BPETokenizer;
}

export async function tinyModel(): Promise<TinyModel> {
  await useTestBackend("cpu");
  const tokenizer = trainBPE([TEXT], { vocabSize: 280 });
  const config = { vocabSize: tokenizer.vocabSize, contextLength: CONTEXT_LENGTH, embDim: 16, nHeads: 2, nLayers: 1 };
  const model = new GPTModel({ ...config, dropRate: 0, qkvBias: false }, { generator: new Generator(7) });
  return { model: model.eval(), tokenizer };
}

/** Slots that take their time for a step, and count their work. */
export class PacedSlots implements SlotDecoder {
  readonly contextLength: number;
  readonly vocabSize: number;
  readonly maxSlots: number;
  /** Tokens of every step. */
  readonly stepSizes: number[] = [];
  readonly #slots: SlotDecoder;
  readonly #milliseconds: number;
  /** Thrown by the next step. */
  failure: Error | undefined;
  /** No step ends before. */
  #gate: Promise<void> | undefined;
  readonly #taken = new Set<number>();

  constructor(slots: SlotDecoder, milliseconds: number) {
    this.contextLength = slots.contextLength;
    this.vocabSize = slots.vocabSize;
    this.maxSlots = slots.maxSlots;
    this.#slots = slots;
    this.#milliseconds = milliseconds;
  }

  /** Holds the work up. @returns what lets it go on */
  hold(): () => void {
    let goOn = (): void => {};
    this.#gate = new Promise((resolve) => (goOn = resolve));
    return goOn;
  }

  /** How many slots hold a row. */
  get taken(): number {
    return this.#taken.size;
  }

  async step(tokens: readonly SlotTokens[]): Promise<Float32Array[]> {
    this.stepSizes.push(tokens.length);
    for (const { slot } of tokens) this.#taken.add(slot);
    await new Promise((resolve) => setTimeout(resolve, this.#milliseconds));
    await this.#gate;
    const { failure } = this;
    this.failure = undefined;
    if (failure !== undefined) throw failure;
    return this.#slots.step(tokens);
  }

  release(slot: number): void {
    this.#taken.delete(slot);
    this.#slots.release(slot);
  }

  async dispose(): Promise<void> {
    await this.#slots.dispose();
  }
}

/** What the model of a server runs on. */
export type TinyRuntime = "tfjs" | "onnx";

async function tinySlots({ model }: TinyModel, runtime: TinyRuntime, maxSlots: number): Promise<SlotDecoder> {
  if (runtime === "tfjs") return new DecoderSlots({ create: () => new ModelDecoder(model), maxSlots });
  const folder = await mkdtemp(join(tmpdir(), "tiny-onnx-"));
  const session = await openOnnxModel(await saveOnnxFiles(folder, { model }));
  await rm(folder, { recursive: true });
  const slots = new OnnxSlots(session, { maxSlots });
  const dispose = slots.dispose.bind(slots);
  return Object.assign(slots, {
    async dispose() {
      dispose();
      await session.dispose();
    },
  });
}

export interface TinyServer extends RunningServer {
  readonly decoder: PacedSlots;
  /** The lines of its log. */
  readonly log: Record<string, unknown>[];
}

/** What a test may choose. */
export type TinyServerOptions = Partial<Omit<ServerOptions, "model" | "log" | "texts">> & {
  readonly format?: PromptFormat;
  readonly runtime?: TinyRuntime;
  readonly maxSlots?: number;
  /** Milliseconds for a step. */
  readonly pace?: number;
};

/** A server on 127.0.0.1 with a tiny model, called "tiny". */
export async function startTinyServer(
  tiny: TinyModel,
  { format, runtime = "tfjs", maxSlots = 4, pace = 0, ...options }: TinyServerOptions = {},
): Promise<TinyServer> {
  const { tokenizer } = tiny;
  const decoder = new PacedSlots(await tinySlots(tiny, runtime, maxSlots), pace);
  const log: Record<string, unknown>[] = [];
  const lines = new Writable({
    write: (line: Buffer, _encoding, done) => {
      log.push(JSON.parse(line.toString()) as Record<string, unknown>);
      done();
    },
  });
  const server = await startServer({
    model: { id: "tiny", tokenizer, decoder, format },
    log: pino({ base: null }, lines),
    texts: en.api,
    queueLimit: 128,
    limits: { bodyBytes: 100_000, answerSeconds: 60, requestSeconds: 60 },
    host: "127.0.0.1",
    port: 0,
    ...options,
  });
  return { ...server, decoder, log };
}

/** Posts JSON. */
export function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

/** Waits until something is true. */
export async function until(isTrue: () => boolean | Promise<boolean>, milliseconds = 60_000): Promise<void> {
  const end = Date.now() + milliseconds;
  while (!(await isTrue())) {
    if (Date.now() > end) throw new Error(`Still not so after ${milliseconds} ms: ${isTrue}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
