import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("save-until-killed.ts", import.meta.url));
/** TypeScript, and the packages' sources. */
const NODE_FLAGS = ["--import", "tsx", "--conditions=@scratch-llm/source"];

/**
 * Starts `save-until-killed.ts`, and kills it (SIGKILL) as soon as `when` says so of what it has written.
 *
 * @returns all its lines.
 */
export async function killedChild(
  args: readonly string[],
  when: (line: string) => boolean | Promise<boolean>,
): Promise<string[]> {
  const child = spawn(process.execPath, [...NODE_FLAGS, script, ...args], {
    cwd: fileURLToPath(new URL(".", import.meta.url)),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (chunk) => (errors += chunk));
  const lines: string[] = [];
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line);
      if (await when(line)) return lines;
    }
  } finally {
    child.kill("SIGKILL");
  }
  throw new Error(`The child ended by itself after ${lines.length} lines: ${errors}`);
}
