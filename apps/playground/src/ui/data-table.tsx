import { useState } from "preact/hooks";
import { shellWords } from "../i18n/shell.ts";
import { usePortions } from "./portions.tsx";

interface DataTableProps {
  readonly caption: string;
  readonly columns: readonly string[];
  /** Asked for only while the table is shown. */
  readonly rows: () => readonly (readonly (string | number)[])[];
  readonly testId: string;
}

/** The numbers behind a picture, for who cannot see it or wants them: a button that shows and hides a table. */
export function DataTable({ caption, columns, rows, testId }: DataTableProps) {
  const t = shellWords();
  const [open, setOpen] = useState(false);
  return (
    <div class="data-table" data-part={testId}>
      <button
        type="button"
        class="button quiet"
        aria-expanded={open}
        data-testid={testId}
        onClick={() => setOpen(!open)}
      >
        {open ? t.hideTable : t.showTable}
      </button>
      {open && <Table caption={caption} columns={columns} rows={rows()} testId={testId} />}
    </div>
  );
}

interface TableProps extends Omit<DataTableProps, "rows"> {
  readonly rows: ReturnType<DataTableProps["rows"]>;
}

function Table({ caption, columns, rows, testId }: TableProps) {
  const [shown, more] = usePortions(rows.length, `${testId}-more`);
  // Scrolls by itself, and by keyboard: hence the tab stop.
  return (
    <>
      <div class="scroll" tabIndex={0} role="region" aria-label={caption}>
        <table>
          <caption>{caption}</caption>
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, shown).map((row, index) => (
              <tr key={index}>
                {row.map((cell, column) => (
                  <td key={column}>{cell}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {more}
    </>
  );
}
