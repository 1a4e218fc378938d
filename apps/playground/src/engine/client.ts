import type {
  Event,
  FromWorker,
  MethodName,
  Params,
  Request,
  Result,
  Status,
  ToWorker,
  WireError,
} from "./protocol.ts";

/** What the client needs of a worker. */
export type WorkerLike = Pick<Worker, "postMessage" | "terminate" | "addEventListener">;

/** Why a request failed: an error of the engine or of a package below it, by name and code. */
class EngineError extends Error {
  readonly code: string;

  constructor({ name, code, message }: WireError) {
    super(message);
    this.name = name;
    this.code = code;
  }
}

/**
 * Whether requests are answered. `recovering`: the worker died and another is brought up; runs are lost, models come back.
 * `recovered` tells why.
 */
export type EngineState =
  | { readonly phase: "starting" | "recovering" }
  | { readonly phase: "ready"; readonly status: Status; readonly recovered: Error | undefined }
  | { readonly phase: "failed"; readonly error: Error };

/** What a stream yields: the method's events, then its answer. */
export type StreamItem<M extends MethodName> = Event<M> | { readonly type: "done"; readonly result: Result<M> };

export interface CallOptions {
  /** Asks the worker to stop; the promise or stream ends when it has. */
  readonly signal?: AbortSignal | undefined;
}

interface Pending {
  readonly request: Request;
  readonly onEvent: (event: Event<MethodName>) => void;
  readonly resolve: (result: Result<MethodName>) => void;
  readonly reject: (error: Error) => void;
  repeated: boolean;
  /** Events since it was asked, and how many of a repetition are known already. */
  told: number;
  skip: number;
}

/** Requests that give the same answer again, so that a new worker may be asked. The others lose what they were about. */
const REPEATABLE: ReadonlySet<MethodName> = new Set([
  "status",
  "loadModel",
  "describeDownload",
  "download",
  "storedModels",
  "encode",
  "tokens",
  "vocabulary",
  "nextToken",
  "attention",
  "block",
  "embeddings",
  "neighbours",
  "plane",
  "generate",
]);

function restarted(reason = ""): EngineError {
  const message = `The engine had to be restarted${reason && ` (${reason})`}; ask again.`;
  return new EngineError({ name: "EngineError", code: "ENGINE_RESTARTED", message });
}

/**
 * The page's side of the engine. When the worker dies or its graphics device is lost, another one is brought up, loads
 * the models again and answers what can be asked twice; when that dies too, one with WASM; then no more.
 *
 * @example
 * const engine = new EngineClient(() => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }));
 * await engine.start("auto");
 * const { config } = await engine.call("loadModel", { model: "tiny", source: { kind: "bundled" } });
 * for await (const item of engine.stream("generate", { model: "tiny", prompt: "The", ...knobs }, { signal })) {
 *   if (item.type === "token") show(item.text);
 * }
 */
export class EngineClient {
  readonly #spawn: () => WorkerLike;
  readonly #listeners: Set<(state: EngineState) => void> = new Set();
  readonly #pending: Map<number, Pending> = new Map();
  /** How to load each model again. */
  readonly #models: Map<string, Params<"loadModel">> = new Map();
  #worker: WorkerLike | undefined;
  #state: EngineState = { phase: "starting" };
  #choice: Params<"start">["backend"] = "auto";
  #lastId = 0;
  #deaths = 0;

  constructor(spawn: () => WorkerLike) {
    this.#spawn = spawn;
  }

  get state(): EngineState {
    return this.#state;
  }

