import { type TensorEntry, toFloat32 } from "@scratch-llm/safetensors";
import { openSafetensors, writeSafetensors } from "@scratch-llm/safetensors/node";
import * as tf from "@tensorflow/tfjs";

/** Writes variables under their names as they are. */
export async function writeVariables(path: string, variables: ReadonlyMap<string, tf.Variable>): Promise<void> {
  await writeSafetensors(path, [...variables].map(asEntry));
}

function asEntry([name, variable]: [string, tf.Variable]): TensorEntry {
  return {
    name,
    dtype: "F32",
    shape: variable.shape,
    data: async () => {
      const { buffer, byteOffset, byteLength } = await variable.data();
      return new Uint8Array(buffer, byteOffset, byteLength);
    },
  };
}

/** Gives variables the values that {@link writeVariables} has written. */
export async function readVariables(path: string, variables: ReadonlyMap<string, tf.Variable>): Promise<void> {
  const file = await openSafetensors(path);
  try {
    for (const [name, variable] of variables) {
      const { info, bytes } = await file.read(name);
      const value = tf.tensor(toFloat32(bytes, info.dtype), [...info.shape]);
      variable.assign(value);
      value.dispose();
    }
  } finally {
    await file.close();
  }
}
