import * as tf from "@tensorflow/tfjs";
import { unavailable } from "./backend-error.ts";
import type { StartedBackend } from "./backend-info.ts";
import { registerWebgpuKernels } from "./kernels/webgpu/register.ts";
import { selectBackend } from "./select-backend.ts";

/** Starts WebGPU where an adapter really answers: `navigator.gpu` alone promises nothing. */
export async function startWebgpu(): Promise<StartedBackend> {
  const adapter = await probeAdapter();
  try {
    await import("@tensorflow/tfjs-backend-webgpu");
  } catch (cause) {
    throw unavailable("The WebGPU backend is not installed: add @tensorflow/tfjs-backend-webgpu.", cause);
  }
  await selectBackend("webgpu", "update the graphics driver, or use the wasm backend.");
  registerWebgpuKernels();
  const { vendor, architecture, isFallbackAdapter } = adapter.info;
  const name = [vendor, architecture].filter(Boolean).join(" ") || "unnamed";
  return {
    adapter: isFallbackAdapter ? `${name} (software)` : name,
    versions: { tfjs: tf.version.tfjs, "tfjs-backend-webgpu": tf.version.tfjs },
    threads: 1,
    memoryLimitBytes: adapter.limits.maxBufferSize,
  };
}

async function probeAdapter(): Promise<GPUAdapter> {
  const gpu: GPU | undefined = globalThis.navigator?.gpu;
  if (!gpu) throw unavailable("WebGPU does not exist here: use a browser that has it, or the wasm backend.");
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw unavailable("WebGPU has no graphics adapter here: use the wasm backend.");
  return adapter;
}
