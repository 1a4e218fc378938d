export { type Batch, stackRows, stackWindows } from "./batch.ts";
export { BatchPass, type LoaderCursor, type PassSource } from "./batch-pass.ts";
export { createDataLoaderV1, type DataLoaderV1Options } from "./create-dataloader-v1.ts";
export { type CollateOption, DataLoader, type DataLoaderOptions } from "./data-loader.ts";
export type { Dataset, TokenSource } from "./dataset.ts";
export { CursorMismatchError, LoaderOptionError, TextTooShortError } from "./errors.ts";
export { GPTDatasetV1, type TokenWindow, type WindowOptions } from "./gpt-dataset-v1.ts";
