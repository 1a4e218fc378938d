// Starts each backend of the built package and calculates with it; native only where it is set up.
import * as tf from "@tensorflow/tfjs";
import { nativeStatus, useBackend } from "../packages/backend/dist/node.js";

const { ready, message } = await nativeStatus();
if (!ready) console.log(`native: skipped. ${message}`);
for (const name of ready ? ["native", "wasm", "cpu"] : ["wasm", "cpu"]) {
  const { versions } = await useBackend(name);
  const product = tf.matMul([[1, 2]], [[3], [4]]).dataSync();
  const ids = tf.tensor1d([1, 1, 0], "int32");
  const gradient = tf
    .grad((table) => tf.gather(table, ids))(tf.zeros([2, 1]))
    .dataSync();
  if (String(product) !== "11" || String(gradient) !== "1,2") throw new Error(`${name}: ${product}, ${gradient}`);
  console.log(`${name}: ${JSON.stringify({ node: process.version, ...versions })}`);
}
