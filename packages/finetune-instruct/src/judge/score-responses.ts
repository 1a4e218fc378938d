import pMap from "p-map";
import type { Instruction } from "../instruction.ts";
import { judgePrompt, parseScore } from "./judge-prompt.ts";
import type { QueryModel } from "./query-model.ts";

/** A response to judge, and the task that it answers. */
export interface JudgedResponse extends Instruction {
  readonly response: string;
}

/** What the judge has said of one response. */
export interface Verdict {
  /** The response's place in the list. */
  readonly index: number;
  /** 0 to 100; null where the judge's answer has no score that is certain. */
  readonly score: number | null;
  /** The judge's own words; empty where it was not asked. */
  readonly answer: string;
}

/** Where answers are kept by their prompts, so that an interrupted evaluation asks no question twice. */
export interface AnswerStore {
  get(prompt: string): string | undefined;
  set(prompt: string, answer: string): Promise<void>;
}

/** How {@link scoreResponses} works. */
export interface ScoreOptions {
  readonly query: QueryModel;
  /** Questions asked at the same time. Default 4. */
  readonly concurrency?: number;
  readonly store?: AnswerStore;
  /** Hears every verdict as it comes, in any order. */
  readonly onVerdict?: (verdict: Verdict) => void;
  readonly signal?: AbortSignal;
}

/** What a judge makes of all responses. */
export interface Scores {
  readonly verdicts: readonly Verdict[];
  /** Mean of the scores that there are; NaN without any. */
  readonly mean: number;
  /** Responses that the judge gave no score. */
  readonly unscored: number;
}

/**
 * Lets a judge score responses from 0 to 100: the book's `generate_model_scores` (section 7.8). An empty response gets 0
 * unasked; an answer that is no score is counted and left out of the mean.
 *
 * @throws JudgeError when the judge's server gives up; verdicts until then are in the store
 */
export async function scoreResponses(responses: readonly JudgedResponse[], options: ScoreOptions): Promise<Scores> {
  const { query, concurrency = 4, store, onVerdict, signal } = options;
  const stopping = new AbortController();
  const signals = AbortSignal.any(signal ? [signal, stopping.signal] : [stopping.signal]);
  const judge = async (entry: JudgedResponse, index: number): Promise<Verdict> => {
    const answer = entry.response === "" ? undefined : await ask(judgePrompt(entry, entry.response));
    const verdict = { index, score: answer === undefined ? 0 : (parseScore(answer) ?? null), answer: answer ?? "" };
    onVerdict?.(verdict);
    return verdict;
  };
  const ask = async (prompt: string): Promise<string> => {
    const known = store?.get(prompt);
    if (known !== undefined) return known;
    const answer = await query(prompt, signals);
    await store?.set(prompt, answer);
    return answer;
  };
  try {
    const verdicts = await pMap(responses, judge, { concurrency, signal: signals });
    const scores = verdicts.flatMap(({ score }) => score ?? []);
    const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
    return { verdicts, mean, unscored: verdicts.length - scores.length };
  } finally {
    stopping.abort(); // questions that are still open when one has failed
  }
}
