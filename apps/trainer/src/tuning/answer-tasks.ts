import { type AnswerStore, respondAll, type RespondAllOptions, type Task } from "@scratch-llm/finetune-instruct";

/** A model's answers to all tasks, in their order. Those in the store are not asked again; new ones go there at once. */
export async function* answerTasks(
  tasks: readonly Task[],
  store: AnswerStore,
  options: RespondAllOptions,
): AsyncGenerator<string, void, void> {
  const keyOf = ({ instruction, input }: Task): string => JSON.stringify([instruction, input]);
  const open = new Map(tasks.filter((task) => store.get(keyOf(task)) === undefined).map((task) => [keyOf(task), task]));
  const answers = respondAll([...open.values()], options);
  for (const task of tasks) {
    if (store.get(keyOf(task)) === undefined) {
      const next = await answers.next();
      if (!next.done) await store.set(keyOf(task), next.value.response);
    }
    yield store.get(keyOf(task)) ?? "";
  }
}
