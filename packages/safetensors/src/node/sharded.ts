import { basename, dirname, join } from "node:path";
import { SafetensorsError } from "../errors.ts";
import type { TensorInfo } from "../header.ts";
import { JsonReader } from "../json.ts";
import { openToRead, readExactly } from "./file.ts";
import type { SafetensorsFile } from "../random-access.ts";
import { openSingle } from "./single.ts";

/** The largest indexes (thousands of experts) have a few megabytes. */
const MAX_INDEX_BYTES = 50_000_000;

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
      async read(name, into) {
        const shard = shards.get(weightMap.get(name) ?? "");
        if (shard === undefined) throw new SafetensorsError("UNKNOWN_TENSOR", `${indexPath} has no tensor "${name}".`);
        return shard.read(name, into);
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
  const bytes = await readWhole(indexPath);
  const weightMap = new Map<string, string>();
  let found = false;
  try {
    const json = new JsonReader(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    json.object((key) => {
      if (key !== "weight_map") return json.skip();
      found = true;
      json.object((name) => weightMap.set(name, readShardName(json)));
    });
    json.end();
    if (!found) json.fail('there is no "weight_map"');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SafetensorsError("INDEX_INVALID", `${indexPath} is no safetensors index: ${reason}.`, { cause });
  }
  return weightMap;
}

function readShardName(json: JsonReader): string {
  const shard = json.string();
  const isPlain = /^[^/\\:\0]+\.safetensors$/.test(shard) && basename(shard) === shard;
  return isPlain ? shard : json.fail(`${JSON.stringify(shard)} is no .safetensors file beside the index`);
}

async function readWhole(path: string): Promise<Uint8Array> {
  const handle = await openToRead(path);
  try {
    const { size } = await handle.stat();
    if (size > MAX_INDEX_BYTES) {
      throw new SafetensorsError("INDEX_INVALID", `${path} has ${size} bytes, an index at most ${MAX_INDEX_BYTES}.`);
    }
    return await readExactly(handle, path, 0, Buffer.allocUnsafeSlow(size));
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
