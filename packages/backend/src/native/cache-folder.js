import { homedir } from "node:os";
import { join } from "node:path";
/**
 * The user's cache folder of scratch-llm: `$XDG_CACHE_HOME/scratch-llm` where that is set, else the system's custom.
 */
export function cacheFolder() {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (XDG_CACHE_HOME) return join(XDG_CACHE_HOME, "scratch-llm");
  if (process.platform === "darwin") return join(homedir(), "Library", "Caches", "scratch-llm");
  if (process.platform === "win32" && LOCALAPPDATA) return join(LOCALAPPDATA, "scratch-llm", "Cache");
  return join(homedir(), ".cache", "scratch-llm");
}
//# sourceMappingURL=cache-folder.js.map
