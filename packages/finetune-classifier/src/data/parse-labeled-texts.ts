import { ClassifierDataError } from "../errors.ts";
import type { LabeledText } from "./labeled-text.ts";
import { parseRows, type Rows } from "./parse-rows.ts";

type Field = "text" | "label";

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
  const found = parseRows(content);
  const [label, text] = [column(found, "label"), column(found, "text")];
  requireFilled(found, "label", label);
  requireFilled(found, "text", text);
  return found.rows.map((row) => ({ text: row[text] as string, label: String(row[label]).trim() }));
}

function column({ columns }: Rows, field: Field): string {
  const name = columns.find((candidate) => candidate.toLowerCase() === field);
  if (name !== undefined) return name;
  const found = columns.map((candidate) => `"${candidate.slice(0, 40)}"`).join(", ");
  throw new ClassifierDataError("DATA_COLUMNS", `The columns are ${found}; name one "text" and one "label".`);
}

function requireFilled({ rows }: Rows, field: Field, name: string): void {
  const isFilled = (value: unknown): boolean =>
    typeof value === "string" ? value.trim() !== "" : field === "label" && typeof value === "number";
  const first = rows.findIndex((row) => !isFilled(row[name]));
  if (first < 0) return;
  const empty = rows.filter((row) => !isFilled(row[name])).length;
  const received = JSON.stringify(rows[first]?.[name]) ?? "nothing";
  throw new ClassifierDataError(
    "DATA_MISSING_LABEL",
    `${empty} of ${rows.length} rows have no ${field}, row ${first + 1} first (received ${received}); ` +
      `fill them or take them out.`,
  );
}
