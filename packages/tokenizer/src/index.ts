export { BPETokenizer, END_OF_TEXT } from "./bpe-tokenizer.ts";
export type { BPEModel } from "./bpe-tokenizer.ts";
export {
  DisallowedSpecialError,
  TokenizerFormatError,
  TrainBPEOptionsError,
  UnknownTokenError,
  WordTooLongError,
} from "./errors.ts";
export { gpt2Tokenizer } from "./gpt2.ts";
export { loadTokenizer } from "./load-tokenizer.ts";
export { preTokenize, wholeWords } from "./pre-tokenize.ts";
export { buildVocabulary, SimpleTokenizerV1, SimpleTokenizerV2, splitWords } from "./simple-tokenizer.ts";
export { trainBPE } from "./train-bpe.ts";
export type { TrainBPEOptions, TrainBPEProgress } from "./train-bpe.ts";
export type { EncodeOptions, StreamDecoder, Tokenizer, TokenizerJSON } from "./tokenizer.ts";
