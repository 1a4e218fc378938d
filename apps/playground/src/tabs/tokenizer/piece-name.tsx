import { TokenText, visibleText } from "../../ui/token-text.tsx";
import { hex, textOf } from "./pieces.ts";

/** What a token is called: its text, or its bytes where they are no whole characters. */
export function PieceName({ bytes }: { readonly bytes: Uint8Array }) {
  const text = textOf(bytes);
  return text === undefined ? <span>{hex(bytes)}</span> : <TokenText text={text} />;
}

/** The same as plain text. */
export function nameOf(bytes: Uint8Array): string {
  const text = textOf(bytes);
  return text === undefined ? hex(bytes) : visibleText(text);
}
