import { DataType, elementCount, type Graph, type GraphNode, type TensorSpec } from "./graph.ts";
import { VIEWS } from "./passes/views.ts";

/** Bytes of an element. */
const SIZES: Readonly<Record<number, number>> = {
  [DataType.float32]: 4,
  [DataType.int32]: 4,
  [DataType.int64]: 8,
  [DataType.bool]: 1,
  [DataType.bfloat16]: 2,
};

/** Operations that can write their output where an input of the same size was. */
const IN_PLACE: ReadonlySet<string> = new Set(
  "Add AddV2 Sub Mul RealDiv Maximum Minimum Square Neg Exp Sqrt Rsqrt Tanh Sigmoid Relu TanhGrad SigmoidGrad AddN BiasAdd ScratchAddBias ScratchSoftmax ScratchCrossEntropy".split(
    " ",
  ),
);

/**
 * An estimate of the memory, in bytes, that the values inside a graph take at most at one time when its nodes run in their
 * order. Variables, and what is fed, are there already and do not count.
 */
export function peakMemory(graph: Graph): number {
  const memory = new Memory(graph);
  for (const node of graph.nodes) memory.run(node);
  return memory.peak;
}

class Memory {
  peak = 0;
  #held = 0;
  /** Bytes behind each node's outputs. */
  readonly #sizes: Map<number, number> = new Map();
  /** Whose memory a view shows. */
  readonly #owners: Map<number, number> = new Map();
  /** How many nodes still have to use the memory of a node. */
  readonly #uses: Map<number, number> = new Map();

  constructor(graph: Graph) {
    for (const node of graph.nodes) {
      this.#owners.set(node.id, this.#ownerOf(node));
      for (const owner of this.#inputsOf(node)) this.#uses.set(owner, (this.#uses.get(owner) ?? 0) + 1);
    }
    for (const { node } of graph.results) this.#uses.set(this.#owner(node), Number.POSITIVE_INFINITY);
  }

  run(node: GraphNode): void {
    const isView = this.#owner(node.id) !== node.id;
    const size = isView ? 0 : sizeOf(node);
    const ending = [...this.#inputsOf(node)].filter((owner) => this.#uses.get(owner) === 1);
    const takesOver = IN_PLACE.has(node.op) && ending.some((owner) => this.#sizes.get(owner) === size);
    if (takesOver) this.#release(node);
    this.#sizes.set(node.id, size);
    this.#held += size;
    this.peak = Math.max(this.peak, this.#held);
    if (!takesOver) this.#release(node);
    if (!isView && !this.#uses.has(node.id)) this.#held -= size;
  }

  /** One user less for everything that the node uses. */
  #release(node: GraphNode): void {
    for (const owner of this.#inputsOf(node)) {
      const left = (this.#uses.get(owner) as number) - 1;
      this.#uses.set(owner, left);
      if (left === 0) this.#held -= this.#sizes.get(owner) ?? 0;
    }
  }

  #inputsOf(node: GraphNode): Set<number> {
    return new Set(node.inputs.map((input) => this.#owner(input.node)));
  }

  #owner(id: number): number {
    return this.#owners.get(id) ?? id;
  }

  #ownerOf(node: GraphNode): number {
    const [input] = node.inputs;
    return VIEWS.has(node.op) && input ? this.#owner(input.node) : node.id;
  }
}

function sizeOf(node: GraphNode): number {
  if (["Placeholder", "VarHandleOp", "ReadVariableOp"].includes(node.op)) return 0;
  const bytes = ({ shape, dtype }: TensorSpec): number => elementCount(shape) * (SIZES[dtype] ?? 0);
  return node.outputs.reduce((sum, output) => sum + bytes(output), 0);
}
