import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
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

/**
 * Reads what an .onnx file of ours says of itself.
 * @param name for the message, such as the file's path
 * @throws {OnnxError} `MODEL_INVALID` when it is damaged, `MODEL_FOREIGN` when it is not ours
 */
export function readMetadata(bytes: Uint8Array, name: string): Metadata {
  let value: string | undefined;
  let hasGraph = false;
  try {
    readFields(bytes, (field, wire, reader) => {
      if (field === 7) hasGraph = true;
      if (field !== 14 || wire !== WireType.LengthDelimited) return reader.skip(wire, field);
      const pair = ["", ""];
      readFields(reader.bytes(), (inner, innerWire, innerReader) => {
        if (innerWire !== WireType.LengthDelimited) return innerReader.skip(innerWire, inner);
        return (pair[inner - 1] = innerReader.string());
      });
      if (pair[0] === KEY) value = pair[1];
      return undefined;
    });
  } catch (cause) {
    throw new OnnxError("MODEL_INVALID", `${name} is damaged or no ONNX file: export the model again.`, { cause });
  }
  if (!hasGraph) throw new OnnxError("MODEL_INVALID", `${name} is damaged or no ONNX file: export the model again.`);
  if (value === undefined) {
    throw new OnnxError(
      "MODEL_FOREIGN",
      `${name} was not written by scratch-llm: export the model with it, from safetensors.`,
    );
  }
  const metadata = JSON.parse(value) as Metadata;
  if (metadata.form === "decoder") return metadata;
  throw new OnnxError(
    "MODEL_FOREIGN",
    `${name} has the form for other tools: open the decoder file that lies beside it.`,
  );
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
