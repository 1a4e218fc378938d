import type { GPTConfig } from "@scratch-llm/gpt";
import type { Accuracies, Classification } from "@scratch-llm/finetune-classifier";
import type { Quantization } from "@scratch-llm/onnx";
import type { DoneEvent, EpochEvent, EvalEvent, SampleEvent, StepEvent } from "@scratch-llm/pretrain";

/*
 * What page and worker say to each other. The page asks by method; each method has parameters, events that stream while
 * it works (for many: none), and one answer. Everything here can be cloned by postMessage.
 */

/** One line of {@link Methods}. */
interface Method<Params, Result, Event = never> {
  readonly params: Params;
  readonly result: Result;
  readonly event: Event;
}

/** Everything the page can ask of the engine. */
interface Methods {
  /** Brings up a backend, before anything else. Models and runs are gone afterwards. */
  start: Method<{ readonly backend: BackendChoice }, Status>;
  status: Method<object, Status>;

  /** Loads a model under a name of the page's choosing, in place of one that has it, which stays where this fails. */
  loadModel: Method<LoadModel, ModelInfo, Progress<LoadStage>>;
  unloadModel: Method<ForModel, null>;
  /** What a download would fetch, to be shown before anybody consents. */
  describeDownload: Method<HubModel, DownloadPlan>;
  /** Fetches what is missing into the browser's storage. Aborted or cut, the next one goes on where it stopped. */
  download: Method<Download, StoredModel, Progress>;
  storedModels: Method<object, Storage>;
  deleteStored: Method<{ readonly name: string }, Storage>;

  /** The ids of a text. Special tokens that stand in it, such as `<|endoftext|>`, are read as such. */
  encode: Method<ForModel & { readonly text: string }, Int32Array>;
  /** What the ids stand for, one by one. */
  tokens: Method<ForIds, Token[]>;
  /** The text of every token, by id; bytes that are no whole character in hex, such as `<E6 88>`. */
  vocabulary: Method<ForModel, string[]>;
  /** Logits (vocabSize) after the last of the ids. Filters and samples: `sampling.ts`, without another pass. */
  nextToken: Method<ForIds, Float32Array>;
  attention: Method<ForIds & { readonly causal: boolean }, Attention>;
  /** `token` counts from the first of those that are looked at. */
  block: Method<ForIds & { readonly block: number; readonly token: number }, BlockTrace>;
  embeddings: Method<ForIds, EmbeddingSum>;
  /** Tokens whose embeddings point most nearly the same way. */
  neighbours: Method<ForModel & { readonly id: number; readonly count: number }, Neighbour[]>;
  /** The embeddings of these tokens in the plane of their largest variance. */
  plane: Method<ForIds, EmbeddingPlane>;

  /** Writes on. Abort stops it within a token, and what was written is the answer. */
  generate: Method<Generate, Generated, TokenEvent>;

  /** Prepares a training from the start, or replaces the run of that name. */
  newRun: Method<NewRun, RunInfo, Progress>;
  /** Goes on from a run folder, the trainer's or one that was saved here. */
  openRun: Method<ForRun & { readonly files: readonly FolderFile[] }, RunInfo>;
  /** Prepares the fine-tuning of a loaded model, which itself stays as it is. */
  newTuning: Method<NewTuning, TuningInfo>;
  /** Trains to the end or so many steps. Abort pauses after the step under way; ask again to go on. */
  train: Method<ForRun & { readonly steps?: number }, RunState, RunEvent>;
  /** The run as the folder that the trainer resumes. */
  saveRun: Method<ForRun, FolderFile[]>;
  endRun: Method<ForRun, null>;
  /** A text's class by the tuned classifier, and by the one before its training. */
  classify: Method<ForRun & { readonly text: string }, Compared<Classification>>;
  /** What the base or the tuned model answers. Abort stops it within a token. */
  respond: Method<Respond, Generated, TokenEvent>;
}

export type MethodName = keyof Methods;
export type Params<M extends MethodName> = Methods[M]["params"];
export type Result<M extends MethodName> = Methods[M]["result"];
export type Event<M extends MethodName> = Methods[M]["event"];

