import { useEffect } from "preact/hooks";
import { formatNumber, words } from "../../i18n/language.ts";
import { announce } from "../../state/announce.ts";
import { Failure } from "../../ui/failure.tsx";
import { en } from "./en.ts";
import type { Writer } from "./writer.ts";
import { zh } from "./zh.ts";

/** How fast it goes, and why it ended. */
export function WriterStatus({ writer }: { readonly writer: Writer }) {
  const t = words({ en, zh });
  const reason = writer.finishReason.value;
  useEffect(() => {
    if (reason !== undefined) announce(t.ended(t.reasons[reason]));
  }, [reason, t]);
  if (writer.error.value) return <Failure error={writer.error.value} testId="writer-error" />;
  if (writer.tokens.value === 0) return null;
  const speed = t.speed(formatNumber(writer.tokens.value), formatNumber(writer.tokensPerSecond.value, 1));
  return (
    <p class="quiet" data-testid="speed" data-reason={reason}>
      {speed}
      {reason !== undefined && ` · ${t.reasons[reason]}`}
    </p>
  );
}
