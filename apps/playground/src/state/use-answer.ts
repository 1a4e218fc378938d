import { type ReadonlySignal, useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import { asError } from "./as-error.ts";

/** What is known of the answer to a question. The last answer stays until the next one is there. */
export interface Answer<T> {
  readonly value?: T;
  readonly error?: Error;
  /** Whether the value answers an earlier question: the answer to the present one is on its way, or could not be had. */
  readonly stale: boolean;
}

/**
 * Asks the engine again whenever the question changes. While an answer is on its way further changes wait, and only the
 * last of them is asked: a text that is being typed does not pile up work.
 *
 * @param question reads signals, and makes of them an object of its own; `undefined` when there is nothing to ask
 */
export function useAnswer<Q extends object, T>(
  question: () => Q | undefined,
  ask: (question: Q) => Promise<T>,
): ReadonlySignal<Answer<T>> {
  const present = useComputed(question);
  const answer = useSignal<{ readonly to?: Q; readonly value?: T; readonly error?: Error }>({});
  const queue = useRef<{ busy: boolean; next: Q | undefined }>({ busy: false, next: undefined }).current;
  useSignalEffect(() => {
    queue.next = present.value;
    if (!queue.busy) void work();
  });
  async function work(): Promise<void> {
    queue.busy = true;
    while (queue.next !== undefined) {
      const now = queue.next;
      queue.next = undefined;
      try {
        answer.value = { to: now, value: await ask(now) };
      } catch (error) {
        answer.value = { ...answer.peek(), error: asError(error) };
      }
    }
    queue.busy = false;
  }
  return useComputed(() => {
    const { to, ...known } = answer.value;
    return { ...known, stale: to !== present.value };
  });
}
