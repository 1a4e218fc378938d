/** How a value is written in the page's address, and what it is where the address does not tell. */
export interface Param<T> {
  readonly fallback: T;
  /** `undefined` where the text makes no sense. */
  readonly read: (text: string) => T | undefined;
  /** `undefined` where the value is too long for an address. */
  readonly write: (value: T) => string | undefined;
}

const LONGEST_TEXT = 2000;

/** Any text. Up to 2,000 characters stand in the address. */
export function text(fallback: string): Param<string> {
  return {
    fallback,
    read: (value) => value,
    write: (value) => (value.length > LONGEST_TEXT ? undefined : value),
  };
}

/** A number from `min` to `max`; one beyond is brought to the nearer end. */
export function number(fallback: number, min: number, max: number): Param<number> {
  return {
    fallback,
    read: (value) => (value !== "" && Number.isFinite(Number(value)) ? clamp(Number(value), min, max) : undefined),
    write: String,
  };
}

/** A whole number from `min` to `max`. */
export function integer(fallback: number, min: number, max: number): Param<number> {
  const { read, write } = number(fallback, min, max);
  const round = (value: number | undefined): number | undefined => (value === undefined ? value : Math.round(value));
  return { fallback, read: (value) => round(read(value)), write };
}

/** One of some words. */
export function oneOf<const T extends string>(words: readonly T[], fallback: NoInfer<T>): Param<T> {
  return { fallback, read: (value) => words.find((word) => word === value), write: (value) => value };
}

/** Yes or no: `1` or `0`. */
export function flag(fallback: boolean): Param<boolean> {
  return { fallback, read: (value) => ({ "0": false, "1": true })[value], write: (value) => (value ? "1" : "0") };
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}

/** Token ids, written `15-3-27`. */
export function tokenIds(): Param<readonly number[]> {
  return {
    fallback: [],
    read: (value) => (/^\d+(-\d+)*$/.test(value) ? value.split("-").map(Number) : undefined),
    write: (value) => (value.length > 200 ? undefined : value.join("-")),
  };
}
