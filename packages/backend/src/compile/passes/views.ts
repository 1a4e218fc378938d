/** Operations whose output is the memory of their first input. */
export const VIEWS: ReadonlySet<string> = new Set(["Reshape", "Identity", "ExpandDims", "Squeeze", "StopGradient"]);
