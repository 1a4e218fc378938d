import * as tf from "@tensorflow/tfjs";
import { callPlace, CompileError } from "./compile-error.ts";
import { GraphBuilder, elementsOf } from "./graph-builder.ts";
import { type ConstantData, DataType, type TensorSpec, typeAttr, type Value } from "./graph.ts";
import { allVariables, type Binding, type OpAttribute } from "./native-backend.ts";
import { OP_RULES, type OpInput } from "./op-rules.ts";
import { attributeValues, graphAttributes } from "./recorded-attributes.ts";

/** Values that JavaScript computes anew for each run. */
export interface Feed {
  readonly value: Value;
  readonly spec: TensorSpec;
  readonly compute: () => ConstantData;
}

/** A variable that the function reads or assigns. */
export interface RecordedVariable {
  readonly variable: tf.Variable;
  readonly spec: TensorSpec;
  /** The node that names it in the session. */
  readonly handle: Value;
  /** Its value when the function begins. */
  readonly read: Value;
}

/** Numbers the variables of all sessions. */
let variableCount = 0;

/** Writes down the operations of one call of a function. */
export class Recording {
  /** For messages: `compile("name")`. */
  readonly title: string;
  readonly builder: GraphBuilder = new GraphBuilder();
  readonly feeds: Feed[] = [];
  readonly #binding: Binding;
  readonly #values: WeakMap<tf.DataId, Value> = new WeakMap();
  readonly #variables: Map<tf.DataId, RecordedVariable> = new Map();
  readonly #known: ReadonlyMap<tf.DataId, tf.Variable>;

  constructor(title: string, binding: Binding) {
    this.title = title;
    this.#binding = binding;
    this.#known = new Map(allVariables().map((variable) => [variable.dataId, variable]));
  }

  /** The variables that were read so far. */
  get variables(): RecordedVariable[] {
    return [...this.#variables.values()];
  }

  /** Remembers what a new tensor stands for. */
  define(dataId: tf.DataId, value: Value): void {
    this.#values.set(dataId, value);
  }

  /** Whether the tensor was made in this recording. */
  has(dataId: tf.DataId): boolean {
    return this.#values.has(dataId);
  }

  /** An argument of the function, or a value that is fed. */
  placeholder(spec: TensorSpec): Value {
    const attrs = { dtype: typeAttr(spec.dtype), shape: { kind: "shape", value: spec.shape } as const };
    return this.builder.addOne({ op: "Placeholder", attrs }, spec);
  }

  /** Values that JavaScript computes anew for each run, in the order of the calls. */
  feed(spec: TensorSpec, compute: () => ConstantData): Value {
    const value = this.placeholder(spec);
    this.feeds.push({ value, spec, compute });
    return value;
  }

  /** What a tensor stands for. @throws CompileError for a foreign one */
  valueOf(tensor: tf.TensorInfo): Value {
    const value = this.#values.get(tensor.dataId) ?? this.#knownVariable(tensor.dataId)?.read;
    if (value) return value;
    throw new CompileError(
      "COMPILE_FOREIGN_TENSOR",
      `${this.title}: a tensor [${tensor.shape.join(", ")}] from outside is used at ${callPlace()}. ` +
        "Pass it as an argument, keep it in a tf.variable, or make it inside the function.",
    );
  }

  /** The variable that has had this data since the function began. */
  variableOf(dataId: tf.DataId): RecordedVariable {
    return this.#knownVariable(dataId) as RecordedVariable;
  }

  /** Writes an operation down; answers with its outputs. @throws CompileError for one that has no rule */
  operation(op: string, given: readonly OpAttribute[], tensors: readonly tf.TensorInfo[]): Value[] {
    const inputs = tensors.map((tensor) => this.valueOf(tensor));
    const described = inputs.map((input) => this.#describe(input));
    const rule = OP_RULES[op];
    if (!rule) throw this.#unsupported(op, "it has no rule in op-rules.ts");
    try {
      const outputs = rule(described, attributeValues(given));
      const attrs = graphAttributes(op, given, { inputs: described, binding: this.#binding });
      return this.builder.add({ op, inputs, attrs, outputs, ...currentScope() });
    } catch (cause) {
      throw this.#unsupported(op, (cause as Error).message, cause);
    }
  }

  #describe(value: Value): OpInput {
    const node = this.builder.node(value);
    const spec = this.builder.spec(value);
    // Shapes, axes and permutations are short; other constants need not be spelled out.
    return spec.dtype === DataType.int32 || spec.shape.length === 0 ? { ...spec, values: elementsOf(node) } : spec;
  }

  #knownVariable(dataId: tf.DataId): RecordedVariable | undefined {
    const variable = this.#known.get(dataId);
    return this.#variables.get(dataId) ?? (variable && this.#addVariable(dataId, variable));
  }

  #addVariable(dataId: tf.DataId, variable: tf.Variable): RecordedVariable {
    const spec = { shape: variable.shape, dtype: dtypeNumber(variable.dtype) };
    const attrs = { dtype: typeAttr(spec.dtype) };
    const name = { kind: "string", value: `variable_${variableCount++}` } as const;
    const handle = this.builder.addOne(
      { op: "VarHandleOp", attrs: { ...attrs, shape: { kind: "shape", value: spec.shape }, shared_name: name } },
      { shape: [], dtype: DataType.resource },
    );
    const read = this.builder.addOne({ op: "ReadVariableOp", inputs: [handle], attrs }, spec);
    const added = { variable, spec, handle, read };
    this.#variables.set(dataId, added);
    return added;
  }

  #unsupported(op: string, reason: string, cause?: unknown): CompileError {
    return new CompileError(
      "COMPILE_UNSUPPORTED_OP",
      `${this.title}: the operation ${op} at ${callPlace()} cannot be recorded: ${reason}. ` +
        "Move it out of the function, or run without compiling.",
      { cause },
    );
  }
}

/** TensorFlow's number of a TensorFlow.js type. */
export function dtypeNumber(dtype: tf.DataType): number {
  const number = { float32: DataType.float32, int32: DataType.int32, bool: DataType.bool }[dtype as "float32"];
  if (number === undefined) throw new TypeError(`Tensors of type ${dtype} cannot be recorded.`);
  return number;
}

/** Where in the function we are: in the gradient, or in a region that `checkpoint` marks by a tidy scope of that name. */
function currentScope(): { region?: number; backward?: boolean } {
  const scopes = tf.engine().state.scopeStack;
  const innermost = scopes.findLast(({ name }) => name === "backward" || name === "checkpoint");
  if (innermost?.name === "backward") return { backward: true };
  return innermost ? { region: innermost.id } : {};
}
