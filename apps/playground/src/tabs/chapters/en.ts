/** A step of the path: what it is about, and what to look at there. */
interface StepWords {
  readonly title: string;
  readonly what: string;
}

const steps = {
  fragments: {
    title: "Any text becomes tokens",
    what: "GPT-2's tokenizer has no Chinese words: each character falls into fragments of bytes, and nothing is lost.",
  },
  merges: {
    title: "How a tokenizer learns",
    what: "Move the slider: every merge joins the pair that is found most often.",
  },
  embeddings: {
    title: "Tokens become vectors",
    what: "Token and position embedding are added; the sum enters the model.",
  },
  masked: {
    title: "Attention looks back",
    what: "With the causal mask everything right of the diagonal is exactly 0.",
  },
  unmasked: {
    title: "Without the mask",
    what: "The same head if it could see the future: this is what training must not allow.",
  },
  heads: { title: "Many heads", what: "Each head has its own view. Pick one of the grid at the end of the page." },
  norm: { title: "Layer normalisation", what: "Mean 0 and variance 1, before the learned scale and shift." },
  feedForward: { title: "The feed-forward network", what: "Four times as wide, through GELU, and back." },
  block: { title: "The whole block", what: "Step from input to output, and see the shortcuts add up." },
  greedy: { title: "The most likely token", what: "Temperature 0: the model always says the same." },
  temperature: { title: "Temperature", what: "Above 1 the distribution becomes flat, below 1 sharp." },
  topK: { title: "Top k", what: "Only the best tokens stay; the rest gets probability 0." },
  generate: { title: "Text, token by token", what: "Press “Write”, and then “Again, with the next seed”." },
  train: { title: "Pretraining", what: "Press “Start” and watch the loss fall and the samples turn into words." },
  weights: { title: "Pretrained weights", what: "Load GPT-2's weights, or a checkpoint of your own." },
  classify: { title: "A spam classifier", what: "The same model with another head, trained on the built-in messages." },
  instruct: {
    title: "Following instructions",
    what: "Trained on instructions and answers, with LoRA: small layers beside the frozen weights.",
  },
} satisfies Readonly<Record<string, StepWords>>;

export const en = {
  title: "Chapters",
  lead: "The book's road, from text to a model that follows instructions. Each step opens the tab that shows it.",
  chapters: {
    "2": "Working with text",
    "3": "Attention",
    "4": "A GPT model",
    "5": "Pretraining",
    "6": "Fine‑tuning: classification",
    "7": "Fine‑tuning: instructions",
  },
  chapter: (number: string, name: string) => `Chapter ${number}: ${name}`,
  listing: (number: string) => `listing ${number}`,
  place: (step: string, all: string) => `Step ${step} of ${all}`,
  all: "All chapters",
  back: "Back",
  next: "Next step",
  steps: steps as Readonly<Record<keyof typeof steps, StepWords>>,
};

export type Words = typeof en;
