export const en = {
  title: "Tokenizer",
  lead: "A model reads numbers. Byte-pair encoding cuts a text into pieces that it knows: common words stay whole, rare ones and other scripts fall into fragments, down to single bytes.",
  kind: "Tokenizer",
  kinds: { gpt2: "GPT-2", builtin: "Shown model", trained: "Train one" },
  text: "Text",
  tokens: "Tokens",
  count: (tokens: string, chars: string, bytes: string) => `${tokens} tokens for ${chars} characters (${bytes} bytes)`,
  rank: (id: string, vocabulary: string) => `id ${id} of ${vocabulary}`,
  chosen: (text: string) => `Token “${text}”`,
  bytes: (hex: string) => `bytes ${hex}`,
  offsets: (from: string, to: string) => `bytes ${from} to ${to} of the text`,
  hint: "Choose a token to see its bytes and where it lies. Fragments of one character stand together, in hex.",
  table: "All tokens",
  columns: ["Token", "Id", "Bytes", "From", "To"],
  corpus: "Train on this text",
  merges: "Merges",
  mergesHint: "Each step joins the pair that stands side by side most often.",
  back: "One merge back",
  next: "Next merge",
  merge: (number: number, left: string, right: string, token: string) =>
    `Merge ${number}: “${left}” + “${right}” → “${token}”`,
  noPair: "; no pair is left.",
  learned: "Learned so far, in order",
  waiting: "The tokenizer is being loaded…",
};

export type Words = typeof en;
