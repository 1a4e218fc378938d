import { existsSync } from "node:fs";
import { cp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { cacheFolder } from "@scratch-llm/backend/node";
import { makeFolder } from "@scratch-llm/safetensors/node";
import { TrainerError } from "./errors.ts";

/** Where models that came by another way than a download are kept. */
function importedFolder(): string {
  return join(cacheFolder(), "models");
}

/** The folder of an imported model, or undefined. */
export function importedModel(name: string): string | undefined {
  const folder = join(importedFolder(), name);
  return isName(name) && existsSync(folder) ? folder : undefined;
}

/** Names of the imported models. */
export async function importedModels(): Promise<string[]> {
  const names: string[] = await readdir(importedFolder()).catch(() => []);
  return names.filter(isName).toSorted();
}

/**
 * Copies a model's folder into the cache under a name; it appears there whole or not at all.
 * @returns the new folder
 * @throws {TrainerError} `USAGE` for a name that cannot be a folder's, or one that is taken
 * @throws {SafetensorsError} `WRITE_FAILED` where the cache's folder cannot be made
 */
export async function importModel(folder: string, name: string): Promise<string> {
  if (!isName(name))
    throw new TrainerError("USAGE", `"${name}" cannot name a model. Use letters, digits, ".", "-" and "_".`);
  const target = join(importedFolder(), name);
  if (existsSync(target))
    throw new TrainerError(
      "USAGE",
      `There is a model "${name}" already. Give another --name, or remove it: model rm ${name}`,
    );
  const temporary = join(importedFolder(), `.${name}.part`);
  await rm(temporary, { recursive: true, force: true });
  await makeFolder(importedFolder());
  try {
    await cp(folder, temporary, { recursive: true, dereference: true });
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
  return target;
}

/** Deletes an imported model; answers whether it was there. */
export async function removeImported(name: string): Promise<boolean> {
  const folder = importedModel(name);
  if (folder === undefined) return false;
  await rm(folder, { recursive: true });
  return true;
}

function isName(name: string): boolean {
  return /^\w[\w.-]*$/u.test(name);
}
