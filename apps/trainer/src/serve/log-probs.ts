import type { GenerateStep, TokenLogProb } from "@scratch-llm/gpt";
import type { Tokenizer } from "@scratch-llm/tokenizer";

/** A token of a chat's answer in OpenAI's form. */
interface ChatTokenLogProb {
  readonly token: string;
  readonly logprob: number;
  readonly bytes: readonly number[];
}

/** `choices[].logprobs` of a chat. */
interface ChatLogProbs {
  readonly content: readonly (ChatTokenLogProb & { readonly top_logprobs: readonly ChatTokenLogProb[] })[];
  readonly refusal: null;
}

/** `choices[].logprobs` of a completion. */
interface CompletionLogProbs {
  readonly tokens: readonly string[];
  readonly token_logprobs: readonly number[];
  readonly top_logprobs: readonly Readonly<Record<string, number>>[];
  readonly text_offset: readonly number[];
}

/** JSON has no −Infinity; OpenAI writes this instead. */
const LEAST_LOG_PROB = -9999;

const clamp = ({ logProb }: TokenLogProb): number => Math.max(logProb, LEAST_LOG_PROB);

export function chatLogProbs(steps: readonly GenerateStep[], tokenizer: Tokenizer): ChatLogProbs {
  const token = (one: TokenLogProb): ChatTokenLogProb => {
    const bytes = tokenizer.tokenBytes(one.id);
    return { token: tokenText(bytes), logprob: clamp(one), bytes: [...bytes] };
  };
  const content = steps.map((step) => ({ ...token(step), top_logprobs: step.topLogProbs.map(token) }));
  return { content, refusal: null };
}

/** @param offset where the steps' text begins in the whole answer, in UTF-16 units */
export function completionLogProbs(
  steps: readonly GenerateStep[],
  tokenizer: Tokenizer,
  offset: number,
): CompletionLogProbs {
  const name = ({ id }: TokenLogProb): string => tokenText(tokenizer.tokenBytes(id));
  let end = offset;
  const offsets = steps.map(({ text }) => {
    const begin = end;
    end += text.length;
    return begin;
  });
  return {
    tokens: steps.map(name),
    token_logprobs: steps.map(clamp),
    top_logprobs: steps.map(({ topLogProbs }) => Object.fromEntries(topLogProbs.map((top) => [name(top), clamp(top)]))),
    text_offset: offsets,
  };
}

/** A token as text; one that is only a part of a character as OpenAI writes it: "bytes:\xe6". */
function tokenText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return `bytes:${Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("")}`;
  }
}
