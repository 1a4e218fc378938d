import type { Attention } from "../../engine/protocol.ts";
import { words } from "../../i18n/language.ts";
import { HeatMap } from "../../ui/heat-map.tsx";
import { en } from "./en.ts";
import { headOf, pictured } from "./matrix.ts";
import { params } from "./params.ts";
import { zh } from "./zh.ts";

/** All heads side by side, a row of buttons per layer. */
export function Heads({ attention, causal }: { readonly attention: Attention; readonly causal: boolean }) {
  const t = words({ en, zh });
  const size = attention.tokens.length;
  return (
    <div class="heads" data-testid="heads">
      {attention.weights.flatMap((_, layer) =>
        Array.from({ length: attention.heads }, (_, head) => (
          <button
            key={`${layer}-${head}`}
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
              values={pictured(headOf(attention, layer, head), causal)}
              rows={size}
              columns={size}
              max={1}
              testId={`map-${layer}-${head}`}
            />
            {layer} · {head}
          </button>
        )),
      )}
    </div>
  );
}
