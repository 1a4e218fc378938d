import { words } from "../../i18n/language.ts";
import { HeatMap } from "../../ui/heat-map.tsx";
import { en } from "./en.ts";
import { headOf, type Looked, pictured } from "./matrix.ts";
import { params } from "./params.ts";
import { zh } from "./zh.ts";

/** All heads side by side, layer by layer; each is a button that shows it. */
export function Heads({ looked }: { readonly looked: Looked }) {
  const t = words({ en, zh });
  const size = looked.tokens.length;
  return (
    <div class="heads" data-testid="heads">
      {looked.weights.map((_, layer) => [
        <h3 key={`layer-${layer}`}>{t.layerName(layer)}</h3>,
        <div key={layer}>
          {Array.from({ length: looked.heads }, (_, head) => (
            <button
              key={head}
              type="button"
              aria-pressed={layer === params.layer.value && head === params.head.value}
              data-testid={`head-${layer}-${head}`}
              onClick={() => {
                params.layer.value = layer;
                params.head.value = head;
              }}
            >
              <HeatMap
                label={t.headName(layer, head)}
                values={pictured(headOf(looked, layer, head), looked.causal)}
                rows={size}
                columns={size}
                max={1}
                testId={`map-${layer}-${head}`}
              />
              {t.headOnly(head)}
            </button>
          ))}
        </div>,
      ])}
    </div>
  );
}
