import type {
  Attribute,
  ModelMessage,
  NodeMessage,
  TensorMessage,
  TensorType,
  ValueMessage,
} from "../proto/messages.ts";

/** Operations that only ONNX Runtime has. */
export const MICROSOFT = "com.microsoft";

/** What an operation may have besides its inputs. */
interface NodeOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** Names of the outputs; default one, named by number. */
  readonly outputs?: readonly string[];
  readonly domain?: string;
}

/** Writes a graph down, operation by operation. Tensors are known by their names. */
export class GraphBuilder {
  readonly #nodes: NodeMessage[] = [];
  readonly #initializers = new Map<string, TensorMessage>();
  readonly #inputs: ValueMessage[] = [];
  readonly #outputs: ValueMessage[] = [];

  input(name: string, type: TensorType, shape: readonly (number | string)[]): string {
    this.#inputs.push({ name, type, shape });
    return name;
  }

  /** Declares an output; an operation gives it by naming it. */
  output(name: string, type: TensorType, shape: readonly (number | string)[]): string {
    this.#outputs.push({ name, type, shape });
    return name;
  }

  /** An operation with one output: its name. */
  node(op: string, inputs: readonly string[], options: NodeOptions = {}): string {
    const { outputs = [`t${this.#nodes.length}`], domain = "", attributes = {} } = options;
    this.#nodes.push({ op, domain, inputs, outputs, attributes });
    return outputs[0]!;
  }

  /** A tensor whose numbers are known. */
  initializer(tensor: TensorMessage): string {
    this.#initializers.set(tensor.name, tensor);
    return tensor.name;
  }

  /** A list of whole numbers, or a single one (of rank 0). */
  ints(values: number | readonly number[]): string {
    const list = typeof values === "number" ? [values] : values;
    const name = typeof values === "number" ? `int_${values}` : `ints_${list.join("_")}`;
    const content = new Uint8Array(BigInt64Array.from(list, BigInt).buffer);
    return this.initializer({ name, type: "int64", shape: typeof values === "number" ? [] : [list.length], content });
  }

  /** A single float. */
  float(value: number): string {
    const content = new Uint8Array(Float32Array.of(value).buffer);
    return this.initializer({ name: `float_${value}`, type: "float32", shape: [], content });
  }

  build(metadata: Readonly<Record<string, string>>): ModelMessage {
    const usesMicrosoft = this.#nodes.some(({ domain }) => domain === MICROSOFT);
    return {
      opsets: { "": 20, ...(usesMicrosoft ? { [MICROSOFT]: 1 } : {}) },
      metadata,
      nodes: this.#nodes,
      initializers: [...this.#initializers.values()],
      inputs: this.#inputs,
      outputs: this.#outputs,
    };
  }
}
