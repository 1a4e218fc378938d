import { fileNames, fitsInPage } from "@scratch-llm/onnx";
import {
  chooseFiles,
  describingFiles,
  DownloadError,
  parseRepository,
  type RepositoryFile,
  repositoryName,
} from "@scratch-llm/weights-loader";
import type { Download, DownloadPlan, Form, HubModel, Progress, Storage, StoredModel } from "../protocol.ts";
import type { FileStore } from "./file-store.ts";
import { fetchFile } from "./fetch-file.ts";
import { nameIn } from "../paths.ts";
import { QUANTIZATIONS } from "./load-exported.ts";

/** What a download needs of the engine. */
export interface Downloading {
  readonly files: FileStore;
  readonly retryDelayMs: number;
  readonly signal: AbortSignal;
  readonly emit: (event: Progress) => void;
}

/** The folder of all downloads; each model has one in it. */
const ROOT = "models";
/** Written last: a folder that has it is complete. */
const METADATA = "scratch-llm.json";

/** What a download would fetch. @throws DownloadError */
export async function describeDownload(model: HubModel, files: FileStore, signal: AbortSignal): Promise<DownloadPlan> {
  const { id, commit, licence, choices } = await look(model, signal);
  const offers = choices.map(async ({ form, chosen, fits }) => {
    const name = nameOf(id, form);
    const here = await Promise.all(chosen.map((file) => bytesOf(folderOf(name), file, files)));
    return {
      form,
      name,
      files: chosen.map(({ name: file, size }) => ({ name: file, size })),
      totalBytes: sum(chosen.map(({ size }) => size)),
      storedBytes: sum(here),
      fits,
    };
  });
  return { repository: id, commit, licence, offers: await Promise.all(offers) };
}

/**
 * Fetches what is missing of a model. Every file is checked before it gets its name, and the model counts as stored when
 * all are there, so that whatever interrupts, the next try goes on.
 * @throws DownloadError, which names the file
 */
export async function download(model: Download, downloading: Downloading): Promise<StoredModel> {
  const { files, signal, emit } = downloading;
  const { form = "safetensors" } = model;
  const { id, commit, licence, choices } = await look(model, signal);
  const choice = choices.find((each) => each.form === form);
  if (!choice) throw new DownloadError("NOT_FOUND", `${id} has no ${form}; look at what there is.`);
  const { chosen } = choice;
  const name = nameOf(id, form);
  const folder = folderOf(name);
  const former = await metadataOf(folder, files);
  if (former?.commit === commit) return former;
  const total = sum(chosen.map(({ size }) => size));
  const meter = new Meter(total, emit);
  try {
    for (const file of chosen) {
      const url = `${endpointOf(model)}/${id}/resolve/${commit}/${file.name}`;
      meter.begin(await bytesOf(folder, file, files));
      await fetchFile({ ...file, url }, placeOf(folder, file), { ...downloading, meter });
      meter.end(file.size);
    }
  } finally {
    meter.stop();
  }
  const stored: StoredModel = { name, commit, bytes: total, licence, origin: model };
  await files.remove(`${folder}/${METADATA}`);
  const writer = await files.write(`${folder}/${METADATA}`);
  writer.write(new TextEncoder().encode(JSON.stringify(stored)), 0);
  writer.close();
  return stored;
}

/** The models that are stored whole, and what unfinished downloads take. */
export async function storage(files: FileStore): Promise<Storage> {
  const models: StoredModel[] = [];
  const unfinished: Storage["unfinished"][number][] = [];
  for (const { name: entry } of await files.list(ROOT)) {
    const folder = `${ROOT}/${entry.replace(/\/$/u, "")}`;
    const metadata = await metadataOf(folder, files);
    if (metadata) models.push(metadata);
    else {
      const name = folder.slice(ROOT.length + 1).replaceAll("--", "/");
      unfinished.push({ name, bytes: sum((await files.list(folder)).map(({ size }) => size)) });
    }
  }
  return { models, unfinished, quotaBytes: (await files.quota()) ?? null };
}

/** Deletes a model or what there is of one. */
export async function deleteStored(name: string, files: FileStore): Promise<void> {
  await files.remove(`${folderOf(name)}/${METADATA}`);
  await files.remove(folderOf(name));
}

/** The files of a stored model, by name. @throws DownloadError `NOT_FOUND` */
export async function storedFiles(name: string, files: FileStore): Promise<Map<string, Blob>> {
  const folder = folderOf(name);
  if (!(await metadataOf(folder, files))) {
    throw new DownloadError("NOT_FOUND", `${name} is not stored here, or not whole; download it.`);
  }
  const found = new Map<string, Blob>();
  for (const { name: file } of await files.list(folder)) {
    const blob = await files.read(`${folder}/${file}`);
    if (blob) found.set(file, blob);
  }
  return found;
}

async function metadataOf(folder: string, files: FileStore): Promise<StoredModel | undefined> {
  const metadata = await files.read(`${folder}/${METADATA}`);
  return metadata && (JSON.parse(await metadata.text()) as StoredModel);
}

/** A form of a model, with its files. */
interface Choice {
  readonly form: Form;
  readonly chosen: readonly RepositoryFile[];
  readonly fits: boolean;
}

