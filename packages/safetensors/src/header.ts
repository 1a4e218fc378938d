import { byteLength, isDtype, type Dtype } from "./dtype.ts";
import { SafetensorsError, type SafetensorsErrorCode } from "./errors.ts";
import { JsonReader } from "./json.ts";

/** Where one tensor lies and what it is. `start` and `end` are bytes from the start of the file. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

/** A file's header, checked. `tensors` is in the order of the data. */
export interface Header {
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly dataStart: number;
}

/** The header is preceded by its own length as an unsigned 64-bit little-endian integer. */
export const LENGTH_BYTES = 8;
/** The reference implementation refuses longer headers, so that a hostile length cannot make it allocate. */
export const MAX_HEADER_BYTES = 100_000_000;
/** No library of tensors has more dimensions. */
const MAX_RANK = 64;

/**
 * Length in bytes of the JSON header of a file whose first eight bytes (or more) are given.
 *
 * @throws {SafetensorsError} `HEADER_TRUNCATED` or `HEADER_TOO_LARGE`
 */
export function headerLength(bytes: Uint8Array, fileSize: number): number {
  if (bytes.length < LENGTH_BYTES || fileSize < LENGTH_BYTES) {
    throw new SafetensorsError(
      "HEADER_TRUNCATED",
      `A safetensors file has at least ${LENGTH_BYTES} bytes, this one ${fileSize}: it is empty or cut short; download it again.`,
    );
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset, LENGTH_BYTES).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) {
    throw new SafetensorsError(
      "HEADER_TOO_LARGE",
      `The header claims ${length} bytes (limit ${MAX_HEADER_BYTES}): this is no safetensors file, or it is damaged.`,
    );
  }
  if (LENGTH_BYTES + Number(length) > fileSize) {
    throw new SafetensorsError(
      "HEADER_TRUNCATED",
      `The header claims ${length} bytes but the file has ${fileSize}: it is cut short; download it again.`,
    );
  }
  return Number(length);
}

/**
 * Reads and checks a safetensors header: size, JSON, every field, and that the tensors fill the file exactly,
 * without gap or overlap.
 *
 * @param bytes the file's first bytes, at least to the end of the header
 * @param fileSize size of the whole file in bytes
 * @throws {SafetensorsError} with a code for what is wrong
 * @example
 * const bytes = new Uint8Array(await (await fetch("model.safetensors")).arrayBuffer());
 * const { tensors } = parseHeader(bytes, bytes.length);
 */
export function parseHeader(bytes: Uint8Array, fileSize: number): Header {
  const dataStart = LENGTH_BYTES + headerLength(bytes, fileSize);
  if (bytes.length < dataStart) {
    throw new SafetensorsError("HEADER_TRUNCATED", `Got ${bytes.length} bytes, the header ends at ${dataStart}.`);
  }
  const { infos, metadata } = readJson(bytes.subarray(LENGTH_BYTES, dataStart), dataStart);
  infos.sort((a, b) => a.start - b.start || a.end - b.end);
  checkContiguous(infos, dataStart, fileSize);
  return { tensors: new Map(infos.map((info) => [info.name, info])), metadata, dataStart };
}

function readJson(bytes: Uint8Array, dataStart: number): { infos: TensorInfo[]; metadata: Record<string, string> } {
  const infos: TensorInfo[] = [];
  let metadata: Record<string, string> = {};
  try {
    const json = new JsonReader(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
    json.object((name) => {
      if (name === "__metadata__") metadata = readMetadata(json);
      else infos.push(checkTensor(name, readFields(json, name), dataStart));
    });
    json.end();
  } catch (cause) {
    if (cause instanceof SafetensorsError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SafetensorsError("HEADER_INVALID", `The header is not that of a safetensors file: ${reason}.`, { cause });
  }
  return { infos, metadata };
}

function readMetadata(json: JsonReader): Record<string, string> {
  const pairs: [string, string][] = [];
  json.object((key) => pairs.push([key, json.string()]));
  return Object.fromEntries(pairs);
}

interface Fields {
  dtype?: string;
  shape?: number[];
  data_offsets?: number[];
}

function readFields(json: JsonReader, name: string): Fields {
  const fields: Fields = {};
  json.object((key) => {
    if (key === "dtype") fields.dtype = json.string();
    else if (key === "shape" || key === "data_offsets") fields[key] = readSizes(json);
    else json.fail(`tensor "${name}" has the unknown field "${key}"`);
  });
  return fields;
}

function readSizes(json: JsonReader): number[] {
  const sizes: number[] = [];
  json.array(() => {
    if (sizes.length === MAX_RANK) json.fail(`more than ${MAX_RANK} dimensions`);
    sizes.push(json.size());
  });
  return sizes;
}

function checkTensor(name: string, { dtype, shape, data_offsets: offsets }: Fields, dataStart: number): TensorInfo {
  const fail = (code: SafetensorsErrorCode, what: string): never => {
    throw new SafetensorsError(code, `Tensor "${name}": ${what}`);
  };
  if (!isDtype(dtype)) return fail("UNKNOWN_DTYPE", `dtype ${JSON.stringify(dtype)} is not one of the format's.`);
  if (shape === undefined) return fail("HEADER_INVALID", "there is no shape.");
  if (offsets?.length !== 2) return fail("OFFSETS_INVALID", "data_offsets must be two whole numbers.");
  const [start, end] = offsets as [number, number];
  const length = byteLength(dtype, shape);
  if (end - start !== length) {
    const expected = `${dtype} of shape [${shape.join(", ")}] takes ${length} bytes`;
    return fail("SIZE_MISMATCH", `${expected}, data_offsets give ${end - start}.`);
  }
  return { name, dtype, shape, start: dataStart + start, end: dataStart + end };
}

function checkContiguous(infos: readonly TensorInfo[], dataStart: number, fileSize: number): void {
  let position = dataStart;
  for (const info of infos) {
    if (info.start !== position) {
      const what = info.start > position ? "leaves a gap after" : "overlaps";
      throw new SafetensorsError(
        "OFFSETS_INVALID",
        `Tensor "${info.name}" ${what} the data before it (byte ${position}).`,
      );
    }
    position = info.end;
  }
  if (position !== fileSize) {
    throw new SafetensorsError(
      "OFFSETS_INVALID",
      `The tensors end at byte ${position} but the file has ${fileSize}: it is cut short or damaged; download it again.`,
    );
  }
}
