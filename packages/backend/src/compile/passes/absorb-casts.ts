import { DataType, type Graph, type GraphNode, sameValue, typeAttr, type Value } from "../graph.ts";
import { rewrite, usersOf } from "../rewrite.ts";

/** The attributes that say the types of an operation's inputs and outputs; "" where a type is fixed. */
interface Types {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** Operations of kernels.cc that read and write bfloat16 as well as float32. */
const TYPES: Readonly<Record<string, Types>> = {
  ScratchGelu: { inputs: ["T"], outputs: ["U"] },
  ScratchGeluGrad: { inputs: ["D", "T"], outputs: ["U"] },
  ScratchLayerNorm: { inputs: [], outputs: ["U"] },
  ScratchLayerNormGrad: { inputs: ["D"], outputs: ["U"] },
  ScratchAddBias: { inputs: ["T"], outputs: ["U"] },
  ScratchColumnSum: { inputs: ["T"], outputs: [] },
  ScratchSoftmax: { inputs: ["T"], outputs: ["U"] },
  ScratchSoftmaxGrad: { inputs: ["D", "T"], outputs: ["U"] },
  ScratchCrossEntropy: { inputs: ["T"], outputs: ["", "U"] },
  ScratchAdamW: { inputs: ["", "", "", "D"], outputs: [] },
};

/** Lets operations widen what they read, and round what they write where all who use it would, instead of casts around them. */
export function absorbCasts(graph: Graph): Graph {
  const users = usersOf(graph);
  const isRounded = (value: Value): boolean => {
    const uses = (users.get(value.node) ?? []).filter(({ inputs }) => inputs.some((input) => sameValue(input, value)));
    const isFetched = graph.results.some((result) => sameValue(result, value));
    return uses.length > 0 && !isFetched && uses.every(isNarrowing);
  };
  return rewrite(graph, (node, builder) => {
    const types = TYPES[node.op];
    const [input] = node.inputs;
    if (isNarrowing(node) && input && builder.spec(input).dtype === DataType.bfloat16) return [input];
    if (!types) return undefined;
    const attrs = { ...node.attrs };
    const inputs = node.inputs.map((value, i) => {
      const source = builder.node(value);
      const [origin] = source.inputs;
      const isWidened = source.op === "Cast" && origin && builder.spec(origin).dtype === DataType.bfloat16;
      if (!isWidened || !types.inputs[i]) return value;
      attrs[types.inputs[i]] = typeAttr(DataType.bfloat16);
      return origin;
    });
    const outputs = node.outputs.map((spec, output) => {
      const type = types.outputs[output];
      if (!type || !isRounded({ node: node.id, output })) return spec;
      attrs[type] = typeAttr(DataType.bfloat16);
      return { ...spec, dtype: DataType.bfloat16 };
    });
    return builder.put({ ...node, inputs, outputs, attrs });
  });
}

function isNarrowing({ op, outputs }: GraphNode): boolean {
  return op === "Cast" && outputs[0]?.dtype === DataType.bfloat16;
}
