import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "./cache-folder.js";
import { platformName } from "./platform.js";
/** The manifest's file name. It is written last: a folder without it is not finished. */
export const MANIFEST = "installation.json";
/** Who holds this file in {@link nativeFolder} may change that folder. */
export const SETUP_LOCK = "setup.lock";
/** All native installations, in the user's cache folder. */
export function nativeFolder() {
  return join(cacheFolder(), "native");
}
/** The folder of the addon for this tfjs-node on this kind of computer. */
export function installationFolder({ version }) {
  return join(nativeFolder(), `tfjs-node-${version}-${platformName()}`);
}
/** The addon in the cache, else the one that tfjs-node's own installer left in its package folder. */
export function findInstallation(tfjsNode) {
  const cached = installationFolder(tfjsNode);
  if (existsSync(join(cached, MANIFEST))) {
    return resolveManifest(cached, JSON.parse(readFileSync(join(cached, MANIFEST), "utf8")));
  }
  const folder = join(tfjsNode.folder, "lib", "napi-v8");
  const addon = join(folder, "tfjs_binding.node");
  return existsSync(addon) ? { source: "package", folder, addon } : undefined;
}
/** Makes a manifest's paths absolute. */
export function resolveManifest(folder, { source, addon, quiet }) {
  return {
    source,
    folder,
    addon: join(folder, addon),
    ...(quiet && { quiet: { addon: join(folder, quiet.addon), library: join(folder, quiet.library) } }),
  };
}
//# sourceMappingURL=installation.js.map
