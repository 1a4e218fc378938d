import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { byteLength, type Dtype } from "@scratch-llm/safetensors";
import { WeightsError } from "../errors.ts";

/** TensorFlow's numbers for element types (tensorflow/core/framework/types.proto) that a model's weights can have. */
const DTYPES: ReadonlyMap<number, Dtype> = new Map([
  [1, "F32"],
  [2, "F64"],
  [3, "I32"],
  [9, "I64"],
  [14, "BF16"],
  [19, "F16"],
]);

/** No library of tensors has more dimensions. */
const MAX_RANK = 64;

/** Where a checkpoint keeps one tensor: `BundleEntryProto` (tensorflow/core/protobuf/tensor_bundle.proto), checked. */
export interface BundleEntry {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Number of the data file. */
  readonly shard: number;
  readonly offset: number;
  readonly size: number;
  /** Masked CRC-32C of the bytes. */
  readonly crc32c: number;
}

/**
 * Number of data files of a checkpoint: `BundleHeaderProto`.
 *
 * @throws {WeightsError} `CHECKPOINT_INVALID`
 */
export function readBundleHeader(bytes: Uint8Array): number {
  let shards = 0;
  let endianness = 0;
  readMessage(bytes, "header", (field, wire, reader) => {
    if (field === 1 && wire === WireType.Varint) shards = reader.int32();
    else if (field === 2 && wire === WireType.Varint) endianness = reader.int32();
    else reader.skip(wire, field);
  });
  if (endianness !== 0) throw invalid("header", "it is from a big-endian machine");
  if (shards < 1 || shards > 99_999) throw invalid("header", `it has ${shards} data files`);
  return shards;
}

/**
 * One entry of a checkpoint's index.
 *
 * @throws {WeightsError} `CHECKPOINT_INVALID` when it is damaged or of a kind that weights are not saved in
 */
export function readBundleEntry(name: string, bytes: Uint8Array): BundleEntry {
  const raw = { dtype: 0, shape: [] as number[], shard: 0, offset: 0, size: 0, crc32c: 0, slices: 0 };
  readMessage(bytes, name, (field, wire, reader) => {
    if (field === 1 && wire === WireType.Varint) raw.dtype = reader.int32();
    else if (field === 2 && wire === WireType.LengthDelimited) raw.shape = readShape(name, reader.bytes());
    else if (field === 3 && wire === WireType.Varint) raw.shard = reader.int32();
    else if (field === 4 && wire === WireType.Varint) raw.offset = Number(reader.int64());
    else if (field === 5 && wire === WireType.Varint) raw.size = Number(reader.int64());
    else if (field === 6 && wire === WireType.Bit32) raw.crc32c = reader.fixed32();
    else {
      if (field === 7) raw.slices += 1;
      reader.skip(wire, field);
    }
  });
  const dtype = DTYPES.get(raw.dtype);
  if (dtype === undefined) throw invalid(name, `its element type ${raw.dtype} is not one that weights have`);
  if (raw.slices > 0) throw invalid(name, "it is saved in slices; save it whole");
  for (const value of [raw.shard, raw.offset, raw.size]) {
    if (!Number.isSafeInteger(value) || value < 0) throw invalid(name, `it lies at ${value}`);
  }
  if (raw.size !== sizeOf(name, dtype, raw.shape)) {
    throw invalid(name, `${dtype} of shape [${raw.shape.join(", ")}] does not take ${raw.size} bytes`);
  }
  return { ...raw, dtype };
}

function sizeOf(name: string, dtype: Dtype, shape: readonly number[]): number {
  try {
    return byteLength(dtype, shape);
  } catch (cause) {
    throw invalid(name, cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** `TensorShapeProto`: field 2 is a dimension, whose field 1 is its size. */
function readShape(name: string, bytes: Uint8Array): number[] {
  const shape: number[] = [];
  readMessage(bytes, name, (field, wire, reader) => {
    if (field !== 2 || wire !== WireType.LengthDelimited) return reader.skip(wire, field);
    let size = 0;
    readMessage(reader.bytes(), name, (inner, innerWire, innerReader) => {
      if (inner === 1 && innerWire === WireType.Varint) size = Number(innerReader.int64());
      else innerReader.skip(innerWire, inner);
    });
    if (!Number.isSafeInteger(size) || size < 0) throw invalid(name, `a dimension is ${size}`);
    if (shape.length === MAX_RANK) throw invalid(name, `it has more than ${MAX_RANK} dimensions`);
    return shape.push(size);
  });
  return shape;
}

function readMessage(
  bytes: Uint8Array,
  name: string,
  onField: (field: number, wire: WireType, reader: BinaryReader) => unknown,
): void {
  const reader = new BinaryReader(bytes);
  try {
    while (reader.pos < reader.len) {
      const [field, wire] = reader.tag();
      onField(field, wire, reader);
    }
  } catch (cause) {
    if (cause instanceof WeightsError) throw cause;
    throw invalid(name, cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function invalid(name: string, what: string, options?: ErrorOptions): WeightsError {
  return new WeightsError("CHECKPOINT_INVALID", `The checkpoint's entry "${name}" cannot be used: ${what}.`, options);
}
