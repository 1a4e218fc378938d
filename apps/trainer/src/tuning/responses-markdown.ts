import type { Messages } from "../messages/messages.ts";

/** A task and what a model has answered. */
export interface AnsweredTask {
  readonly instruction: string;
  readonly input: string;
  /** The answer that was expected, or preferred. */
  readonly output: string;
  readonly response: string;
  /** What a judge or a metric says, such as "score 85". */
  readonly remark?: string;
}

/** Answered tasks as a Markdown document, one section each. */
export function responsesMarkdown(tasks: readonly AnsweredTask[], { tuning }: Messages): string {
  const sections = tasks.map(({ instruction, input, output, response, remark }, i) =>
    [
      `## ${i + 1}`,
      `**${tuning.instruction}**`,
      quoted(instruction),
      ...(input === "" ? [] : [`**${tuning.input}**`, quoted(input)]),
      `**${tuning.expected}**`,
      quoted(output),
      `**${tuning.response}**`,
      quoted(response === "" ? "–" : response),
      ...(remark === undefined ? [] : [remark]),
    ].join("\n\n"),
  );
  return `# ${tuning.responses}\n\n${sections.join("\n\n")}\n`;
}

/** Text of a data set or a model may look like Markdown: in a fenced block it stays what it is. */
function quoted(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/gu)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${text}\n${fence}`;
}
