import { signal } from "@preact/signals";
import type { FunctionComponent } from "preact";
import { useEffect } from "preact/hooks";
import { guideStep } from "../state/url-state.ts";

const loaded = signal<FunctionComponent | undefined>(undefined);

/** The guide over the tab, loaded when a step of the path through the book is opened. */
export function GuideSlot() {
  const isWanted = guideStep.value !== null;
  useEffect(() => {
    if (isWanted) void import("../tabs/chapters/guide.tsx").then(({ Guide }) => (loaded.value = Guide));
  }, [isWanted]);
  const Guide = loaded.value;
  return isWanted && Guide ? <Guide /> : null;
}
