import { compile } from "@scratch-llm/backend/node";
import type { Compile } from "@scratch-llm/nn";

/** How steps are computed. */
export interface ComputeOptions {
  /** Matrix products in bfloat16 are faster; everything else stays in float32. */
  readonly precision: "f32" | "bf16";
  /** What a transformer block computes may be computed again for the gradient: more time, less memory. */
  readonly recompute: "none" | "block";
  /** One operation at a time, as TensorFlow.js does, instead of one recorded graph. */
  readonly eager: boolean;
}

/** How flags, or the settings of a training, ask for steps to be computed; what they leave open is the usual way. */
export function computeOptions({ precision = "f32", recompute = "none", eager = false }: Asked): ComputeOptions {
  return { precision, recompute, eager };
}

type Asked = { readonly [K in keyof ComputeOptions]?: ComputeOptions[K] | undefined };

/** Gives a run its `compile`, and frees what it made at the end. */
export class StepCompiler {
  readonly #made: { dispose?(): void }[] = [];
  /** Undefined where the run is to be computed one operation at a time. */
  readonly compile: Compile | undefined;

  constructor({ precision, recompute, eager }: ComputeOptions) {
    if (eager) return;
    this.compile = (fn, options) => {
      const compiled = compile(fn, { ...options, precision, recompute });
      this.#made.push(compiled);
      return compiled;
    };
  }

  /** Brings the weights back to TensorFlow.js and frees the graphs. */
  dispose(): void {
    for (const compiled of this.#made) compiled.dispose?.();
    this.#made.length = 0;
  }
}
