import type { Shelved } from "../models/shelf.ts";
import { checkIds, lastOf } from "./inputs.ts";

/** The logits (vocabSize) after the last of the ids; the model sees as many of the last ones as it can. */
export async function nextTokenLogits({ info, newDecoder }: Shelved, ids: Int32Array): Promise<Float32Array> {
  const seen = lastOf(ids, info.config.contextLength);
  checkIds(seen.ids, info.config);
  const decoder = newDecoder({ useCache: false });
  try {
    const [logits] = await decoder.prefill([seen.ids]);
    return logits!;
  } finally {
    decoder.dispose();
  }
}
