import { useState } from "preact/hooks";
import type { FolderFile } from "../engine/protocol.ts";
import { asError } from "../state/as-error.ts";
import { Failure } from "./failure.tsx";
import { droppedFiles, pickedFiles } from "./folder-files.ts";

interface DropZoneProps {
  /** What may be dropped here. */
  readonly label: string;
  /** On the button that opens a file dialog. */
  readonly choose: string;
  /** On one more button, for single files: some browsers cannot pick a folder. */
  readonly chooseFiles?: string;
  readonly onFiles: (files: readonly FolderFile[]) => void;
  /** Whether the dialog picks a folder. */
  readonly folder?: boolean;
  /** File types of the dialog, such as ".txt". */
  readonly accept?: string;
  readonly testId: string;
}

/** A place to drop files or a folder on, with a dialog for those who do not drag. */
export function DropZone({ label, choose, chooseFiles, onFiles, folder = false, accept, testId }: DropZoneProps) {
  const [over, setOver] = useState(false);
  const [error, setError] = useState<Error | undefined>(undefined);
  const take = (reading: Promise<readonly FolderFile[]>): void => {
    setError(undefined);
    reading.then(onFiles, (failure: unknown) => setError(asError(failure)));
  };
  return (
    <div
      class={over ? "drop over" : "drop"}
      data-testid={testId}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        if (event.dataTransfer) take(droppedFiles(event.dataTransfer.items));
      }}
    >
      <p>{label}</p>
      <div class="controls">
        <FileButton label={choose} folder={folder} accept={accept} take={take} testId={`${testId}-input`} />
        {chooseFiles !== undefined && <FileButton label={chooseFiles} take={take} testId={`${testId}-files-input`} />}
      </div>
      {error && <Failure error={error} />}
    </div>
  );
}

interface FileButtonProps {
  readonly label: string;
  readonly folder?: boolean;
  readonly accept?: string | undefined;
  readonly take: (reading: Promise<readonly FolderFile[]>) => void;
  readonly testId: string;
}

function FileButton({ label, folder = false, accept, take, testId }: FileButtonProps) {
  return (
    <label class="button">
      {label}
      <input
        type="file"
        class="unseen"
        multiple
        accept={accept}
        {...(folder && { webkitdirectory: true })}
        data-testid={testId}
        onChange={({ currentTarget }) => {
          if (currentTarget.files) take(pickedFiles(currentTarget.files));
          currentTarget.value = "";
        }}
      />
    </label>
  );
}
