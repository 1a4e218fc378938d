/**
 * The user's cache folder of scratch-llm: `$XDG_CACHE_HOME/scratch-llm` where that is set, else the system's custom.
 */
export declare function cacheFolder(): string;
//# sourceMappingURL=cache-folder.d.ts.map