/** From page to worker. */
export type Request = { [M in MethodName]: { type: "request"; id: number; method: M; params: Params<M> } }[MethodName];
export type ToWorker = Request | { readonly type: "abort"; readonly id: number };

/** From worker to page. */
export type FromWorker =
  | { readonly type: "event"; readonly id: number; readonly event: Event<MethodName> }
  | { readonly type: "result"; readonly id: number; readonly result: Result<MethodName> }
  | { readonly type: "error"; readonly id: number; readonly error: WireError }
  /** The graphics device is gone, or refused an operation: nothing more will be answered, or not rightly. */
  | { readonly type: "lost"; readonly reason: string };

/** An error on its way. `code` is for programs and translations; `message` is English. */
export interface WireError {
  readonly name: string;
  readonly code: string;
  readonly message: string;
}

// Backend

export type BackendName = "webgpu" | "wasm" | "cpu";
export type BackendChoice = "auto" | BackendName;

/** A step of the ladder that was not taken, and why; the page has words for the code. */
export interface Refusal {
  readonly backend: "webgpu" | "wasm-threads" | "wasm";
  readonly code: "missing" | "no-adapter" | "not-isolated" | "few-cores" | "failed";
  /** What went wrong, in English, where `failed`. */
  readonly detail: string;
}

export interface Status {
  readonly backend: BackendName;
  readonly choice: BackendChoice;
  /** Better backends that could not be had; none where the best was, or where another was asked for. */
  readonly refused: readonly Refusal[];
  /** Threads that an operation really uses. */
  readonly threads: number;
  /** The graphics adapter, such as "google swiftshader (software)". */
  readonly adapter: string | null;
  readonly numTensors: number;
  readonly memBytes: number;
}

// Models

interface ForModel {
  readonly model: string;
}

interface ForIds extends ForModel {
  readonly ids: Int32Array;
}

export interface LoadModel extends ForModel {
  readonly source: ModelSource;
}

export type ModelSource =
  /** The small one that comes with the page. */
  | { readonly kind: "bundled" }
  /** Dropped files: a folder of the trainer's or of Hugging Face's form, or one that the trainer exported as ONNX. */
  | { readonly kind: "files"; readonly files: readonly FolderFile[] }
  | { readonly kind: "stored"; readonly name: string }
  /** A copy of what a training has learned up to now. */
  | { readonly kind: "run"; readonly run: string };

/** A file with its path in the folder it came in, such as `checkpoints/step-000100/config.json`. */
export interface FolderFile {
  readonly path: string;
  readonly content: Blob;
}

export interface ModelInfo extends ForModel {
  readonly source: ModelSource["kind"];
  readonly config: GPTConfig;
  readonly params: number;
  /** The end-of-text token. */
  readonly eosId: number | null;
  /** How ONNX Runtime runs it; such a model gives answers, and shows nothing of its inside. */
  readonly onnx: { readonly quantization: Quantization; readonly threads: number } | null;
}

/** One total for everything a request has to fetch or prepare. `total` is 0 while unknown. */
export interface Progress<Stage = "download" | "verify" | "tokenizer"> {
  readonly type: "progress";
  readonly stage: Stage;
  readonly done: number;
  readonly total: number;
  readonly bytesPerSecond?: number;
  readonly etaSeconds?: number;
}

/** `compile` is ONNX Runtime's preparation of the weights. */
export type LoadStage = "read" | "compile";

/** A model on a server that answers as Hugging Face's hub does. */
export interface HubModel {
  /** Such as `https://huggingface.co`; a mirror or this page's own server. */
  readonly endpoint: string;
  /** Such as `openai-community/gpt2`. */
  readonly repository: string;
  /** Default `main`. */
  readonly revision?: string;
}

/** How weights are written: as safetensors, or as the trainer exports them for ONNX Runtime. */
export type Form = "safetensors" | Quantization;

export interface Download extends HubModel {
  /** Default: safetensors. */
  readonly form?: Form;
}

