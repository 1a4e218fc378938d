import { type ReadonlySignal, useSignal, useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import { asError } from "./as-error.ts";

/** What is known of the answer to a question. The last answer stays until the next one is there. */
export interface Answer<T> {
  readonly value?: T;
  readonly error?: Error;
  /** Whether the value answers an earlier question: the answer to the present one is on its way, or could not be had. */
  readonly stale?: boolean;
}

/**
 * Asks the engine again whenever the question changes. While an answer is on its way further changes wait, and only the
 * last of them is asked: a text that is being typed does not pile up work.
 *
 * @param question reads signals; `undefined` when there is nothing to ask
 */
export function useAnswer<Q, T>(
  question: () => Q | undefined,
  ask: (question: Q) => Promise<T>,
): ReadonlySignal<Answer<T>> {
  const answer = useSignal<Answer<T>>({});
  const queue = useRef<{ busy: boolean; next: Q | undefined }>({ busy: false, next: undefined }).current;
  useSignalEffect(() => {
    queue.next = question();
    if (queue.next !== undefined) answer.value = { ...answer.peek(), stale: true };
    if (!queue.busy) void work();
  });
  async function work(): Promise<void> {
    queue.busy = true;
    while (queue.next !== undefined) {
      const now = queue.next;
      queue.next = undefined;
      try {
        const value = await ask(now);
        answer.value = { value, stale: queue.next !== undefined };
      } catch (error) {
        answer.value = { ...answer.peek(), error: asError(error) };
      }
    }
    queue.busy = false;
  }
  return answer;
}
