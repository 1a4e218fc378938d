import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { GPTConfig } from "@scratch-llm/gpt";
import { OnnxError } from "../errors.ts";
import type { Quantization } from "./quantization.ts";

/** What a file of ours says of itself. */
export interface Metadata {
  readonly form: "standard" | "decoder";
  readonly config: GPTConfig;
  readonly quantization: Quantization;
  readonly dataName: string;
  readonly dataBytes: number;
}

/** Under this name in the model's `metadata_props`. */
const KEY = "scratch_llm";

export function writeMetadata(metadata: Metadata): Record<string, string> {
  return { [KEY]: JSON.stringify(metadata) };
}

/** Bytes of a model's weights when it runs: those of 16 bits become 32-bit ones. */
export function weightBytes({ dataBytes, quantization }: Pick<Metadata, "dataBytes" | "quantization">): number {
  return dataBytes * (quantization === "f16" ? 2 : 1);
}

/** The file with its checksum at the end, as one more entry of `metadata_props`: what has changed is not run. */
export function seal(file: Uint8Array): Uint8Array<ArrayBuffer> {
  return new BinaryWriter().raw(file).raw(sealOf(file)).finish();
}

/** Always of one length. */
function sealOf(file: Uint8Array): Uint8Array {
  const writer = new BinaryWriter().tag(14, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.LengthDelimited).string(`${KEY}_crc32`);
  writer.tag(2, WireType.LengthDelimited).string(crc32(file).toString(16).padStart(8, "0"));
  return writer.join().finish();
}

function isWhole(file: Uint8Array): boolean {
  const end = file.length - sealOf(new Uint8Array(0)).length;
  const found = file.subarray(Math.max(0, end));
  return end > 0 && sealOf(file.subarray(0, end)).every((byte, i) => byte === found[i]);
}

/** The checksum of zip and PNG files (ISO 3309). */
function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/**
 * Reads what an .onnx file of ours says of itself.
 * @param name for the message, such as the file's path
 * @throws {OnnxError} `MODEL_INVALID` when it is damaged, `MODEL_FOREIGN` when it is not ours
 */
export function readMetadata(file: Uint8Array, name: string): Metadata {
  const { entry, hasGraph } = findEntry(file, name);
  if (!hasGraph) throw damaged(name);
  if (entry === undefined) {
    throw new OnnxError(
      "MODEL_FOREIGN",
      `${name} was not written by scratch-llm: export the model with it, from safetensors.`,
    );
  }
  if (!isWhole(file)) throw damaged(name);
  const metadata = JSON.parse(entry) as Metadata;
  if (metadata.form === "decoder") return metadata;
  throw new OnnxError(
    "MODEL_FOREIGN",
    `${name} has the form for other tools: open the decoder file that lies beside it.`,
  );
}

/** Our entry of `metadata_props`, and whether a graph (field 7) is there. */
function findEntry(
  file: Uint8Array,
  name: string,
): { readonly entry?: string | undefined; readonly hasGraph: boolean } {
  let entry: string | undefined;
  let hasGraph = false;
  try {
    readFields(file, (field, wire, reader) => {
      if (field === 7) hasGraph = true;
      if (field !== 14 || wire !== WireType.LengthDelimited) return reader.skip(wire, field);
      const pair = ["", ""];
      readFields(reader.bytes(), (inner, innerWire, innerReader) => {
        if (innerWire !== WireType.LengthDelimited) return innerReader.skip(innerWire, inner);
        return (pair[inner - 1] = innerReader.string());
      });
      if (pair[0] === KEY) entry = pair[1];
      return undefined;
    });
  } catch (cause) {
    throw damaged(name, { cause });
  }
  return { entry, hasGraph };
}

function damaged(name: string, options?: ErrorOptions): OnnxError {
  return new OnnxError("MODEL_INVALID", `${name} is damaged or no ONNX file: export the model again.`, options);
}

function readFields(
  bytes: Uint8Array,
  onField: (field: number, wire: WireType, reader: BinaryReader) => unknown,
): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    onField(field, wire, reader);
  }
}
