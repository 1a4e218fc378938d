import * as tf from "@tensorflow/tfjs";
import { CompileError } from "./compile-error.ts";
import { type Graph, typeAttr, type Value } from "./graph.ts";
import { allVariables, nativeBackend } from "./native-backend.ts";
import { record, type RecordingBackend } from "./recording-backend.ts";
import { dtypeNumber, type Feed, type RecordedVariable, Recording } from "./recording.ts";
import { bringBack } from "./resident-variables.ts";

/** What a function may return. */
export type Results = tf.Tensor | tf.Tensor[];

/** A function, recorded for one set of shapes. */
export interface Trace {
  readonly graph: Graph;
  /** The placeholders of the arguments. */
  readonly args: readonly Value[];
  readonly feeds: readonly Feed[];
  readonly variables: readonly RecordedVariable[];
  /** Whether the function returned an array. */
  readonly returnsArray: boolean;
}

/** Runs `fn` once on tensors without values and writes down what it does. Variables are afterwards what they were before. */
export function trace<A extends tf.Tensor[]>(title: string, fn: (...args: A) => Results, args: A): Trace {
  const variables = allVariables();
  for (const { dataId } of variables) bringBack(dataId);
  const holds = variables.map((variable) => variable.clone()); // keep the data when the function assigns the variable
  const recording = new Recording(title, nativeBackend().binding);
  try {
    return record(recording, (backend) => recordCall(backend, { fn, args, variables, holds }));
  } finally {
    variables.forEach((variable, i) => restore(variable, holds[i] as tf.Tensor));
    tf.dispose(holds);
  }
}

interface Call<A extends tf.Tensor[]> {
  readonly fn: (...args: A) => Results;
  readonly args: A;
  readonly variables: readonly tf.Variable[];
  readonly holds: readonly tf.Tensor[];
}

function recordCall<A extends tf.Tensor[]>(backend: RecordingBackend, call: Call<A>): Trace {
  const { recording } = backend;
  const placeholders = call.args.map(({ shape, dtype }) => recording.placeholder({ shape, dtype: dtypeNumber(dtype) }));
  const symbols = placeholders.map((value) => backend.tensor(value)) as A;
  let results: readonly Value[] = [];
  let returnsArray = false;
  try {
    tf.tidy(() => {
      const returned = call.fn(...symbols);
      returnsArray = Array.isArray(returned);
      results = resultValues(recording, [returned].flat());
    });
  } finally {
    tf.dispose(symbols);
  }
  const effects = assignments(recording, call);
  const graph = recording.builder.finish(results, effects);
  return { graph, args: placeholders, feeds: recording.feeds, variables: recording.variables, returnsArray };
}

function restore(variable: tf.Variable, held: tf.Tensor): void {
  if (!variable.isDisposed && variable.dataId !== held.dataId) variable.assign(held);
}

function resultValues(recording: Recording, returned: readonly unknown[]): Value[] {
  return returned.map((result) => {
    if (result instanceof tf.Tensor) return recording.valueOf(result);
    const kind = result instanceof Promise ? "a promise" : `a ${typeof result}`;
    throw new CompileError(
      "COMPILE_BAD_RESULT",
      `${recording.title} returned ${kind}. Return a tensor or an array of tensors; an async function cannot be compiled.`,
    );
  });
}

/** Nodes that give the variables the values they had at the end of the call. */
function assignments<A extends tf.Tensor[]>(recording: Recording, { variables, holds }: Call<A>): number[] {
  const before = new Set(variables);
  const changed = variables.some((one) => one.isDisposed) || allVariables().some((one) => !before.has(one));
  if (changed) throw variableChanged(recording, before);
  return variables.flatMap((variable, i) => {
    const held = holds[i] as tf.Tensor;
    if (variable.dataId === held.dataId) return [];
    const value = recording.valueOf(variable);
    const { handle, read, spec } = recording.variableOf(held.dataId);
    const attrs = { dtype: typeAttr(spec.dtype) };
    return recording.builder.addEffect({ op: "AssignVariableOp", inputs: [handle, value], after: [read.node], attrs });
  });
}

function variableChanged(recording: Recording, before: ReadonlySet<tf.Variable>): CompileError {
  for (const variable of allVariables()) if (!before.has(variable)) variable.dispose();
  return new CompileError(
    "COMPILE_VARIABLE_CHANGED",
    `${recording.title} makes or disposes of a tf.variable. Do that before the function is called.`,
  );
}
