/** The head as it is given to a model that is to write the answer: a last space belongs to the token of the next word. */
export function withoutLastSpaces(head: string): string {
  return head.replace(/ +$/u, "");
}
