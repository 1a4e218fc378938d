/** Where PEFT finds a layer of GPT-2: our name, the name in transformers, and which part of it where it is several of ours. */
interface NameRow {
  readonly ours: string;
  readonly theirs: string;
  /** Query, key and value are one layer in transformers: 0, 1, 2 of 3. */
  readonly part: 0 | 1 | 2 | undefined;
}

const ROWS: readonly NameRow[] = [
  { ours: "trfBlocks.*.att.wQuery", theirs: "transformer.h.*.attn.c_attn", part: 0 },
  { ours: "trfBlocks.*.att.wKey", theirs: "transformer.h.*.attn.c_attn", part: 1 },
  { ours: "trfBlocks.*.att.wValue", theirs: "transformer.h.*.attn.c_attn", part: 2 },
  { ours: "trfBlocks.*.att.outProj", theirs: "transformer.h.*.attn.c_proj", part: undefined },
  { ours: "trfBlocks.*.ff.layers.0", theirs: "transformer.h.*.mlp.c_fc", part: undefined },
  { ours: "trfBlocks.*.ff.layers.2", theirs: "transformer.h.*.mlp.c_proj", part: undefined },
  { ours: "outHead", theirs: "lm_head", part: undefined },
];

/** One of our layers and its place in a layer of transformers. */
export interface Place {
  readonly ours: string;
  readonly theirs: string;
  readonly part: 0 | 1 | 2 | undefined;
}

/** Where one of our layers lies; undefined when transformers' GPT-2 has no such layer. */
export function placeOf(ours: string): Place | undefined {
  const layer = /\.(\d+)\./.exec(ours)?.[1] ?? "";
  const row = ROWS.find((candidate) => candidate.ours.replace("*", layer) === ours);
  return row && { ours, theirs: row.theirs.replace("*", layer), part: row.part };
}

/** Our layers that lie in one of transformers'; none for an unknown name. A bare `GPT2Model` lacks "transformer.". */
export function placesIn(theirs: string): Place[] {
  const full = /^(?:transformer\.|lm_head$)/.test(theirs) ? theirs : `transformer.${theirs}`;
  const layer = /\.(\d+)\./.exec(full)?.[1] ?? "";
  return ROWS.filter((row) => row.theirs.replace("*", layer) === full).map((row) => ({
    ours: row.ours.replace("*", layer),
    theirs,
    part: row.part,
  }));
}