export interface DownloadPlan {
  readonly repository: string;
  /** The commit that the revision stands for. */
  readonly commit: string;
  /** Such as `mit`, where the server tells. */
  readonly licence: string | null;
  /** The forms that there are; at least one. */
  readonly offers: readonly Offer[];
}

export interface Offer {
  readonly form: Form;
  /** Under which the model will be stored. */
  readonly name: string;
  readonly files: readonly { readonly name: string; readonly size: number }[];
  readonly totalBytes: number;
  /** Of these, what is here already. */
  readonly storedBytes: number;
  /** Whether a page has room for it. */
  readonly fits: boolean;
}

export interface StoredModel {
  readonly name: string;
  readonly commit: string;
  readonly bytes: number;
  readonly licence: string | null;
  readonly origin: Download;
}

export interface Storage {
  readonly models: readonly StoredModel[];
  /** Downloads that were not finished. */
  readonly unfinished: readonly { readonly name: string; readonly bytes: number }[];
  /** What the browser allows this page in all; null where it does not tell. */
  readonly quotaBytes: number | null;
}

// Looking inside. Arrays are row-major.

export interface Token {
  readonly id: number;
  /** Its text; bytes that are no whole character in hex, such as `<E6 88>`. */
  readonly text: string;
  readonly bytes: Uint8Array;
}

/** What was looked at: the last 128 tokens of a text, or as many as the model sees. */
interface LookedAt {
  readonly tokens: readonly Token[];
  /** Where the first of them stands in the text; 0 unless tokens were left out. */
  readonly first: number;
}

/** Letters: t tokens, h heads. */
export interface Attention extends LookedAt {
  readonly heads: number;
  /** One (h, t, t) per layer: row = query, column = key. */
  readonly weights: readonly Float32Array[];
}

/** Every stage of one block for one token, in order (book section 4.5). Letters: e width, t tokens, h heads. */
export interface BlockTrace extends LookedAt {
  /** Which of the tokens it is: the one that was asked for, or the last. */
  readonly index: number;
  readonly stages: readonly {
    readonly name: BlockStage;
    readonly shape: readonly number[];
    readonly values: Float32Array;
  }[];
}

export type BlockStage =
  | "input" // (e)
  | "norm1" // (e)
  | "query" // (h, e / h)
  | "key" // (h, e / h)
  | "value" // (h, e / h)
  | "scores" // (h, tokens up to this one), scaled
  | "weights" // (h, tokens up to this one)
  | "context" // (h, e / h)
  | "outProj" // (e), GPT-2's c_proj
  | "shortcut1" // (e)
  | "norm2" // (e)
  | "expand" // (4e)
  | "gelu" // (4e)
  | "contract" // (e)
  | "output"; // (e)

/** Letters: t tokens, e width. */
export interface EmbeddingSum extends LookedAt {
  readonly width: number;
  readonly token: Float32Array; // (t, e)
  readonly position: Float32Array; // (t, e)
  readonly sum: Float32Array; // (t, e)
}

export interface Neighbour extends Token {
  /** Cosine of the angle between the embeddings. */
  readonly similarity: number;
}

export interface EmbeddingPlane extends LookedAt {
  readonly points: Float32Array; // (t, 2)
  /** Shares of the variance along x and y. */
  readonly explained: readonly [number, number];
}

// Generation

/** The knobs of sampling; see `GenerateOptions` of `@scratch-llm/gpt`. Temperature 0 picks the most likely token. */
export interface SamplingOptions {
  readonly temperature: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly minP?: number;
}

export interface Generate extends ForModel {
  readonly prompt: string | Int32Array;
  readonly sampling: SamplingOptions;
  readonly seed: number;
  readonly maxNewTokens: number;
  /** Texts that end it and are not part of what is written. */
  readonly stop?: readonly string[];
  /** Keep keys and values from token to token; the same tokens, faster. Default true. */
  readonly useCache?: boolean;
}

export interface TokenEvent {
  readonly type: "token";
  readonly id: number;
  /** What may be shown now: whole characters. */
  readonly text: string;
  readonly logProb: number;
  readonly tokensPerSecond: number;
}