/** What a server has of a model. */
interface Found {
  readonly id: string;
  readonly commit: string;
  readonly licence: string | null;
  readonly choices: readonly Choice[];
}

async function look(model: HubModel, signal: AbortSignal): Promise<Found> {
  const id = repositoryName(model.repository);
  const endpoint = endpointOf(model);
  const { host } = new URL(endpoint);
  const url = `${endpoint}/api/models/${id}/revision/${encodeURIComponent(model.revision ?? "main")}?blobs=true`;
  const response = await fetch(url, { signal }).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw new DownloadError("UNREACHABLE", `${host} does not answer; check the connection, or take a mirror.`, {
      cause,
    });
  });
  if (response.status === 401 || response.status === 403) {
    // Hugging Face says this of a name that does not exist, too.
    throw new DownloadError(
      "UNAUTHORIZED",
      `${host} refuses ${id} (${response.status}); check the name. A private or gated model cannot be fetched from a page.`,
    );
  }
  if (response.status === 404) throw new DownloadError("NOT_FOUND", `${host} has no ${id}; check the name.`);
  if (!response.ok) throw new DownloadError("SERVER_ERROR", `${host} answers ${response.status} for ${id}.`);
  const { commit, files, licence = null } = parseRepository(await response.text(), host);
  return { id, commit, licence, choices: choicesOf(id, files) };
}

/** The forms that a repository has, safetensors first. @throws DownloadError where it has none */
function choicesOf(id: string, files: readonly RepositoryFile[]): Choice[] {
  const exported = QUANTIZATIONS.flatMap((quantization): Choice[] => {
    const names = fileNames(quantization);
    const data = files.find(({ name }) => name === `onnx/${names.data}`);
    const decoder = files.find(({ name }) => name === `onnx/${names.decoder}`);
    if (!data || !decoder) return [];
    const fits = fitsInPage({ dataBytes: data.size, quantization });
    return [{ form: quantization, chosen: [...describingFiles(id, files), decoder, data], fits }];
  });
  if (exported.length > 0 && !files.some(({ name }) => name.endsWith(".safetensors"))) return exported;
  return [{ form: "safetensors", chosen: chooseFiles(id, files), fits: true }, ...exported];
}

/** What a form of a model is called here: `owner/name`, or `owner/name/onnx-int8`. */
function nameOf(id: string, form: Form): string {
  return form === "safetensors" ? id : `${id}/onnx-${form}`;
}

/** Where a file is kept: all of a model's are in one folder. */
function placeOf(folder: string, { name }: RepositoryFile): string {
  return `${folder}/${nameIn(name)}`;
}

/** The server's address, also where it was written without its `https://`. @throws DownloadError */
function endpointOf({ endpoint }: HubModel): string {
  const address = /^https?:\/\//u.test(endpoint) ? endpoint : `https://${endpoint}`;
  if (URL.canParse(address)) return address.replace(/\/+$/u, "");
  throw new DownloadError("NAME_INVALID", `"${endpoint}" is no server's address, such as https://huggingface.co.`);
}

function folderOf(name: string): string {
  return `${ROOT}/${name.replaceAll("/", "--")}`;
}

/** Bytes of a file that are here, whole or not. */
async function bytesOf(folder: string, file: RepositoryFile, files: FileStore): Promise<number> {
  const { size } = file;
  const whole = await files.read(placeOf(folder, file));
  if (whole?.size === size) return size;
  const part = await files.read(`${placeOf(folder, file)}.part`);
  return Math.min(size, part?.size ?? 0);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

const TELL_EVERY_MS = 100;

/** One bar for all files, told a few times a second. */
export class Meter {
  readonly #total: number;
  readonly #emit: (event: Progress) => void;
  readonly #started: number = performance.now();
  /** Bytes of the files that are done, and of those what was here before. */
  #finished = 0;
  #known = 0;
  #told = Number.NEGATIVE_INFINITY;
  #toTell: ReturnType<typeof setTimeout> | undefined;

  constructor(total: number, emit: (event: Progress) => void) {
    this.#total = total;
    this.#emit = emit;
  }

  begin(known: number): void {
    this.#known += known;
  }

  /** `bytes` of the file at hand are here or, in the other stage, verified. The last of many is always told. */
  tell(stage: Progress["stage"], bytes: number): void {
    clearTimeout(this.#toTell);
    const now = performance.now();
    const wait = this.#told + TELL_EVERY_MS - now;
    if (wait > 0) {
      this.#toTell = setTimeout(() => this.tell(stage, bytes), wait);
      return;
    }
    this.#told = now;
    const done = this.#finished + bytes;
    const rate = (1000 * Math.max(0, done - this.#known)) / Math.max(1, now - this.#started);
    this.#emit({
      type: "progress",
      stage,
      done,
      total: this.#total,
      ...(rate > 0 && { bytesPerSecond: rate, etaSeconds: (this.#total - done) / rate }),
    });
  }

  end(size: number): void {
    this.#finished += size;
    this.#told = Number.NEGATIVE_INFINITY;
    this.tell("download", 0);
  }

  /** Nothing more is told. */
  stop(): void {
    clearTimeout(this.#toTell);
  }
}
