/**
 * Our name of a parameter → the name it has in the book's state dict, used wherever names go to disk.
 *
 * @example
 * toBookName("trfBlocks.0.att.wQuery.weight"); // "trf_blocks.0.att.W_query.weight"
 */
export function toBookName(name: string): string {
  return name
    .split(".")
    .map((part) => part.replace(/^w(?=[A-Z])/, "W").replace(/(?<!^)[A-Z]/g, (capital) => `_${capital.toLowerCase()}`))
    .join(".");
}

/**
 * The book's name of a parameter → ours; undoes `toBookName`.
 *
 * @example
 * fromBookName("trf_blocks.0.att.W_query.weight"); // "trfBlocks.0.att.wQuery.weight"
 */
export function fromBookName(name: string): string {
  return name
    .split(".")
    .map((part) => part.replace(/^W(?=_)/, "w").replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()))
    .join(".");
}