  /** Tells every change of {@link state}. @returns what ends it */
  subscribe(listener: (state: EngineState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Brings up a worker with this backend, in place of the one before. */
  async start(backend: Params<"start">["backend"] = "auto"): Promise<Status> {
    this.#choice = backend;
    this.#deaths = 0;
    this.#failAll();
    return this.#bringUp();
  }

  /** Asks for one answer. @throws EngineError */
  call<M extends MethodName>(method: M, params: Params<M>, { signal }: CallOptions = {}): Promise<Result<M>> {
    return this.#send(method, params, signal, () => {});
  }

  /** Asks for events and the answer. Leaving the loop early aborts. @throws EngineError */
  async *stream<M extends MethodName>(
    method: M,
    params: Params<M>,
    { signal }: CallOptions = {},
  ): AsyncGenerator<StreamItem<M>, void, void> {
    const left = new AbortController();
    const queue: StreamItem<M>[] = [];
    let wake = (): void => {};
    const push = (item: StreamItem<M>): void => {
      queue.push(item);
      wake();
    };
    let failure: unknown;
    let finished = false;
    const both = signal ? AbortSignal.any([signal, left.signal]) : left.signal;
    void this.#send(method, params, both, push)
      .then(
        (result) => push({ type: "done", result }),
        (error: unknown) => (failure = error),
      )
      .finally(() => {
        finished = true;
        wake();
      });
    try {
      while (true) {
        yield* queue.splice(0);
        if (queue.length > 0) continue;
        if (finished) break;
        await new Promise<void>((resolve) => (wake = resolve));
      }
      if (failure !== undefined) throw failure;
    } finally {
      left.abort();
    }
  }

  /** Ends the worker. */
  dispose(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#failAll();
  }

  #send<M extends MethodName>(
    method: M,
    params: Params<M>,
    signal: AbortSignal | undefined,
    onEvent: (event: Event<M>) => void,
  ): Promise<Result<M>> {
    const id = ++this.#lastId;
    const request = { type: "request", id, method, params } as Request;
    if (method === "unloadModel") this.#models.delete((params as Params<"unloadModel">).model);
    return new Promise<Result<M>>((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const abort = (): void => this.#post({ type: "abort", id });
      const end = (): void => signal?.removeEventListener("abort", abort);
      signal?.addEventListener("abort", abort, { once: true });
      this.#pending.set(id, {
        request,
        onEvent: onEvent as Pending["onEvent"],
        resolve: (result) => {
          end();
          if (request.method === "loadModel") this.#models.set(request.params.model, request.params);
          resolve(result as Result<M>);
        },
        reject: (error) => (end(), reject(error)),
        repeated: false,
        told: 0,
        skip: 0,
      });
      if (this.#state.phase === "failed") this.#fail(id, this.#state.error);
      else if (this.#state.phase === "ready" || method === "start") this.#post(request);
      // While a worker is brought up, what is asked waits: #bringUp sends it.
    });
  }

  async #bringUp(recovered?: Error): Promise<Status> {
    this.#setState({ phase: recovered ? "recovering" : "starting" });
    this.#worker?.terminate();
    const worker = this.#spawn();
    this.#worker = worker;
    worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => {
      if (this.#worker === worker) this.#receive(data); // one that was given up may still have said something
    });
    worker.addEventListener("error", ({ message }) => this.#worker === worker && this.#died(message));
    try {
      const status = await this.#send("start", { backend: this.#choice }, undefined, () => {});
      if (this.#worker !== worker) return status;
      const waiting = [...this.#pending.values()].map(({ request }) => request);
      this.#setState({ phase: "ready", status, recovered });
      this.#loadAgain();
      for (const request of waiting) this.#post(request);
      return status;
    } catch (error) {
      if (this.#worker === worker) this.#giveUp(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  }

  /** Loads the models of the worker before. */
  #loadAgain(): void {
    for (const [model, params] of this.#models) {
      void this.#send("loadModel", params, undefined, () => {}).catch(() => this.#models.delete(model));
    }
  }

  #post(message: ToWorker): void {
    this.#worker?.postMessage(message);
  }

  #receive(message: FromWorker): void {
    if (message.type === "lost") return this.#died(message.reason);
    const pending = this.#pending.get(message.id);
    if (!pending) return;
    if (message.type === "event") {
      if (pending.skip > 0) pending.skip -= 1;
      else pending.onEvent(message.event);
      pending.told += 1;
      return;
    }
    this.#pending.delete(message.id);
    if (message.type === "result") pending.resolve(message.result);
    else pending.reject(new EngineError(message.error));
  }

  #died(reason: string): void {
    if (this.#state.phase === "failed") return;
    this.#deaths += 1;
    const why = restarted(reason);
    for (const [id, pending] of this.#pending) {
      const { method } = pending.request;
      if (!REPEATABLE.has(method) || pending.repeated) this.#fail(id, why);
      // The seed gives the same tokens again; those that the page has need not be told twice.
      Object.assign(pending, { repeated: true, told: 0, skip: method === "generate" ? pending.told : 0 });
    }
    if (this.#deaths > 2) {
      return this.#giveUp(new EngineError({ name: "EngineError", code: "ENGINE_DEAD", message: reason }));
    }
    if (this.#deaths === 2) this.#choice = "wasm";
    void this.#bringUp(why).catch(() => {}); // the state tells
  }

  #giveUp(error: Error): void {
    this.#worker?.terminate();
    this.#setState({ phase: "failed", error });
    this.#failAll(error);
  }

  #fail(id: number, error: Error): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    pending?.reject(error);
  }

  #failAll(error: Error = restarted()): void {
    for (const id of this.#pending.keys()) this.#fail(id, error);
  }

  #setState(state: EngineState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}
