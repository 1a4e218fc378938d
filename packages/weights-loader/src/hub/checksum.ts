import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import type { ExpectedHash } from "./expected-hash.ts";

/** The hash of a file's content, in hex. */
export async function hashFile(path: string, size: number, algorithm: ExpectedHash["algorithm"]): Promise<string> {
  const hash = createHash(algorithm === "git" ? "sha1" : algorithm);
  if (algorithm === "git") hash.update(`blob ${size}\0`);
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

/**
 * The hash that a storage server's headers give for the content: Azure's `content-md5`, Google's `x-goog-hash`,
 * Backblaze's `x-bz-content-sha1`. An ETag is no such hash: what it is made of is the server's affair.
 */
export function hashFromHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): ExpectedHash | undefined {
  const goog = [headers["x-goog-hash"] ?? []].flat().join(",");
  const md5 = headers["content-md5"] ?? /md5=([\w+/=]+)/.exec(goog)?.[1];
  const hex = typeof md5 === "string" ? Buffer.from(md5, "base64").toString("hex") : "";
  if (/^[0-9a-f]{32}$/.test(hex)) return { algorithm: "md5", hex };
  const sha1 = headers["x-bz-content-sha1"]; // "none" or "unverified:…" where the server did not compute it
  if (typeof sha1 === "string" && /^[0-9a-f]{40}$/.test(sha1)) return { algorithm: "sha1", hex: sha1 };
  return undefined;
}
