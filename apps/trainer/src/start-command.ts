/** How this trainer was started, for advice that can be copied: through the repository's `start` script or by its name. */
export function startCommand(environment: NodeJS.ProcessEnv = process.env): string {
  return environment["npm_lifecycle_event"] === "start" ? "npx pnpm@10 start" : "scratch-llm";
}
