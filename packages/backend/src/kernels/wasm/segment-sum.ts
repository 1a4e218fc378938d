import type * as tf from "@tensorflow/tfjs";
import { valuesOf } from "./wasm-backend.ts";
import type { WasmBackend } from "./wasm-backend.ts";

interface SegmentSumArgs {
  readonly inputs: { readonly x: tf.TensorInfo; readonly segmentIds: tf.TensorInfo };
  readonly attrs: { readonly numSegments: number };
  readonly backend: WasmBackend;
}

/** `UnsortedSegmentSum`, which the gradient of `tf.gather` needs: rows of x summed by their segment's number. */
export function unsortedSegmentSum({ inputs: { x, segmentIds }, attrs, backend }: SegmentSumArgs): tf.TensorInfo {
  const { numSegments } = attrs;
  const out = backend.makeOutput([numSegments, ...x.shape.slice(segmentIds.shape.length)], "float32");
  const [sums, rows, ids] = [
    valuesOf(backend, out, "float32"),
    valuesOf(backend, x, "float32"),
    valuesOf(backend, segmentIds, "int32"),
  ];
  const width = sums.length / numSegments;
  sums.fill(0);
  ids.forEach((id, row) => {
    if (id < 0 || id >= numSegments) return; // dropped, as in TensorFlow
    const [to, from] = [id * width, row * width];
    for (let i = 0; i < width; i++) sums[to + i] = (sums[to + i] as number) + (rows[from + i] as number);
  });
  return out;
}

interface EmbeddingGradArgs {
  readonly inputs: { readonly dy: tf.TensorInfo; readonly ids: tf.TensorInfo };
  readonly attrs: { readonly numEmbeddings: number };
  readonly backend: WasmBackend;
}

/** nn's `LLMEmbeddingGrad`: the same sum. */
export function embeddingGrad({ inputs: { dy, ids }, attrs, backend }: EmbeddingGradArgs): tf.TensorInfo {
  const { numEmbeddings } = attrs;
  return unsortedSegmentSum({ inputs: { x: dy, segmentIds: ids }, attrs: { numSegments: numEmbeddings }, backend });
}
