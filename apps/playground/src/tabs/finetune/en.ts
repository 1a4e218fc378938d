export const en = {
  title: "Fine-tune",
  lead: "Take the model shown above and teach it a task, here in the page: to tell spam from ham, or to follow instructions. The model before its training answers beside it.",
  settings: "Settings",
  hints: {
    classify:
      "A copy of the shown model gets a head with two outputs and learns from short messages, each marked as spam or as ham, which is no spam. Then you try both on messages they have not seen.",
    instruct:
      "A copy of the shown model learns from instructions with their answers. Then you ask both the same thing.",
  },
  task: "Task",
  tasks: { classify: "Spam classifier (chapter 6)", instruct: "Instructions (chapter 7)" },
  trainable: "What is trained",
  trainables: {
    default: "as this task does best",
    all: "all weights",
    last_block: "head, last norm and last block, as the book",
    lora: "LoRA: small layers beside the weights",
  },
  seed: "Seed",
  epochs: "Epochs",
  rank: "Rank of LoRA",
  counts: (train: string, val: string, trainable: string, params: string) =>
    `${train} entries to train on, ${val} to validate; ${trainable} of ${params} weights are trained.`,
  at: (step: string, total: string) => `Step ${step} of ${total}`,
  losses: "Loss",
  accuracy: "Accuracy",
  lines: { train: "training", val: "validation" },
  step: "step",
  table: "Measured",
  columns: ["Step", "Training", "Validation"],
  tryIt: "Try it",
  example: "An entry it has not seen",
  message: "Message",
  instruction: "Instruction",
  classify: "Classify",
  ask: "Ask both",
  stop: "Stop",
  sides: { base: "Before", tuned: "After" },
  labels: { spam: "spam", ham: "ham" } as Readonly<Record<string, string>>,
  threshold: "Call it spam from this probability on",
  verdict: (label: string) => `So it is ${label}.`,
};

export type Words = typeof en;
