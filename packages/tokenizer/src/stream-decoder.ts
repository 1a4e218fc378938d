import type { StreamDecoder } from "./tokenizer.ts";

/** A {@link StreamDecoder} over any tokenizer that knows the bytes of its tokens. */
export function byteStreamDecoder(tokenBytes: (id: number) => Uint8Array): StreamDecoder {
  const utf8 = utf8Decoder();
  return {
    push: (id) => utf8.decode(tokenBytes(id), { stream: true }),
    flush: () => utf8.decode(),
  };
}

/** UTF-8 as tokenizers read it: wrong bytes become U+FFFD, and a byte order mark is a character like any other. */
export function utf8Decoder(): TextDecoder {
  return new TextDecoder("utf-8", { ignoreBOM: true });
}
