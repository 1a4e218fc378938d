import Papa from "papaparse";
import { ClassifierDataError } from "../errors.ts";
import type { LabeledText } from "./labeled-text.ts";

/** A row of a file: its fields by name, and where it stands. */
interface Row {
  readonly number: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * Reads texts and labels from the text of a file: CSV or TSV with the columns `text` and `label` in its first line (capitals
 * do not matter), or JSONL or a JSON array of objects with these fields. Other columns are left out.
 *
 * @throws {ClassifierDataError} `DATA_FORMAT`, `DATA_COLUMNS` or `DATA_MISSING_LABEL`, naming the row, counted from 1 and
 * without the header
 * @example
 * parseLabeledTexts("label,text\nham,See you at six\n"); // [{ text: "See you at six", label: "ham" }]
 */
export function parseLabeledTexts(content: string): LabeledText[] {
  const text = content.replace(/^\uFEFF/, "");
  const rows = /^\s*[{[]/.test(text) ? jsonRows(text) : tableRows(text);
  if (rows.length === 0) throw new ClassifierDataError("DATA_FORMAT", "The data has no row; give one text per row.");
  requireFilled(rows, "label");
  requireFilled(rows, "text");
  return rows.map(({ fields }) => ({ text: fields["text"] as string, label: String(fields["label"]).trim() }));
}

function tableRows(text: string): Row[] {
  const header = text.split("\n", 1)[0] ?? "";
  const delimiter = header.includes("\t") ? "\t" : ",";
  let parsed = parseTable(text, delimiter, '"');
  // The standard for TSV knows no quotes: where they do not come in pairs, they belong to the texts.
  if (delimiter === "\t" && parsed.errors.length > 0) parsed = parseTable(text, delimiter, "\0");
  const [error] = parsed.errors;
  if (error) {
    const row = error.row === undefined ? "The table" : `Row ${error.row + 1}`;
    throw new ClassifierDataError("DATA_FORMAT", `${row} is not valid CSV: ${error.message}.`);
  }
  const columns = parsed.meta.fields ?? [];
  for (const name of ["text", "label"]) {
    if (columns.includes(name)) continue;
    const found = columns.map((column) => `"${column.slice(0, 40)}"`).join(", ");
    throw new ClassifierDataError("DATA_COLUMNS", `The columns are ${found}; name one "text" and one "label".`);
  }
  return parsed.data.map((fields, i) => ({ number: i + 1, fields }));
}

function parseTable(text: string, delimiter: string, quoteChar: string): Papa.ParseResult<Record<string, unknown>> {
  return Papa.parse<Record<string, unknown>>(text, {
    header: true,
    delimiter,
    quoteChar,
    skipEmptyLines: "greedy",
    transformHeader: (name) => name.trim().toLowerCase(),
  });
}

function jsonRows(text: string): Row[] {
  if (text.trimStart().startsWith("[")) {
    return (parseJson(text, "The data") as unknown[]).map((value, i) => asRow(value, i + 1));
  }
  return text
    .split("\n")
    .flatMap((line, i) => (line.trim() === "" ? [] : [asRow(parseJson(line, `Line ${i + 1}`), i + 1)]));
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ClassifierDataError("DATA_FORMAT", `${where} is not valid JSON: ${reason}.`, { cause });
  }
}

function asRow(value: unknown, number: number): Row {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return { number, fields: isObject ? (value as Record<string, unknown>) : {} };
}

function requireFilled(rows: readonly Row[], field: "text" | "label"): void {
  const isFilled = (value: unknown): boolean =>
    typeof value === "string" ? value.trim() !== "" : field === "label" && typeof value === "number";
  const empty = rows.filter(({ fields }) => !isFilled(fields[field]));
  const [first] = empty;
  if (!first) return;
  const received = JSON.stringify(first.fields[field]) ?? "nothing";
  throw new ClassifierDataError(
    "DATA_MISSING_LABEL",
    `${empty.length} of ${rows.length} rows have no ${field}, row ${first.number} first (received ${received}); ` +
      `fill them or take them out.`,
  );
}
