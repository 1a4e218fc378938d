import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { makeFolder } from "@scratch-llm/safetensors/node";
import type { SetupContext } from "./events.ts";
import type { OfficialDownload } from "./platform.ts";
import { runCommand } from "./run-command.ts";
import { SetupError } from "./setup-error.ts";

/** A host that does not answer in this time, or stops sending for as long, is taken as unreachable. */
const PATIENCE = 10_000;

/** The addon in an installation made from the official archives, which expect each other at these places. */
export const OFFICIAL_ADDON: string = join("lib", "napi-v8", "tfjs_binding.node");

/**
 * Downloads TensorFlow and the built addon from where tfjs-node's own installer gets them (`TFJS_NODE_CDN_STORAGE` names
 * another host, as for that installer): for people without Python or a compiler.
 */
export async function fetchOfficial(official: OfficialDownload, folder: string, context: SetupContext): Promise<void> {
  const addonFolder = join(folder, "lib", "napi-v8");
  const library = await download(official.library, join(folder, "library.tar.gz"), context);
  const addon = await download(official.addon, join(folder, "addon.tar.gz"), context);
  await untar(library, join(folder, "deps"), [], context);
  await untar(addon, addonFolder, ["--strip-components=1"], context);
}

async function download(path: string, file: string, { report, signal }: SetupContext): Promise<string> {
  const host = process.env["TFJS_NODE_CDN_STORAGE"] ?? "https://storage.googleapis.com/";
  const url = new URL(path, host);
  const watch = new AbortController();
  let timer = setTimeout(() => watch.abort(), PATIENCE);
  try {
    const response = await fetch(url, { signal: signal ? AbortSignal.any([signal, watch.signal]) : watch.signal });
    if (!response.ok || !response.body) throw new Error(`it answered ${response.status}`);
    const totalBytes = Number(response.headers.get("content-length"));
    let bytes = 0;
    const body = Readable.fromWeb(response.body as ReadableStream);
    body.on("data", (chunk: Buffer) => {
      timer.refresh();
      bytes += chunk.length;
      report({
        phase: "download",
        message: url.pathname.split("/").at(-1) ?? "",
        bytes,
        ...(totalBytes && { totalBytes }),
      });
    });
    await pipeline(body, createWriteStream(file));
    return file;
  } catch (cause) {
    signal?.throwIfAborted();
    const why = watch.signal.aborted
      ? "no answer"
      : (((cause as Error).cause as Error | undefined)?.message ?? (cause as Error).message);
    const remedy = "name a mirror with TFJS_NODE_CDN_STORAGE, or use the wasm backend";
    throw new SetupError("SETUP_NETWORK", `${url.host} cannot be used (${why}): ${remedy}.`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

async function untar(file: string, folder: string, options: string[], { report, signal }: SetupContext): Promise<void> {
  report({ phase: "unpack", message: "TensorFlow's libraries" });
  await makeFolder(folder);
  try {
    await runCommand("tar", ["-xzf", file, "-C", folder, ...options], { signal });
  } catch (cause) {
    signal?.throwIfAborted();
    throw new SetupError("SETUP_UNPACK", `tar could not unpack ${file}: ${(cause as Error).message}`, { cause });
  }
  await rm(file);
}
