import { asStep, hrefOfState } from "../../state/url-state.ts";
import { params as attention } from "../attention/params.ts";
import { params as block } from "../block/params.ts";
import { STAGES } from "../block/stages.ts";
import { params as embeddings } from "../embeddings/params.ts";
import { params as finetune } from "../finetune/params.ts";
import { params as generate } from "../generate/params.ts";
import { params as models } from "../models/params.ts";
import { params as nextToken } from "../next-token/params.ts";
import { params as tokenizer } from "../tokenizer/params.ts";
import { params as train } from "../train/params.ts";
import type { Words } from "./en.ts";

/** A step of the path through the book. */
export interface Step {
  readonly id: keyof Words["steps"];
  /** The book's section. */
  readonly section: string;
  /** The book's listing, where there is one. */
  readonly listing?: string;
  /** The address of the state that shows it. */
  readonly href: () => string;
}

const stage = (name: string): number => STAGES.findIndex((each) => each.name === name);

/** The path by chapters. */
export const STEPS: readonly { readonly chapter: keyof Words["chapters"]; readonly steps: readonly Step[] }[] = [
  {
    chapter: "2",
    steps: [
      { id: "fragments", section: "2.5", href: () => hrefOfState(tokenizer, { kind: "gpt2", text: "我说你好" }) },
      { id: "merges", section: "2.5", href: () => hrefOfState(tokenizer, { kind: "trained", merges: 3 }) },
      { id: "embeddings", section: "2.7, 2.8", href: () => hrefOfState(embeddings, {}) },
    ],
  },
  {
    chapter: "3",
    steps: [
      { id: "masked", section: "3.5.1", listing: "3.3", href: () => hrefOfState(attention, { causal: true }) },
      { id: "unmasked", section: "3.4", listing: "3.2", href: () => hrefOfState(attention, { causal: false }) },
      { id: "heads", section: "3.6", listing: "3.5", href: () => hrefOfState(attention, { layer: 1, head: 1 }) },
    ],
  },
  {
    chapter: "4",
    steps: [
      { id: "norm", section: "4.2", listing: "4.2", href: () => hrefOfState(block, { stage: stage("norm1") }) },
      {
        id: "feedForward",
        section: "4.3",
        listing: "4.3, 4.4",
        href: () => hrefOfState(block, { stage: stage("expand") }),
      },
      {
        id: "block",
        section: "4.4, 4.5",
        listing: "4.5, 4.6",
        href: () => hrefOfState(block, { stage: stage("input") }),
      },
    ],
  },
  {
    chapter: "5",
    steps: [
      { id: "greedy", section: "5.1", href: () => hrefOfState(nextToken, { temperature: 0 }) },
      { id: "train", section: "5.2", listing: "5.3", href: () => hrefOfState(train, {}) },
      { id: "temperature", section: "5.3.1", href: () => hrefOfState(nextToken, { temperature: 1.5 }) },
      { id: "topK", section: "5.3.2", href: () => hrefOfState(nextToken, { topK: 5 }) },
      {
        id: "generate",
        section: "5.3.3",
        listing: "5.4",
        href: () => hrefOfState(generate, { temperature: 0.8, topK: 20 }),
      },
      { id: "weights", section: "5.5", listing: "5.5", href: () => hrefOfState(models, {}) },
    ],
  },
  {
    chapter: "6",
    steps: [
      { id: "classify", section: "6.5–6.8", listing: "6.10", href: () => hrefOfState(finetune, { task: "classify" }) },
    ],
  },
  {
    chapter: "7",
    steps: [
      {
        id: "instruct",
        section: "7.2–7.7, E",
        listing: "7.2–7.5",
        href: () => hrefOfState(finetune, { task: "instruct" }),
      },
    ],
  },
];

/** All steps, one after the other. */
export const PATH: readonly Step[] = STEPS.flatMap(({ steps }) => steps);

/** Where a step leads. */
export function hrefOfStep({ id, href }: Step): string {
  return asStep(href(), id);
}
