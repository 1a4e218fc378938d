import { formatNumber } from "../i18n/language.ts";
import { shellWords } from "../i18n/shell.ts";
import { model, modelName, modelProgress } from "../state/engine.ts";
import { hrefOfTab } from "../state/url-state.ts";

/** The model that all tabs show; a link to where it is changed. */
export function ModelBadge() {
  const t = shellWords();
  return (
    <a class="badge" href={hrefOfTab("models")} data-testid="model">
      <small>{t.model}</small> {modelProgress.value ? t.loading : name()}
    </a>
  );
}

function name(): string {
  const t = shellWords();
  const shown = model.value;
  if (!shown) return t.noModel;
  const { source, params } = shown;
  const called = source === "bundled" || source === "run" ? t.modelNames[source] : (modelName.value ?? t.noModel);
  return `${called} · ${millions(params)}`;
}

function millions(params: number): string {
  return `${formatNumber(params / 1e6, params < 1e7 ? 1 : 0)} M`;
}
