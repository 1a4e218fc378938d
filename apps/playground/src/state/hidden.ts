import { computed, type ReadonlySignal } from "@preact/signals";
import { query } from "./url-state.ts";

/**
 * What a teacher has hidden with `?hide=train,temperature`: tabs by their id, and controls by their `data-testid` or
 * `data-part`.
 */
export const hidden: ReadonlySignal<readonly string[]> = computed(() =>
  (query.value.get("hide") ?? "").split(",").filter((id) => /^[\w-]+$/.test(id)),
);

/** The rules that hide them. */
export const hidingStyles: ReadonlySignal<string> = computed(() =>
  hidden.value.map((id) => `[data-testid="${id}"],[data-part="${id}"]{display:none!important}`).join("\n"),
);
