import type { Token } from "../../engine/protocol.ts";
import { saveFile } from "../../ui/save-file.ts";
import { visibleText } from "../../ui/token-text.tsx";

/** Saves the picture on a canvas. */
export function savePng(testId: string): void {
  const canvas = globalThis.document.querySelector<HTMLCanvasElement>(`[data-testid="${testId}"]`);
  canvas?.toBlob((blob) => blob && saveFile("attention.png", blob));
}

/** Saves the weights, one row per query, the tokens as headings. */
export function saveCsv(tokens: readonly Token[], weights: Float32Array): void {
  const names = tokens.map(({ text }) => quoted(visibleText(text)));
  const rows = names.map((name, i) => [name, ...weights.subarray(i * names.length, (i + 1) * names.length)]);
  const lines = [["", ...names], ...rows].map((row) => row.join(","));
  saveFile("attention.csv", new Blob([`${lines.join("\r\n")}\r\n`], { type: "text/csv" }));
}

/** A cell as RFC 4180 has it. A leading sign that a spreadsheet would take for a formula becomes text. */
function quoted(text: string): string {
  const safe = /^[=+\-@]/u.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}
