import { codeOf } from "./error-code.ts";
import type { Event, FromWorker, MethodName, Params, Request, Result, ToWorker, WireError } from "./protocol.ts";

/** What a handler may do while it works. */
export interface Asked<M extends MethodName> {
  /** Aborted when the page no longer wants it. */
  readonly signal: AbortSignal;
  readonly emit: (event: Event<M>) => void;
}

/** What answers each method. */
export type Handlers = { readonly [M in MethodName]: (params: Params<M>, asked: Asked<M>) => Promise<Result<M>> };

/** The worker's end of the line: a worker's global scope, or a `MessagePort`. */
export interface Line {
  postMessage(message: FromWorker, transfer: Transferable[]): void;
  addEventListener(type: "message", listener: (event: MessageEvent<ToWorker>) => void): void;
}

/** Answers requests as they come; several may be under way at the same time. */
export function serve(line: Line, handlers: Handlers): void {
  const running = new Map<number, AbortController>();
  const answer = async <M extends MethodName>(id: number, method: M, params: Params<M>): Promise<void> => {
    const controller = new AbortController();
    running.set(id, controller);
    try {
      const emit = (event: Event<M>): void => line.postMessage({ type: "event", id, event }, buffersOf(event));
      const result = await handlers[method](params, { signal: controller.signal, emit });
      line.postMessage({ type: "result", id, result }, buffersOf(result));
    } catch (error) {
      line.postMessage({ type: "error", id, error: toWire(error) }, []);
    } finally {
      running.delete(id);
    }
  };
  line.addEventListener("message", ({ data }) => {
    if (data.type === "abort") running.get(data.id)?.abort();
    else void answer(data.id, data.method, data.params as Params<Request["method"]>);
  });
}

/** Buffers that the page may have instead of a copy: those that one whole typed array of the answer fills. */
function buffersOf(value: unknown): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  const visit = (part: unknown): void => {
    if (ArrayBuffer.isView(part)) {
      if (part.buffer instanceof ArrayBuffer && part.byteLength === part.buffer.byteLength) buffers.add(part.buffer);
    } else if (Array.isArray(part)) for (const item of part) visit(item);
    else if (typeof part === "object" && part !== null && !(part instanceof Blob)) visit(Object.values(part));
  };
  visit(value);
  return [...buffers];
}

function toWire(error: unknown): WireError {
  if (!(error instanceof Error)) return { name: "Error", code: "UNKNOWN", message: String(error) };
  return { name: error.name, code: codeOf(error), message: error.message };
}
