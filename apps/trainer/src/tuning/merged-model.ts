import { type GPTModel } from "@scratch-llm/gpt";
import { currentAdapter } from "@scratch-llm/lora";
import type { SavedModel } from "@scratch-llm/weights-loader/node";

/**
 * A model as it is to be saved: LoRA layers added to their weights, one weight at a time and without touching the model, whose
 * training goes on. Without LoRA layers, the model itself.
 */
export function mergedModel(model: GPTModel): SavedModel {
  const adapter = currentAdapter(model);
  if (adapter.size === 0) return model;
  const merged = new Map<string, { data(): Promise<ArrayLike<number>> }>();
  for (const [name, variable] of model.namedParameters()) {
    if (/\.lora\.[AB]$/u.test(name)) continue;
    const plain = name.replace(/\.linear\.(?=\w+$)/u, ".");
    const lora = plain.endsWith(".weight") ? adapter.get(plain.slice(0, -".weight".length)) : undefined;
    merged.set(plain, {
      async data() {
        if (!lora) return variable.data();
        const delta = lora.delta();
        const sum = variable.add(delta);
        try {
          return await sum.data();
        } finally {
          delta.dispose();
          sum.dispose();
        }
      },
    });
  }
  return { config: model.config, namedParameters: () => merged };
}