export interface Generated {
  readonly text: string;
  readonly ids: Int32Array;
  readonly promptIds: Int32Array;
  readonly finishReason: "eos" | "stop" | "length" | "context" | "aborted";
  readonly tokensPerSecond: number;
}

// Training

interface ForRun {
  readonly run: string;
}

/** The settings of a training: those of the trainer, to the letter (`apps/trainer`, `run-config.ts`). */
export interface RunSettings {
  readonly seed: number;
  readonly model: Omit<GPTConfig, "vocabSize" | "tieWeights"> & { readonly tieWeights: boolean };
  readonly tokenizer: { readonly kind: "gpt2" } | { readonly kind: "bpe"; readonly vocabSize: number };
  readonly data: { readonly trainFraction: number; readonly stride: number };
  readonly train: {
    readonly batchSize: number;
    readonly epochs: number;
    readonly maxSteps?: number;
    readonly learningRate: number;
    readonly minLearningRate: number;
    readonly warmupSteps: number;
    readonly weightDecay: number;
    /** 0 = no clipping. */
    readonly clipNorm: number;
    readonly accumulationSteps: number;
    readonly dropout: "torch" | "fast";
    readonly evalEvery: number;
    readonly evalBatches: number;
    /** 0 = after each epoch. */
    readonly sampleEvery: number;
    readonly startContext: string;
    readonly checkpointEvery: number;
    readonly keepLast: number;
  };
}

/** `both` is what the trainer's quickstart reads. */
export type RunText =
  | { readonly kind: "builtin"; readonly language: "en" | "zh" | "both" }
  | { readonly kind: "own"; readonly text: string };

interface NewRun extends ForRun {
  readonly settings: RunSettings;
  readonly text: RunText;
}

/** Where a run stands. Steps count from 0: `step` is the next one. */
export interface RunState extends ForRun {
  readonly step: number;
  readonly totalSteps: number;
  readonly reason: DoneEvent["reason"] | "ready";
}

export interface RunInfo extends RunState {
  readonly settings: RunSettings;
  readonly config: GPTConfig;
  readonly params: number;
  readonly trainTokens: number;
  readonly valTokens: number;
  /** Of an opened folder: what was measured before. */
  readonly history: readonly (StepEvent | EvalEvent)[];
}

/** What happens in a run; `memory` follows each step. A NaN ends it with the error `NON_FINITE_LOSS`. */
export type RunEvent = StepEvent | EvalEvent | SampleEvent | EpochEvent<Accuracies> | MemoryEvent;

export interface MemoryEvent {
  readonly type: "memory";
  readonly step: number;
  readonly numTensors: number;
  readonly memBytes: number;
}

// Fine-tuning

export interface TuningSettings {
  readonly seed: number;
  readonly epochs: number;
  readonly batchSize: number;
  /** At its highest; a short warmup leads up to it, a cosine down to a tenth. */
  readonly learningRate: number;
  /** Longer texts are cut (classify) or left out (instruct). */
  readonly maxLength: number;
  /** `last_block` is the book's for a classifier (section 6.5); `lora` leaves the weights and trains small layers beside them. */
  readonly trainable: "all" | "last_block" | "lora";
  readonly rank: number;
  readonly alpha: number;
}

export interface NewTuning extends ForRun, ForModel {
  /** `classify`: the built-in messages, spam or ham; `instruct`: the built-in instructions. */
  readonly task: "classify" | "instruct";
  readonly settings: TuningSettings;
}

/** An entry that was kept from the training, to try the model on. */
type HeldOut =
  | { readonly task: "classify"; readonly text: string; readonly label: string }
  | { readonly task: "instruct"; readonly instruction: string; readonly input: string; readonly output: string };

export interface TuningInfo extends RunState {
  readonly params: number;
  readonly trainableParams: number;
  readonly counts: { readonly train: number; readonly val: number; readonly test: number; readonly skipped: number };
  readonly heldOut: readonly HeldOut[];
}

export interface Compared<T> {
  readonly base: T;
  readonly tuned: T;
}

export interface Respond extends ForRun {
  readonly which: "base" | "tuned";
  readonly instruction: string;
  readonly input: string;
  readonly maxNewTokens: number;
}
