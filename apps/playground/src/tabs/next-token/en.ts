export const en = {
  title: "Next token",
  lead: "A GPT does one thing: it gives every token of its vocabulary a probability to come next. Move the knobs and see which of them sampling could still pick; choose one to go on from there.",
  text: "Text",
  tokens: "The text as tokens, then the ones you chose",
  back: "Take back",
  draw: "Draw one",
  drawHint: "It draws what generating with this seed draws.",
  stale: "These are the probabilities after an earlier text; those after this one are not there yet.",
  reset: "Reset the knobs",
  seed: "Seed",
  probabilities: "Probabilities of the next token",
  kept: (count: string, all: string, sum: string) =>
    `${count} of ${all} tokens can be drawn; their probabilities sum to ${sum}.`,
  more: (count: string, share: string) => `The other ${count} tokens share ${share}, before the knobs.`,
  columns: ["Token", "Id", "Before", "After"],
};

export type Words = typeof en;
