const TENSORFLOW_VERSION = "2.21.0";
const LINUX_LIBRARIES = ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"];
/** Keys are `process.platform`-`process.arch`. */
const PLATFORMS = {
  "linux-x64": {
    wheel: {
      project: "tensorflow-cpu",
      version: TENSORFLOW_VERSION,
      pipPlatform: "manylinux_2_27_x86_64",
      sha256: "dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb",
      bytes: 274_000_871,
      unpackedBytes: 853_308_936,
      libraries: LINUX_LIBRARIES,
    },
    official: {
      library: "tensorflow/libtensorflow/libtensorflow-cpu-linux-x86_64-2.9.1.tar.gz",
      addon: "tf-builds/pre-built-binary/napi-v8/4.22.0/CPU-linux-4.22.0.tar.gz",
      bytes: 150_000_000,
      unpackedBytes: 450_000_000,
    },
  },
  "linux-arm64": {
    wheel: {
      project: "tensorflow",
      version: TENSORFLOW_VERSION,
      pipPlatform: "manylinux_2_27_aarch64",
      sha256: "b07d15737406533898e36c7ef7944b1be18e9028dc521b9229952c537bbc5552",
      bytes: 281_946_471,
      unpackedBytes: 883_062_208,
      libraries: LINUX_LIBRARIES,
    },
  },
  "darwin-arm64": {
    wheel: {
      project: "tensorflow",
      version: TENSORFLOW_VERSION,
      pipPlatform: "macosx_12_0_arm64",
      sha256: "56ecd7d47429acbe1df2694d50b75bf9fc3995ac92cb367cd9af6c4780ead712",
      bytes: 223_488_205,
      unpackedBytes: 740_805_624,
      libraries: ["libtensorflow_cc.2.dylib", "libtensorflow_framework.2.dylib"],
    },
  },
  "darwin-x64": {
    official: {
      library: "tensorflow/libtensorflow/libtensorflow-cpu-darwin-x86_64-2.9.1.tar.gz",
      addon: "tf-builds/pre-built-binary/napi-v8/4.22.0/CPU-darwin-4.22.0.tar.gz",
      bytes: 150_000_000,
      unpackedBytes: 450_000_000,
    },
  },
};
/** `process.platform`-`process.arch`, for folder names and messages. */
export function platformName() {
  return `${process.platform}-${process.arch}`;
}
/** What this computer can be set up with; undefined where there is nothing (Windows, musl, 32 bits). */
export function currentPlatform() {
  if (process.platform === "linux" && !usesGlibc()) return undefined;
  return PLATFORMS[platformName()];
}
/** TensorFlow's Linux libraries need glibc; Alpine's musl cannot load them. */
function usesGlibc() {
  const { header } = process.report.getReport();
  return header.glibcVersionRuntime !== undefined;
}
//# sourceMappingURL=platform.js.map
