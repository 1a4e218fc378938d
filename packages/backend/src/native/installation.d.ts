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
  readonly quiet?: {
    readonly addon: string;
    readonly library: string;
  };
}
/** The manifest's file name. It is written last: a folder without it is not finished. */
export declare const MANIFEST = "installation.json";
/** Who holds this file in {@link nativeFolder} may change that folder. */
export declare const SETUP_LOCK = "setup.lock";
/** All native installations, in the user's cache folder. */
export declare function nativeFolder(): string;
/** The folder of the addon for this tfjs-node on this kind of computer. */
export declare function installationFolder({ version }: TfjsNode): string;
/** The addon in the cache, else the one that tfjs-node's own installer left in its package folder. */
export declare function findInstallation(tfjsNode: TfjsNode): Installation | undefined;
/** Makes a manifest's paths absolute. */
export declare function resolveManifest(folder: string, { source, addon, quiet }: Manifest): Installation;
//# sourceMappingURL=installation.d.ts.map
