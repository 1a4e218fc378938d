import { basename, dirname, join } from "node:path";
import { SafetensorsError } from "../errors.ts";
import { MAX_HEADER_BYTES, type TensorInfo } from "../header.ts";
import { findDuplicateKey } from "../json.ts";
import { openToRead, readExactly } from "./file.ts";
import { openSingle, type SafetensorsFile } from "./single.ts";

/** Opens all shards of a `*.safetensors.index.json` and joins them. */
export async function openSharded(indexPath: string): Promise<SafetensorsFile> {
  const weightMap = await readWeightMap(indexPath);
  const shards = new Map<string, SafetensorsFile>();
  try {
    for (const shard of new Set(weightMap.values()))
      shards.set(shard, await openSingle(join(dirname(indexPath), shard)));
    return {
      tensors: joinTensors(indexPath, weightMap, shards),
      metadata: Object.assign({}, ...[...shards.values()].map((shard) => shard.metadata)) as Record<string, string>,
      async read(name) {
        const shard = shards.get(weightMap.get(name) ?? "");
        if (shard === undefined) throw new SafetensorsError("UNKNOWN_TENSOR", `${indexPath} has no tensor "${name}".`);
        return shard.read(name);
      },
      close: () => closeAll(shards),
    };
  } catch (error) {
    await closeAll(shards);
    throw error;
  }
}

async function closeAll(shards: ReadonlyMap<string, SafetensorsFile>): Promise<void> {
  await Promise.all([...shards.values()].map((shard) => shard.close()));
}

/** Tensor name → shard file name, checked: a shard lies beside its index, whatever the index says. */
async function readWeightMap(indexPath: string): Promise<Map<string, string>> {
  const fail = (what: string, options?: ErrorOptions): never => {
    throw new SafetensorsError("INDEX_INVALID", `${indexPath}: ${what}`, options);
  };
  const text = await readText(indexPath);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    return fail("the index is not JSON.", { cause });
  }
  const weightMap = typeof json === "object" && json !== null && "weight_map" in json ? json.weight_map : undefined;
  if (typeof weightMap !== "object" || weightMap === null || Array.isArray(weightMap)) {
    return fail('"weight_map" must be an object of tensor name → file name.');
  }
  const duplicate = findDuplicateKey(text);
  if (duplicate !== undefined) return fail(`the key "${duplicate}" is there twice.`);
  for (const [name, shard] of Object.entries(weightMap)) {
    if (typeof shard !== "string" || !isPlainName(shard)) {
      return fail(
        `"${name}" is said to lie in ${JSON.stringify(shard)}, which is no .safetensors file beside the index.`,
      );
    }
  }
  return new Map(Object.entries(weightMap) as [string, string][]);
}

function isPlainName(shard: string): boolean {
  return /^[^/\\:\0]+\.safetensors$/.test(shard) && basename(shard) === shard;
}

async function readText(path: string): Promise<string> {
  const handle = await openToRead(path);
  try {
    const { size } = await handle.stat();
    if (size > MAX_HEADER_BYTES) {
      throw new SafetensorsError("HEADER_TOO_LARGE", `${path} has ${size} bytes (limit ${MAX_HEADER_BYTES}).`);
    }
    const bytes = await readExactly(handle, path, 0, size);
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof SafetensorsError) throw error;
    throw new SafetensorsError("INDEX_INVALID", `${path} is not text in UTF-8.`, { cause: error });
  } finally {
    await handle.close();
  }
}

function joinTensors(
  indexPath: string,
  weightMap: ReadonlyMap<string, string>,
  shards: ReadonlyMap<string, SafetensorsFile>,
): Map<string, TensorInfo> {
  const tensors = new Map<string, TensorInfo>();
  for (const [shard, file] of shards) {
    for (const [name, info] of file.tensors) {
      if (weightMap.get(name) !== shard) {
        throw new SafetensorsError(
          "INDEX_MISMATCH",
          `${shard} has "${name}", which ${indexPath} does not place there.`,
        );
      }
      tensors.set(name, info);
    }
  }
  const missing = [...weightMap.keys()].filter((name) => !tensors.has(name));
  if (missing.length > 0) {
    throw new SafetensorsError(
      "INDEX_MISMATCH",
      `${indexPath} names tensors that no shard has: ${missing.join(", ")}.`,
    );
  }
  return tensors;
}
