import Papa from "papaparse";
import { ClassifierDataError } from "../errors.ts";

/** Rows of a file by column, columns in the file's order. */
export interface Rows {
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/**
 * Reads CSV or TSV with a header, JSONL, or a JSON array of objects, whichever it is.
 *
 * @throws {ClassifierDataError} `DATA_FORMAT`, naming the row, counted from 1 and without the header
 * @example
 * parseRows("label,text\nham,See you at six\n").rows; // [{ label: "ham", text: "See you at six" }]
 */
export function parseRows(content: string): Rows {
  const text = content.replace(/^\uFEFF/, "");
  const found = /^\s*[{[]/.test(text) ? jsonRows(text) : tableRows(text);
  if (found.rows.length > 0) return found;
  throw new ClassifierDataError("DATA_FORMAT", "The data has no row; give one text per row.");
}

/** Rows as CSV, or with a tab as the delimiter as TSV; the inverse of {@link parseRows}. */
export function formatRows({ columns, rows }: Rows, delimiter: "," | "\t"): string {
  return `${Papa.unparse(rows as Record<string, unknown>[], { columns: [...columns], delimiter, newline: "\n" })}\n`;
}

function tableRows(text: string): Rows {
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
  return { columns: parsed.meta.fields ?? [], rows: parsed.data };
}

function parseTable(text: string, delimiter: string, quoteChar: string): Papa.ParseResult<Record<string, unknown>> {
  return Papa.parse<Record<string, unknown>>(text, {
    header: true,
    delimiter,
    quoteChar,
    skipEmptyLines: "greedy",
    transformHeader: (name) => name.trim(),
  });
}

function jsonRows(text: string): Rows {
  const rows = text.trimStart().startsWith("[")
    ? (parseJson(text, "The data") as unknown[]).map(asRow)
    : text.split("\n").flatMap((line, i) => (line.trim() === "" ? [] : [asRow(parseJson(line, `Line ${i + 1}`))]));
  return { columns: [...new Set(rows.flatMap((row) => Object.keys(row)))], rows };
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ClassifierDataError("DATA_FORMAT", `${where} is not valid JSON: ${reason}.`, { cause });
  }
}

function asRow(value: unknown): Readonly<Record<string, unknown>> {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : {};
}
