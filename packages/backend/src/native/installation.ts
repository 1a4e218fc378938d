import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheFolder } from "./cache-folder.ts";
import { platformName } from "./platform.ts";
import type { TfjsNode } from "./tfjs-node.ts";

/** Where an addon came from: TensorFlow's wheel, tfjs-node's own archives, or its own installer (in its package folder). */
export type AddonSource = "wheel" | "official" | "package";

/** A built addon, ready to load. All paths are absolute. */
export interface Installation extends Manifest {
  readonly folder: string;
}

/** What a finished folder in the cache says about itself, with paths relative to it. */
export interface Manifest {
  readonly source: AddonSource;
  /** The Node addon. */
  readonly addon: string;
  /** The addon of quiet.cc, and the library that it opens before the other is loaded. */
  readonly quiet?: { readonly addon: string; readonly library: string };
  /** The addon of kernels.cc, and {@link kernelsBuild} when it was compiled. */
  readonly kernels?: { readonly addon: string; readonly build: string };
}

/** The sources of the kernels, kernels.cc first, which includes the others. */
export const KERNELS_SOURCES: readonly string[] = [
  "kernels.cc",
  "attention.h",
  "operation.h",
  "vectors.h",
  "workers.h",
].map((name) => fileURLToPath(new URL(`../../native/${name}`, import.meta.url)));

/** The manifest's file name. It is written last: a folder without it is not finished. */
export const MANIFEST = "installation.json";

/** Who holds this file in {@link nativeFolder} may change that folder. */
export const SETUP_LOCK = "setup.lock";

/** All native installations, in the user's cache folder. */
export function nativeFolder(): string {
  return join(cacheFolder(), "native");
}

/** The folder of the addon for this tfjs-node on this kind of computer. */
export function installationFolder({ version }: TfjsNode): string {
  return join(nativeFolder(), `tfjs-node-${version}-${platformName()}`);
}

/** The addon in the cache, else the one that tfjs-node's own installer left in its package folder. */
export function findInstallation(tfjsNode: TfjsNode): Installation | undefined {
  const cached = installationFolder(tfjsNode);
  if (existsSync(join(cached, MANIFEST))) {
    return resolveManifest(cached, JSON.parse(readFileSync(join(cached, MANIFEST), "utf8")) as Manifest);
  }
  const folder = join(tfjsNode.folder, "lib", "napi-v8");
  const addon = join(folder, "tfjs_binding.node");
  return existsSync(addon) ? { source: "package", folder, addon } : undefined;
}

/** Makes a manifest's paths absolute. */
export function resolveManifest(folder: string, { source, addon, quiet, kernels }: Manifest): Installation {
  return {
    source,
    folder,
    addon: join(folder, addon),
    ...(quiet && { quiet: { addon: join(folder, quiet.addon), library: join(folder, quiet.library) } }),
    ...(kernels && { kernels: { ...kernels, addon: join(folder, kernels.addon) } }),
  };
}

/** Whether the installation's kernels are those of this version, for this processor: computers that differ may share a cache. */
export function hasKernels({ kernels }: Installation): boolean {
  return kernels?.build === kernelsBuild();
}

/** Whether a set-up of ours could compile kernels that are missing, or are of another version or processor. */
export function lacksKernels(installation: Installation): boolean {
  return installation.source === "wheel" && !hasKernels(installation);
}

/** The kernels' sources and the processor, its name and abilities (the latter are known on Linux), as one short text. */
export function kernelsBuild(): string {
  const listed = existsSync("/proc/cpuinfo") ? readFileSync("/proc/cpuinfo", "utf8") : "";
  const abilities = /^(?:flags|Features)\s*:.*$/m.exec(listed)?.[0] ?? "";
  const hash = createHash("sha256").update(`${cpus()[0]?.model}\n${abilities}\n`);
  // A bundled program has no sources beside it; it goes without kernels.
  for (const source of KERNELS_SOURCES) if (existsSync(source)) hash.update(readFileSync(source));
  return hash.digest("hex");
}
