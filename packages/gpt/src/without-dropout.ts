import type { Module } from "@scratch-llm/nn";

/** Runs `fn` with the model in evaluation mode, and puts every part of it back into the mode it was in. */
export function withoutDropout<T>(model: Module, fn: () => T): T {
  const training = model.modules().filter((module) => module.training);
  for (const module of training) module.training = false;
  try {
    return fn();
  } finally {
    for (const module of training) module.training = true;
  }
}
