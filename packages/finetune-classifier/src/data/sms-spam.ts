import { countClasses, type LabeledText } from "./labeled-text.ts";
import { ClassifierDataError } from "../errors.ts";

/** Rows of the SMS Spam Collection as pandas reads it: all, ham, spam (section 6.2). */
const ROWS = { all: 5572, ham: 4825, spam: 747 } as const;

/**
 * Reads the SMS Spam Collection (Almeida and Gómez Hidalgo, 2011), lines of label, tab and text, into the rows that the book's
 * `pd.read_csv(path, sep="\t", header=None)` gives, and checks their number.
 *
 * @throws {ClassifierDataError} `SPAM_DATA` for other contents
 */
export function parseSmsSpam(text: string): LabeledText[] {
  const rows = readLikePandas(text).map(([label = "", message = ""]) => ({ label, text: message }));
  const [ham, spam] = countClasses(rows, ["ham", "spam"]);
  if (rows.length !== ROWS.all || ham !== ROWS.ham || spam !== ROWS.spam) {
    throw new ClassifierDataError(
      "SPAM_DATA",
      `The file has ${rows.length} rows, ${ham} ham and ${spam} spam; the SMS Spam Collection has ` +
        `${ROWS.all}, ${ROWS.ham} and ${ROWS.spam}. Delete the file and download it again.`,
    );
  }
  return rows;
}

/**
 * Fields by row, by the rules of pandas' own reader. A field that begins with a quote runs to the next single quote, over line
 * ends too, and what follows that belongs to it as it stands; any other quote is an ordinary character. Libraries
 * differ here, and the collection has such fields.
 */
export function readLikePandas(text: string): string[][] {
  const rows: string[][] = [];
  let at = 0;
  while (at < text.length) {
    const row: string[] = [];
    for (let more = true; more;) {
      let field = "";
      if (text[at] === '"') {
        const quoted = /"([^"]*(?:""[^"]*)*)"?/y;
        quoted.lastIndex = at;
        field = (quoted.exec(text)?.[1] ?? "").replaceAll('""', '"');
        at = quoted.lastIndex;
      }
      const plain = /[^\t\r\n]*/y;
      plain.lastIndex = at;
      field += plain.exec(text)?.[0] ?? "";
      at = plain.lastIndex;
      row.push(field);
      more = text[at] === "\t";
      at += text.startsWith("\r\n", at) ? 2 : 1;
    }
    if (row.length > 1 || row[0] !== "") rows.push(row);
  }
  return rows;
}
