import type { Instruction } from "../instruction.ts";
import { formatInput } from "../prompt-format.ts";

/** The question of section 7.8: how good a response is, from 0 to 100. */
export function judgePrompt(entry: Instruction, response: string): string {
  return (
    `Given the input \`${formatInput(entry)}\` and correct output \`${entry.output}\`, ` +
    `score the model response \`${response}\` on a scale from 0 to 100, where 100 is the best score. ` +
    `Respond with the integer number only.`
  );
}

/**
 * The score in a judge's answer, or undefined where there is none that is certain: judges chat. An integer from 0 to 100 alone,
 * with a full stop, emphasis, a label ("Score: 85") or its scale ("85/100", "85 out of 100") counts.
 *
 * @example
 * parseScore("**Score: 85/100**"); // 85
 * parseScore("I'd say 70, or maybe 80."); // undefined
 */
export function parseScore(answer: string): number | undefined {
  const said = answer.replaceAll(/<think>[\s\S]*?<\/think>/gu, "").replaceAll(/(?:\/|out of)\s*100\b/giu, "");
  const numbers = new Set(said.match(/-?\d+(?:[.,]\d+)?/gu));
  const [only = ""] = numbers;
  const score = Number(only);
  return numbers.size === 1 && /^\d+$/u.test(only) && score <= 100 ? score : undefined;
}
