import type { GPTConfig } from "@scratch-llm/gpt";
import { fromFloat32, type FloatDtype, type TensorEntry } from "@scratch-llm/safetensors";
import { putTensor, theirShape } from "./layout.ts";
import { expandRows, FORMATS, hasParameter, type TensorRow, type WeightFormat } from "./names.ts";

/** How a model's tensors are written. */
export interface WriteOptions {
  readonly config: GPTConfig;
  readonly format: WeightFormat;
  /** Element type of a tensor by its name and shape in the file. F16 and BF16 round to nearest. */
  readonly dtype: (name: string, shape: readonly number[]) => FloatDtype;
  /** The values of one of our parameters by its name; asked for when its turn comes. */
  readonly read: (name: string) => Promise<Float32Array>;
}

/** The tensors of a model as they are called and laid out in `format`, one at a time. */
export function weightEntries({ config, format, dtype, read }: WriteOptions): TensorEntry[] {
  const groups = new Map<string, { row: TensorRow; parts: { row: TensorRow; ours: string | undefined }[] }>();
  for (const { row, ours, theirs } of expandRows(config, format)) {
    const source = sourceOf(row, ours, config);
    if (theirs === undefined || !isWritten(row, config, format)) continue;
    const name = row.ours === "outHead.weight" ? theirs : FORMATS[format].prefix + theirs;
    const group = groups.get(name) ?? { row, parts: [] };
    group.parts.push({ row, ours: source });
    groups.set(name, group);
  }
  return [...groups].map(([name, { row, parts }]) => {
    const shape = theirShape(row, config, format);
    const type = dtype(name, shape);
    return {
      name,
      dtype: type,
      shape,
      async data() {
        const values = new Float32Array(shape.reduce((a, b) => a * b));
        for (const part of parts) {
          if (part.ours !== undefined) putTensor(values, await read(part.ours), part.row, config, format);
        }
        return fromFloat32(values, type);
      },
    };
  });
}

/** The parameter that a tensor is written from; undefined where the model has none and zeros are written. */
function sourceOf(row: TensorRow, ours: string, config: GPTConfig): string | undefined {
  if (hasParameter(row, config)) return ours;
  return row.ours === "outHead.weight" ? "tokEmb.weight" : undefined;
}

function isWritten(row: TensorRow, config: GPTConfig, format: WeightFormat): boolean {
  if (hasParameter(row, config)) return true;
  return row.ours === "outHead.weight" ? FORMATS[format].tiedHead : FORMATS[format].zeroBias;
}
