import { effect, type Signal, signal } from "@preact/signals";
import type { Param } from "./params.ts";

/** A signal whose value this browser remembers; where it may not, the value lives as long as the page. */
export function stored<T>(key: string, param: Param<T>): Signal<T> {
  const name = `scratch-llm.${key}`;
  const value = signal(param.fallback);
  try {
    const text = globalThis.localStorage.getItem(name);
    value.value = (text === null ? undefined : param.read(text)) ?? param.fallback;
  } catch {
    return value; // storage is blocked
  }
  effect(() => {
    const text = param.write(value.value);
    if (value.value === param.fallback || text === undefined) globalThis.localStorage.removeItem(name);
    else globalThis.localStorage.setItem(name, text);
  });
  return value;
}
