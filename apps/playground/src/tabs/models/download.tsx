import type { Offer } from "../../engine/protocol.ts";
import { formatBytes, formatNumber, words } from "../../i18n/language.ts";
import { Button } from "../../ui/button.tsx";
import { Failure } from "../../ui/failure.tsx";
import { Progress } from "../../ui/progress.tsx";
import { TextInput } from "../../ui/text-input.tsx";
import { en } from "./en.ts";
import { params } from "./params.ts";
import { cancel, describe, download, error, plan, progress } from "./store.ts";
import { zh } from "./zh.ts";

/** From this size on a phone may run out of memory. */
const LARGE = 100e6;

/** What a model takes of memory, in its own size, while it is loaded. */
const TAKES = 3;

/** A model of a server: first what it is, then, if the user wants, the files. */
export function Download() {
  const t = words({ en, zh });
  const running = progress.value;
  return (
    <>
      <TextInput label={t.endpoint} hint={t.endpointHint} value={params.endpoint} testId="endpoint" />
      <TextInput label={t.repository} value={params.repository} testId="repository" />
      <Button testId="describe" disabled={running !== undefined} onClick={() => void describe()}>
        {t.describe}
      </Button>
      {error.value && <Failure error={error.value} testId="download-error" />}
      {plan.value && !running && <Plan />}
      {running && (
        <>
          <Progress
            label={t.stages[running.stage]}
            done={running.done}
            total={running.total}
            detail={[
              t.rate(formatBytes(running.done), formatBytes(running.total), formatBytes(running.bytesPerSecond ?? 0)),
              running.etaSeconds === undefined ? "" : t.left(formatNumber(running.etaSeconds)),
            ].join(" ")}
            testId="download-progress"
          />
          <Button testId="cancel" onClick={cancel}>
            {t.cancel}
          </Button>
        </>
      )}
    </>
  );
}

/** Licence, forms and their sizes, before anybody agrees. */
function Plan() {
  const t = words({ en, zh });
  const { repository, licence, offers } = plan.value!;
  return (
    <div class="notice" data-testid="plan">
      <p>
        {repository} · {licence === null ? t.noLicence : t.licence(licence)}
      </p>
      {/gpt2/iu.test(repository) && <p>{t.english}</p>}
      <ul class="samples">
        {offers.map((offer) => (
          <li key={offer.form} class="controls">
            <OfferLine {...offer} />
          </li>
        ))}
      </ul>
    </div>
  );
}

/** In GB, as far as the browser tells. */
const { deviceMemory } = globalThis.navigator as Navigator & { readonly deviceMemory?: number };

function OfferLine({ form, files, totalBytes, storedBytes, fits }: Offer) {
  const t = words({ en, zh });
  return (
    <>
      <span>
        {t.plan(form, formatBytes(totalBytes), formatNumber(files.length))}
        {storedBytes > 0 && t.already(formatBytes(storedBytes))}
        {totalBytes > LARGE && <small>{t.memory(formatBytes(TAKES * totalBytes), deviceMemory)}</small>}
      </span>
      {fits ? (
        <Button
          kind="primary"
          testId={form === "safetensors" ? "accept" : `accept-${form}`}
          onClick={() => void download(form)}
        >
          {t.accept}
        </Button>
      ) : (
        <span class="quiet">{t.tooLarge}</span>
      )}
    </>
  );
}
