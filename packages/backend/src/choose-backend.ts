import { BackendError } from "./backend-error.ts";
import type { BackendInfo, BackendName, Candidate, StartedBackend } from "./backend-info.ts";

/**
 * Starts the backend of that name, or with "auto" the first candidate that starts.
 *
 * @param candidates the backends that exist here, best first
 * @throws BackendError where the name is unknown here, or no candidate starts.
 */
export async function chooseBackend(
  choice: "auto" | BackendName,
  candidates: readonly Candidate[],
): Promise<BackendInfo> {
  if (choice === "auto") return firstThatStarts(candidates);
  const candidate = candidates.find(({ name }) => name === choice);
  if (!candidate) {
    const names = ["auto", ...candidates.map(({ name }) => name)].join(", ");
    throw new BackendError("BACKEND_UNKNOWN", `There is no backend "${choice}" here: choose one of ${names}.`);
  }
  return describe(candidate.name, await candidate.start(), ["as asked for"]);
}

async function firstThatStarts(candidates: readonly Candidate[]): Promise<BackendInfo> {
  const failures: BackendError[] = [];
  for (const { name, start } of candidates) {
    try {
      const started = await start();
      const reasons =
        failures.length === 0 ? ["the fastest one"] : failures.map(({ message }) => message.replace(/\.$/, ""));
      return describe(name, started, reasons);
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      failures.push(error);
    }
  }
  throw new BackendError("BACKEND_UNAVAILABLE", failures.map(({ message }) => message).join(" "), {
    cause: failures[0],
  });
}

function describe(name: BackendName, started: StartedBackend, reasons: readonly string[]): BackendInfo {
  const { note, ...rest } = started;
  const remarks = [note, rest.adapter && `adapter ${rest.adapter}`].filter(Boolean);
  return { name, reason: [...reasons, ...remarks].join("; "), ...rest };
}
