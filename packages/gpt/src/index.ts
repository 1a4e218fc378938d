export type { Tap } from "@scratch-llm/attention";
export { fromBookName, toBookName } from "./book-names.ts";
export {
  countParameters,
  GPT_CONFIG_1558M,
  GPT_CONFIG_124M,
  GPT_CONFIG_355M,
  GPT_CONFIG_774M,
  GPT_CONFIG_SMALL,
  GPT_CONFIG_TINY,
  GPT_CONFIGS,
  validateConfig,
} from "./config.ts";
export type { GPTConfig, GPTConfigName } from "./config.ts";
export { DummyGPTModel, DummyLayerNorm, DummyTransformerBlock } from "./dummy-gpt-model.ts";
export { EmptyPromptError, GenerateOptionsError, GPTConfigError, SlotError, TokenIdError } from "./errors.ts";
export { ExampleDeepNeuralNetwork, meanGradients } from "./example-deep-neural-network.ts";
export type { ExampleDeepNeuralNetworkOptions } from "./example-deep-neural-network.ts";
export { FeedForward } from "./feed-forward.ts";
export { GELU } from "./gelu.ts";
export { generateText } from "./generate-text.ts";
export { generateTextSimple } from "./generate-text-simple.ts";
export type { GenerateTextSimpleOptions } from "./generate-text-simple.ts";
export { beamSearch } from "./generation/beam-search.ts";
export type { Beam, BeamSearchOptions } from "./generation/beam-search.ts";
export { checkIds, checkLength, sharedStart } from "./generation/check-rows.ts";
export { CompiledDecoder } from "./generation/compiled-decoder.ts";
export type { CompiledDecoderOptions } from "./generation/compiled-decoder.ts";
export { DecoderSlots } from "./generation/decoder-slots.ts";
export type { DecoderSlotsOptions } from "./generation/decoder-slots.ts";
export type { Decoder } from "./generation/decoder.ts";
export { generate } from "./generation/generate.ts";
export type { GenerateOptions, Overflow } from "./generation/generate-options.ts";
export { GenerationRow } from "./generation/generation-row.ts";
export type { FinishReason, GenerateStep, TokenLogProb } from "./generation/generation-row.ts";
export { applyProcessors } from "./generation/logits-processor.ts";
export type { LogitsProcessor, SamplingContext } from "./generation/logits-processor.ts";
export { minNewTokens } from "./generation/min-new-tokens.ts";
export { minP } from "./generation/min-p.ts";
export { ModelDecoder } from "./generation/model-decoder.ts";
export type { ModelDecoderOptions } from "./generation/model-decoder.ts";
export { noRepeatNgram } from "./generation/no-repeat-ngram.ts";
export { occurrencePenalties } from "./generation/occurrence-penalties.ts";
export type { OccurrencePenalties } from "./generation/occurrence-penalties.ts";
export { repetitionPenalty } from "./generation/repetition-penalty.ts";
export { checkSlot } from "./generation/slot-decoder.ts";
export type { SlotDecoder, SlotTokens } from "./generation/slot-decoder.ts";
export { logitsProcessors } from "./generation/sampler.ts";
export { probabilities } from "./generation/softmax.ts";
export { temperature } from "./generation/temperature.ts";
export { topIndices } from "./generation/top-indices.ts";
export { topK } from "./generation/top-k.ts";
export { topP } from "./generation/top-p.ts";
export { GPTModel } from "./gpt-model.ts";
export type { ForwardOptions } from "./gpt-model.ts";
export { GPTModelFast } from "./gpt-model-fast.ts";
export { KVCache } from "./kv-cache.ts";
export { LayerNorm } from "./layer-norm.ts";
export type { BuildOptions, Parts } from "./parts.ts";
export { TransformerBlock } from "./transformer-block.ts";
