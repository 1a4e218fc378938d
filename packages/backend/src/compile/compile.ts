import { KERNELS } from "@scratch-llm/nn";
import * as tf from "@tensorflow/tfjs";
import { CompileError } from "./compile-error.ts";
import { CompiledCall } from "./compiled-call.ts";
import { NATIVE } from "./native-backend.ts";
import type { OptimizeOptions } from "./optimize.ts";
import { isRecording } from "./recording-backend.ts";
import type { Results } from "./trace.ts";

/** Settings of {@link compile}. */
export interface CompileOptions {
  /** Name for messages; default the function's own. */
  readonly name?: string;
  /** `"bf16"`: matrix products in bfloat16, everything else in float32. Default `"f32"`. */
  readonly precision?: "f32" | "bf16";
  /** `"block"`: what `checkpoint` marks is computed again for the gradient instead of kept. Default `"none"`. */
  readonly recompute?: "block" | "none";
}

/** A function with the same results as the one it was made from. */
export interface Compiled<A extends tf.Tensor[], R extends Results> {
  (...args: A): R;
  /** Brings the variables that the function holds back to TensorFlow.js. Reading one does that too. */
  sync?(): void;
  /** Frees graphs and memory; the variables are brought back first. Later calls throw. */
  dispose?(): void;
}

/** Shapes that one function is recorded for at a time; the least recently used one makes room. */
const MAX_SHAPES = 8;

/**
 * Records the TensorFlow.js operations of `fn` when it is called, and runs them from then on as one TensorFlow graph, as
 * `tf.function` does in Python. `fn` takes tensors, gives tensors, and may read and assign variables. It is recorded once
 * for each set of argument shapes: whatever else it depends on (numbers, `model.training`, random values) is fixed then,
 * except what comes from `hostTensor`.
 *
 * Where the backend is not native TensorFlow, this is `fn` itself.
 *
 * @throws CompileError at a call; its `code` says why.
 * @example
 * const step = compile((x: tf.Tensor2D, y: tf.Tensor1D) => {
 *   const { value, grads } = valueAndGrads(() => crossEntropy(model.forward(x), y), model.namedParameters());
 *   optimizer.step(grads);
 *   return value;
 * });
 * for (const { x, y } of batches) console.log(step(x, y).dataSync()[0]);
 * step.dispose?.();
 */
export function compile<A extends tf.Tensor[], R extends Results>(
  fn: (...args: A) => R,
  options: CompileOptions = {},
): Compiled<A, R> {
  if (tf.getBackend() !== NATIVE) return fn;
  const compiled = new CompiledFunction(fn, options);
  return Object.assign((...args: A): R => compiled.call(args), {
    sync: () => compiled.sync(),
    dispose: () => compiled.dispose(),
  });
}

class CompiledFunction<A extends tf.Tensor[], R extends Results> {
  readonly #fn: (...args: A) => R;
  readonly #options: OptimizeOptions & { readonly title: string };
  /** By shapes, the most recently used last. */
  readonly #calls: Map<string, CompiledCall> = new Map();
  #disposed = false;

  constructor(fn: (...args: A) => R, { name = fn.name, precision = "f32", recompute = "none" }: CompileOptions) {
    this.#fn = fn;
    this.#options = {
      title: `compile("${name || "anonymous"}")`,
      precision,
      recompute,
      hasKernels: tf.getKernel(KERNELS.softmaxGrad, NATIVE) !== undefined,
    };
  }

  call(args: A): R {
    if (this.#disposed) throw this.#disposedError();
    // Inside another recording, or under a gradient, it is part of that.
    if (isRecording() || tf.engine().state.gradientDepth > 0) return this.#fn(...args);
    return this.#callFor(args).run(args) as R;
  }

  sync(): void {
    for (const call of this.#calls.values()) call.sync();
  }

  dispose(): void {
    for (const call of this.#calls.values()) call.dispose();
    this.#calls.clear();
    this.#disposed = true;
  }

  #callFor(args: A): CompiledCall {
    const key = args.map(({ shape, dtype }) => `${dtype}[${shape.join()}]`).join(" ");
    const known = this.#calls.get(key);
    if (known && !known.isCurrent) known.dispose();
    const call = known?.isCurrent ? known : CompiledCall.of(this.#fn, args, this.#options);
    this.#calls.delete(key);
    this.#calls.set(key, call);
    if (this.#disposed) this.dispose(); // by the function itself, while it was recorded
    if (this.#calls.size > MAX_SHAPES) this.#dropOldest();
    return call;
  }

  #dropOldest(): void {
    const [key, call] = [...this.#calls][0] as [string, CompiledCall];
    call.dispose();
    this.#calls.delete(key);
  }

  #disposedError(): CompileError {
    return new CompileError("COMPILE_DISPOSED", `${this.#options.title} has been disposed of: compile it again.`);
  }
}
