import { useState } from "preact/hooks";
import type { FolderFile } from "../engine/protocol.ts";
import { droppedFiles, pickedFiles } from "./folder-files.ts";

interface DropZoneProps {
  /** What may be dropped here. */
  readonly label: string;
  /** On the button that opens a file dialog. */
  readonly choose: string;
  readonly onFiles: (files: readonly FolderFile[]) => void;
  /** Whether the dialog picks a folder. */
  readonly folder?: boolean;
  /** File types of the dialog, such as ".txt". */
  readonly accept?: string;
  readonly testId: string;
}

/** A place to drop files or a folder on, with a dialog for those who do not drag. */
export function DropZone({ label, choose, onFiles, folder = false, accept, testId }: DropZoneProps) {
  const [over, setOver] = useState(false);
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
        if (event.dataTransfer) void droppedFiles(event.dataTransfer.items).then(onFiles);
      }}
    >
      <p>{label}</p>
      <label class="button">
        {choose}
        <input
          type="file"
          class="unseen"
          multiple
          accept={accept}
          {...(folder && { webkitdirectory: true })}
          data-testid={`${testId}-input`}
          onChange={({ currentTarget }) => {
            if (currentTarget.files) void pickedFiles(currentTarget.files).then(onFiles);
            currentTarget.value = "";
          }}
        />
      </label>
    </div>
  );
}
