import { shellWords } from "../i18n/shell.ts";
import { engineState, modelError } from "../state/engine.ts";
import { Failure } from "../ui/failure.tsx";

/** In place of what needs a model: that it is on its way, or why there is none. */
export function Waiting() {
  const state = engineState.value;
  const error = state.phase === "failed" ? state.error : modelError.value;
  return error ? <Failure error={error} testId="no-model" /> : <p class="quiet">{shellWords().waiting}</p>;
}
