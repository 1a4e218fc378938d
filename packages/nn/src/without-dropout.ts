import type { Module } from "./module.ts";

/**
 * Runs `work` with the model in evaluation mode, and puts every part of it back into the mode it was in when `work` has
 * ended, however it ends. `work` may be asynchronous.
 *
 * @example
 * const logits = withoutDropout(model, () => model.forward(x));
 */
export function withoutDropout<T>(model: Module, work: () => T): T {
  const training = model.modules().filter((module) => module.training);
  const restore = (): void => {
    for (const module of training) module.training = true;
  };
  for (const module of training) module.training = false;
  let result: T;
  try {
    result = work();
  } catch (error) {
    restore();
    throw error;
  }
  if (result instanceof Promise) return result.finally(restore) as T;
  restore();
  return result;
}
