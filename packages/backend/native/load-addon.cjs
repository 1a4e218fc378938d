"use strict";

/**
 * Loads tfjs-node's addon from wherever it lies and registers tfjs-node's kernels and backend ("tensorflow").
 *
 * tfjs-node's own entry looks for the addon inside its package folder, which may be read-only or shared with other
 * projects. That entry does no more than what is done here, so nothing is ever written into node_modules.
 * Plain JavaScript, because check.cjs needs it in a process of its own.
 *
 * @param {{ folder: string, addon: string, quiet?: { addon: string, library: string }, kernels?: string }} paths
 *   the package folder of tfjs-node, its addon, the addon of quiet.cc with the library that it opens, that of kernels.cc
 * @returns the addon
 */
exports.loadAddon = function loadAddon({ folder, addon, quiet, kernels }) {
  // TensorFlow's log is for its own developers. Level 3: fatal errors only.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= "3";
  if (quiet && process.env.TF_CPP_MIN_LOG_LEVEL === "3") require(quiet.addon).open(quiet.library);

  // tfjs-node 4.22 calls two functions that warn in Node 22; one is gone in Node 23.
  const util = require("node:util");
  util.isNullOrUndefined = (value) => value === undefined || value === null;
  util.isArray = Array.isArray;
  const binding = require(addon);
  if (kernels) require(kernels);
  require(`${folder}/dist/register_all_kernels.js`);
  const { NodeJSKernelBackend } = require(`${folder}/dist/nodejs_kernel_backend.js`);
  const tf = require(require.resolve("@tensorflow/tfjs", { paths: [folder] }));
  tf.registerBackend("tensorflow", () => new NodeJSKernelBackend(binding, "@tensorflow/tfjs-node"), 3);
  return binding;
};
