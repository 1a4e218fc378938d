import { countParameters } from "@scratch-llm/gpt";
import { fileNames, OnnxDecoder, openOnnxModel, type Quantization } from "@scratch-llm/onnx";
import { readTokenizer } from "@scratch-llm/weights-loader";
import { nameIn } from "../paths.ts";
import type { About, Loading } from "./load.ts";
import type { Shelved } from "./shelf.ts";

/** Of several exports in one folder the first of these is taken: in WASM products with blocks of weights are slow. */
export const QUANTIZATIONS = ["dynamic", "none", "f16", "int8", "int4"] as const satisfies readonly Quantization[];

/** Read at a time. */
const PIECE = 16 << 20;

/** The files that `scratch-llm model export --format onnx` writes. */
interface Exported {
  readonly decoder: Blob;
  /** A file beside the decoder or in the folder above, by its name. */
  readonly find: (name: string) => Blob | undefined;
}

/** An exported model among files, unless there are safetensors too: those show more. */
export function findExported(files: ReadonlyMap<string, Blob>): Exported | undefined {
  const paths = [...files.keys()];
  if (paths.some((path) => path.endsWith(".safetensors"))) return undefined;
  const names = QUANTIZATIONS.map((quantization) => fileNames(quantization).decoder);
  const name = names.find((name) => paths.some((path) => nameIn(path) === name));
  const path = paths.find((path) => nameIn(path) === name);
  if (path === undefined) return undefined;
  const folder = path.slice(0, path.length - nameIn(path).length);
  const above = folder.replace(/[^/]+\/$/u, "");
  return { decoder: files.get(path)!, find: (file) => files.get(folder + file) ?? files.get(above + file) };
}

/**
 * Opens an exported model with ONNX Runtime. Reading can be aborted; compiling cannot, for it leaves no turn to anybody else.
 * @throws OnnxError, WeightsError
 */
export async function loadExported({ decoder, find }: Exported, about: About, loading: Loading): Promise<Shelved> {
  const { host, emit } = loading;
  const threads = await host.prepareOnnx();
  const data = async (name: string): Promise<Uint8Array | undefined> => {
    const bytes = await read(find(name), loading);
    emit({ type: "progress", stage: "compile", done: 0, total: 0 });
    return bytes;
  };
  const session = await openOnnxModel({ decoder: new Uint8Array(await decoder.arrayBuffer()), data }, { threads });
  try {
    const { config, quantization } = session;
    const tokenizer = await readTokenizer("the folder", config.vocabSize, async (name) => find(name)?.text());
    const params = countParameters(config);
    return {
      info: { ...about, config, params, eosId: tokenizer.eosId ?? null, onnx: { quantization, threads } },
      tokenizer,
      decoder: new OnnxDecoder(session),
      newDecoder: () => new OnnxDecoder(session.sibling()),
      dispose: () => session.dispose(),
    };
  } catch (error) {
    await session.dispose();
    throw error;
  }
}

async function read(blob: Blob | undefined, { signal, emit }: Loading): Promise<Uint8Array | undefined> {
  if (blob === undefined) return undefined;
  const bytes = new Uint8Array(blob.size);
  for (let start = 0; start < blob.size; start += PIECE) {
    signal.throwIfAborted();
    bytes.set(new Uint8Array(await blob.slice(start, start + PIECE).arrayBuffer()), start);
    emit({ type: "progress", stage: "read", done: Math.min(blob.size, start + PIECE), total: blob.size });
  }
  return bytes;
}
