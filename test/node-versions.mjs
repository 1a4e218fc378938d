// Runs a script under every Node version that is supported; npm carries the binaries as the package `node`.
//
//   pnpm build && node test/node-versions.mjs                       the backends (backend-smoke.mjs)
//   node test/node-versions.mjs apps/trainer/dist/main.js --json    another script, with its arguments
import { spawnSync } from "node:child_process";

const VERSIONS = ["20.19.0", "22", "24", "26"];
const command = process.argv.length > 2 ? process.argv.slice(2) : ["test/backend-smoke.mjs"];

const failed = VERSIONS.filter((version) => {
  console.log(`— Node ${version}: ${command.join(" ")}`);
  const { status } = spawnSync("npx", ["--yes", `node@${version}`, ...command], { stdio: "inherit" });
  return status !== 0;
});
console.log(
  failed.length === 0 ? `Passed under Node ${VERSIONS.join(", ")}.` : `Failed under Node ${failed.join(", ")}.`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
