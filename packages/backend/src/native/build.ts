import { mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkInstallation } from "./check.ts";
import { ADDON, compileAddon, compileKernels, KERNELS_ADDON, QUIET_ADDON } from "./compile-addon.ts";
import { noSpace, requireDiskSpace } from "./disk-space.ts";
import type { SetupContext } from "./events.ts";
import { installationFolder, MANIFEST, nativeFolder, kernelsBuild, resolveManifest } from "./installation.ts";
import type { Installation, Manifest } from "./installation.ts";
import { fetchOfficial, OFFICIAL_ADDON } from "./official.ts";
import type { OfficialDownload, Platform, Wheel } from "./platform.ts";
import type { SetupResult } from "./setup.ts";
import { SetupError } from "./setup-error.ts";
import type { TfjsNode } from "./tfjs-node.ts";
import { requireTools } from "./tools.ts";
import { fetchWheel } from "./wheel.ts";

/** Folders that a killed set-up leaves behind begin with this. */
const UNFINISHED = "unfinished-";

/** Headers, the addon, and the copy of the download that pip keeps for a moment. */
const MARGIN = 300e6;

/** One way to an installation: fills an empty folder. */
interface Way {
  readonly neededBytes: number;
  fill(folder: string): Promise<Manifest>;
}

/**
 * Builds the installation in the cache by the platform's ways, in order. The caller holds the set-up's lock.
 *
 * @throws SetupError of the first way where none succeeds: it is the one that the user can most likely mend.
 */
export async function buildInstallation(
  tfjsNode: TfjsNode,
  { wheel, official }: Platform,
  context: SetupContext,
): Promise<SetupResult> {
  await removeUnfinished();
  const ways = [
    ...(wheel ? [fromWheel(wheel, tfjsNode, context)] : []),
    ...(official ? [fromOfficial(official, context)] : []),
  ];
  const failures: SetupError[] = [];
  for (const way of ways) {
    try {
      return await follow(way, tfjsNode, context);
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      failures.push(error);
    }
  }
  throw failures[0] ?? new Error("This platform has no way to an installation.");
}

function fromWheel(wheel: Wheel, tfjsNode: TfjsNode, context: SetupContext): Way {
  return {
    neededBytes: wheel.bytes + wheel.unpackedBytes + MARGIN,
    async fill(folder) {
      await requireTools(context.signal);
      await fetchWheel(wheel, folder, context);
      await compileAddon(tfjsNode, folder, wheel, context);
      const kernels = await ownKernels(folder, wheel, context);
      const quiet = { addon: join("lib", QUIET_ADDON), library: join("lib", wheel.libraries[1]) };
      return { source: "wheel", addon: join("lib", ADDON), quiet, ...(kernels && { kernels }) };
    },
  };
}

async function ownKernels(folder: string, wheel: Wheel, context: SetupContext): Promise<Manifest["kernels"]> {
  const isThere = await compileKernels(folder, wheel, context);
  return isThere ? { addon: join("lib", KERNELS_ADDON), build: kernelsBuild() } : undefined;
}

/** Compiles the kernels of an installation that has none, or those of another processor. The caller holds the lock. */
export async function renewKernels(
  tfjsNode: TfjsNode,
  { folder }: Installation,
  wheel: Wheel,
  context: SetupContext,
): Promise<void> {
  const path = join(folder, MANIFEST);
  const { kernels: _old, ...rest } = JSON.parse(await readFile(path, "utf8")) as Manifest;
  await writeManifest(folder, rest); // nobody loads what is being written
  const kernels = await ownKernels(folder, wheel, context);
  if (!kernels) return;
  const manifest = { ...rest, kernels };
  await checkInstallation(tfjsNode, resolveManifest(folder, manifest), context.signal);
  await writeManifest(folder, manifest);
}

async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await writeFile(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
}

function fromOfficial(official: OfficialDownload, context: SetupContext): Way {
  return {
    neededBytes: official.bytes + official.unpackedBytes + MARGIN,
    async fill(folder) {
      await fetchOfficial(official, folder, context);
      return { source: "official", addon: OFFICIAL_ADDON };
    },
  };
}

/** Fills a temporary folder, proves that it works, and only then gives it its name. */
async function follow(way: Way, tfjsNode: TfjsNode, { report, signal }: SetupContext): Promise<SetupResult> {
  await requireDiskSpace(nativeFolder(), way.neededBytes);
  const temporary = await mkdtemp(join(nativeFolder(), UNFINISHED));
  try {
    const manifest = await way.fill(temporary);
    report({ phase: "check", message: "a matrix product and a gradient" });
    const tensorflow = await checkInstallation(tfjsNode, resolveManifest(temporary, manifest), signal);
    await writeManifest(temporary, manifest);
    const folder = installationFolder(tfjsNode);
    await rm(folder, { recursive: true, force: true }); // an older one that no longer works
    await rename(temporary, folder);
    return { source: manifest.source, folder, tensorflow };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOSPC") throw noSpace("The disk is full", cause);
    throw cause;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function removeUnfinished(): Promise<void> {
  const names = await readdir(nativeFolder());
  const unfinished = names.filter((name) => name.startsWith(UNFINISHED));
  await Promise.all(unfinished.map((name) => rm(join(nativeFolder(), name), { recursive: true, force: true })));
}
