import { codeOf } from "../engine/error-code.ts";
import { shellWords } from "../i18n/shell.ts";
import { ErrorLine } from "./error-line.tsx";

/**
 * What went wrong, in the page's language. Errors are English and carry the details (which file, which number): where the
 * page has its own words for one, the error's stand below them.
 */
export function Failure({ error, testId }: { readonly error: Error; readonly testId?: string }) {
  const words = shellWords().failure(codeOf(error), error.message);
  return (
    <ErrorLine testId={testId}>
      {words}
      {words !== error.message && <small lang="en">{error.message}</small>}
    </ErrorLine>
  );
}
