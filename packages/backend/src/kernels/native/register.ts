export function registerNativeKernels(): void {}
