import type * as tf from "@tensorflow/tfjs";

/** A state that does not fit the module or optimizer it was loaded into. */
export class StateDictError extends Error {
  readonly code = "NN_STATE_DICT";
  override readonly name: string = "StateDictError";
  /** Names that the module has and the state lacks. */
  readonly missing: readonly string[];
  /** Names that the state has and the module lacks. */
  readonly unexpected: readonly string[];
  /** One line for each entry whose shape or type differs. */
  readonly mismatched: readonly string[];

  constructor(missing: readonly string[], unexpected: readonly string[], mismatched: readonly string[]) {
    const parts = [
      ["missing", missing],
      ["unexpected", unexpected],
      ["wrong shape", mismatched],
    ] as const;
    const found = parts.filter(([, names]) => names.length > 0).map(([what, names]) => `${what}: ${names.join(", ")}`);
    super(`The state does not fit (${found.join("; ")}). Was it saved from a model with the same configuration?`);
    this.missing = missing;
    this.unexpected = unexpected;
    this.mismatched = mismatched;
  }
}

/** Assigns every tensor of `state` to the variable of its name, or nothing at all. @throws StateDictError */
export function assignAll(variables: ReadonlyMap<string, tf.Variable>, state: ReadonlyMap<string, tf.Tensor>): void {
  const missing = [...variables.keys()].filter((name) => !state.has(name));
  const unexpected = [...state.keys()].filter((name) => !variables.has(name));
  const mismatched: string[] = [];
  for (const [name, variable] of variables) {
    const value = state.get(name);
    if (value && describe(value) !== describe(variable)) {
      mismatched.push(`${name} (${describe(value)} instead of ${describe(variable)})`);
    }
  }
  if (missing.length + unexpected.length + mismatched.length > 0) {
    throw new StateDictError(missing, unexpected, mismatched);
  }
  for (const [name, variable] of variables) variable.assign(state.get(name) as tf.Tensor);
}

function describe(tensor: tf.Tensor): string {
  return `[${tensor.shape.join(", ")}]${tensor.dtype === "float32" ? "" : ` ${tensor.dtype}`}`;
}
