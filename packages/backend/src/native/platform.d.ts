/** A TensorFlow wheel on the Python package index, and what it carries for us. */
export interface Wheel {
  readonly project: string;
  readonly version: string;
  /** pip's name for the platform. */
  readonly pipPlatform: string;
  readonly sha256: string;
  readonly bytes: number;
  /** Bytes of the two libraries, unpacked. */
  readonly unpackedBytes: number;
  /** TensorFlow and its framework, in the wheel's `tensorflow/` folder. */
  readonly libraries: readonly [string, string];
}
/** TensorFlow's and the addon's archives as tfjs-node's own installer names them. */
export interface OfficialDownload {
  readonly library: string;
  readonly addon: string;
  readonly bytes: number;
  readonly unpackedBytes: number;
}
/** How native TensorFlow can come to one kind of computer. */
export interface Platform {
  readonly wheel?: Wheel;
  readonly official?: OfficialDownload;
}
/** `process.platform`-`process.arch`, for folder names and messages. */
export declare function platformName(): string;
/** What this computer can be set up with; undefined where there is nothing (Windows, musl, 32 bits). */
export declare function currentPlatform(): Platform | undefined;
//# sourceMappingURL=platform.d.ts.map
