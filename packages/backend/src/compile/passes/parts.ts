import type { GraphBuilder } from "../graph-builder.ts";
import { DataType, type TensorSpec, typeAttr, type Value } from "../graph.ts";

/** Where a part of a tensor lies along one axis; negative axes count from the end. */
export interface Range {
  readonly axis: number;
  readonly begin: number;
  readonly end: number;
}

/** A shape of another size along one axis; negative axes count from the end. */
export function resized(shape: readonly number[], axis: number, size: number): number[] {
  return shape.with(positive(axis, shape), size);
}

function positive(axis: number, { length }: readonly number[]): number {
  return axis < 0 ? axis + length : axis;
}

/** A part of a tensor along one axis, or the tensor itself where that is all of it. */
export function slice(builder: GraphBuilder, value: Value, { axis, begin, end }: Range): Value {
  const { shape, dtype } = builder.spec(value);
  const along = positive(axis, shape);
  if (end - begin === shape[along]) return value;
  const size = shape.with(along, end - begin);
  const from = shape.map((_, index) => (index === along ? begin : 0));
  const attrs = { T: typeAttr(dtype), Index: typeAttr(DataType.int32) };
  const inputs = [value, builder.ints(from), builder.ints(size)];
  return builder.addOne({ op: "Slice", inputs, attrs }, { shape: size, dtype });
}

/** Parts put together along an axis. */
export function concat(builder: GraphBuilder, parts: readonly Value[], axis: number): Value {
  const specs = parts.map((part) => builder.spec(part));
  const [{ shape, dtype }] = specs as [TensorSpec];
  const along = positive(axis, shape);
  const size = specs.reduce((sum, spec) => sum + (spec.shape[along] as number), 0);
  const attrs = {
    N: { kind: "int", value: parts.length } as const,
    T: typeAttr(dtype),
    Tidx: typeAttr(DataType.int32),
  };
  const inputs = [...parts, builder.ints(along)];
  return builder.addOne({ op: "ConcatV2", inputs, attrs }, { shape: shape.with(along, size), dtype });
}

/** The sum of float32 tensors that begin at the same place and end earlier or later along an axis, as far as `size`. */
export function sumOfPrefixes(builder: GraphBuilder, parts: readonly Value[], axis: number, size: number): Value {
  const padded = parts.map((part) => pad(builder, part, axis, size));
  const attrs = { N: { kind: "int", value: parts.length } as const, T: typeAttr(DataType.float32) };
  return builder.addOne({ op: "AddN", inputs: padded, attrs }, builder.spec(padded[0] as Value));
}

/** Zeros behind a tensor, up to a size. */
function pad(builder: GraphBuilder, value: Value, axis: number, size: number): Value {
  const { shape, dtype } = builder.spec(value);
  const along = positive(axis, shape);
  const missing = size - (shape[along] as number);
  if (missing === 0) return value;
  const margins = Int32Array.from(shape.flatMap((_, index) => [0, index === along ? missing : 0]));
  const paddings = builder.constant(margins, { shape: [shape.length, 2], dtype: DataType.int32 });
  const attrs = { T: typeAttr(dtype), Tpaddings: typeAttr(DataType.int32) };
  return builder.addOne(
    { op: "PadV2", inputs: [value, paddings, builder.scalar(0)], attrs },
    { shape: shape.with(along, size), dtype },
  );
}
