import { DownloadError } from "./download-error.ts";
import type { RepositoryFile } from "./repository.ts";

const SMALL_FILES = [
  "config.json",
  "generation_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "vocab.json",
  "merges.txt",
];

/**
 * The files of a repository that describe a model: configuration and tokenizer.
 * @throws {DownloadError} `NOT_FOUND` when there is no configuration
 */
export function describingFiles(name: string, files: readonly RepositoryFile[]): RepositoryFile[] {
  const found = files.filter((file) => SMALL_FILES.includes(file.name));
  if (found.some((file) => file.name === "config.json")) return found;
  throw new DownloadError("NOT_FOUND", `${name} has no config.json: it is no model.`);
}

/**
 * The files of a repository that a model is made of: configuration, tokenizer and, last, the weights as safetensors, one
 * file or an index with its shards. The same weights in other frameworks' files stay where they are.
 *
 * @throws {DownloadError} `NOT_FOUND` when there is no configuration or there are no safetensors
 */
export function chooseFiles(name: string, files: readonly RepositoryFile[]): RepositoryFile[] {
  const small = describingFiles(name, files);
  const single = files.filter((file) => file.name === "model.safetensors");
  if (single.length > 0) return [...small, ...single];
  const shards = files.filter((file) => /^model-\d{5}-of-\d{5}\.safetensors$/.test(file.name));
  const index = files.filter((file) => file.name === "model.safetensors.index.json");
  if (index.length > 0 && shards.length > 0) return [...small, ...shards, ...index];
  throw new DownloadError("NOT_FOUND", `${name} has no model.safetensors; only models in that format can be loaded.`);
}
