import { ClassifierOptionError } from "@scratch-llm/finetune-classifier";
import { EmptyPromptError, TokenIdError } from "@scratch-llm/gpt";
import { SafetensorsError } from "@scratch-llm/safetensors";
import { TokenizerFormatError } from "@scratch-llm/tokenizer";
import { DownloadError, WeightsMismatchError } from "@scratch-llm/weights-loader";
import { expect, it } from "vitest";
import { codeOf } from "../engine/error-code.ts";
import { failure } from "./failures.zh.ts";

const UNKNOWN = failure("NEVER_HEARD_OF");

it.each([
  new EmptyPromptError(),
  new TokenIdError(300, 256),
  new SafetensorsError("HEADER_TRUNCATED", "model.safetensors is cut."),
  new TokenizerFormatError("tokenizer.json is damaged."),
  new WeightsMismatchError(["tok_emb.weight"], [], []),
  new DownloadError("UNAUTHORIZED", "example.com refuses us/me (401)."),
  new ClassifierOptionError("The tokenizer has no end-of-text token."),
  new DOMException("The file could not be read.", "NotReadableError"), // whose code is a number
])("has a Chinese sentence for $name", (error) => {
  const sentence = failure(codeOf(error));
  expect(sentence).toMatch(/[\u{4e00}-\u{9fff}].*[。？]$/u);
  expect(sentence).not.toBe(UNKNOWN);
});
