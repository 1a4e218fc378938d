import type { GraphBuilder } from "../graph-builder.ts";
import { boolAttr, DataType, type Graph, type GraphNode, type TensorSpec, typeAttr, type Value } from "../graph.ts";
import { rewrite } from "../rewrite.ts";

const PRODUCTS: ReadonlySet<string> = new Set(["MatMul", "BatchMatMulV2"]);

/** What else reads values that products need rounded: which input, and the attribute that says its type. */
const READERS: Readonly<Record<string, { readonly input: number; readonly type: string }>> = {
  ScratchColumnSum: { input: 0, type: "T" },
  ScratchSoftmaxGrad: { input: 1, type: "T" },
};

/**
 * Matrix products in bfloat16, as PyTorch's autocast: their operands are rounded, their results widened again. Weights, sums,
 * losses and the optimizer stay in float32. A value that several products use is rounded once.
 */
export function useBfloat16(graph: Graph): Graph {
  const rounded = new Map<string, Value>();
  return rewrite(graph, (node, builder) => {
    const [spec] = node.outputs;
    if (spec?.dtype !== DataType.float32) return undefined;
    const narrow = (value: Value): Value => {
      const key = `${value.node}:${value.output}`;
      const known = rounded.get(key) ?? cast(value, DataType.bfloat16, builder);
      rounded.set(key, known);
      return known;
    };
    if (PRODUCTS.has(node.op)) {
      return [cast(inBfloat16(node, node.inputs.map(narrow), builder), DataType.float32, builder)];
    }
    const reader = READERS[node.op];
    if (!reader) return undefined;
    const inputs = node.inputs.with(reader.input, narrow(node.inputs[reader.input] as Value));
    return builder.add({ ...node, inputs, attrs: { ...node.attrs, [reader.type]: typeAttr(DataType.bfloat16) } });
  });
}

function inBfloat16(node: GraphNode, inputs: readonly Value[], builder: GraphBuilder): Value {
  const spec = { ...(node.outputs[0] as TensorSpec), dtype: DataType.bfloat16 };
  return builder.addOne({ ...node, inputs, attrs: { ...node.attrs, T: typeAttr(DataType.bfloat16) } }, spec);
}

/** A value in another type; one that was widened to float32 comes back as it was. */
export function cast(value: Value, dtype: number, builder: GraphBuilder): Value {
  const { shape, dtype: source } = builder.spec(value);
  const node = builder.node(value);
  const [origin] = node.inputs;
  if (node.op === "Cast" && origin && builder.spec(origin).dtype === dtype && dtype === DataType.bfloat16)
    return origin;
  const attrs = { SrcT: typeAttr(source), DstT: typeAttr(dtype), Truncate: boolAttr(false) };
  return builder.addOne({ op: "Cast", inputs: [value], attrs }, { shape, dtype });
}
