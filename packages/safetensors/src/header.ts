import { byteLength, isDtype, type Dtype } from "./dtype.ts";
import { SafetensorsError } from "./errors.ts";
import { findDuplicateKey } from "./json.ts";

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
  const json = parseJson(bytes.subarray(LENGTH_BYTES, dataStart));
  const infos: TensorInfo[] = [];
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(json)) {
    if (name === "__metadata__") metadata = checkMetadata(value);
    else infos.push(checkTensor(name, value, dataStart));
  }
  infos.sort((a, b) => a.start - b.start || a.end - b.end);
  checkContiguous(infos, dataStart, fileSize);
  return { tensors: new Map(infos.map((info) => [info.name, info])), metadata, dataStart };
}

function parseJson(bytes: Uint8Array): object {
  let text: string;
  let json: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    json = JSON.parse(text);
  } catch (cause) {
    throw new SafetensorsError("HEADER_INVALID", "The header is not JSON in UTF-8: this is no safetensors file.", {
      cause,
    });
  }
  if (!isObject(json)) throw new SafetensorsError("HEADER_INVALID", "The header is JSON but not an object.");
  const duplicate = findDuplicateKey(text);
  if (duplicate !== undefined) {
    throw new SafetensorsError("HEADER_INVALID", `The header has the key "${duplicate}" twice.`);
  }
  return json;
}

function checkMetadata(value: unknown): Record<string, string> {
  if (!isObject(value) || !Object.values(value).every((item) => typeof item === "string")) {
    throw new SafetensorsError("HEADER_INVALID", "__metadata__ must be an object of strings.");
  }
  return value as Record<string, string>;
}

function checkTensor(name: string, value: unknown, dataStart: number): TensorInfo {
  const fail = (
    code: "HEADER_INVALID" | "UNKNOWN_DTYPE" | "OFFSETS_INVALID" | "SIZE_MISMATCH",
    what: string,
  ): never => {
    throw new SafetensorsError(code, `Tensor "${name}": ${what}`);
  };
  if (!isObject(value)) return fail("HEADER_INVALID", "the entry is not an object.");
  const { dtype, shape, data_offsets: offsets } = value as Record<string, unknown>;
  if (!isDtype(dtype)) return fail("UNKNOWN_DTYPE", `dtype ${JSON.stringify(dtype)} is not one of the format's.`);
  if (!isSizes(shape)) return fail("HEADER_INVALID", "shape must be an array of whole numbers ≥ 0.");
  if (!isSizes(offsets) || offsets.length !== 2) {
    return fail("OFFSETS_INVALID", "data_offsets must be two whole numbers ≥ 0.");
  }
  const [start, end] = offsets as [number, number];
  const length = byteLength(dtype, shape);
  if (end - start !== length) {
    return fail(
      "SIZE_MISMATCH",
      `${dtype} of shape [${shape.join(", ")}] takes ${length} bytes, data_offsets give ${end - start}.`,
    );
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

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
