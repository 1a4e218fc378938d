"use strict";

// node check.cjs PATHS, the argument of loadAddon as JSON.
// Proves in a process of its own that an addon works: a matrix product and the gradient of an embedding. A library built
// for another processor ends this process and not the user's. Prints TensorFlow's version.
const { loadAddon } = require("./load-addon.cjs");

const paths = JSON.parse(process.argv[2]);
const binding = loadAddon(paths);
const tf = require(require.resolve("@tensorflow/tfjs", { paths: [paths.folder] }));
if (!tf.setBackend("tensorflow")) throw new Error("TensorFlow did not start.");

const product = tf.matMul([[1, 2]], [[3], [4]]).dataSync();
const ids = tf.tensor1d([1, 1, 0], "int32");
const gradient = tf
  .grad((table) => tf.gather(table, ids))(tf.zeros([2, 1]))
  .dataSync();
if (product[0] !== 11 || gradient[0] !== 1 || gradient[1] !== 2) {
  throw new Error(`TensorFlow calculates wrongly: ${product} and ${gradient}.`);
}
process.stdout.write(binding.TF_Version);
