import { type Signal, signal } from "@preact/signals";
import type { Generated } from "../../engine/protocol.ts";
import { asError } from "../../state/as-error.ts";
import { engine, MODEL, model, modelName } from "../../state/engine.ts";
import { samplingOf } from "../../state/sampling-knobs.ts";
import { params } from "./params.ts";

interface Asked {
  /** Its name, or where it comes from. */
  readonly model: string | undefined;
  readonly prompt: string;
  readonly settings: ReturnType<typeof settingsNow>;
}

/** One who writes with the shown model and this tab's knobs, one text at a time; everything is shown as it comes. */
export class Writer {
  /** What it was asked, to write the same again. */
  readonly asked: Signal<Asked | undefined> = signal(undefined);
  readonly text: Signal<string> = signal("");
  readonly tokens: Signal<number> = signal(0);
  readonly tokensPerSecond: Signal<number> = signal(0);
  readonly finishReason: Signal<Generated["finishReason"] | undefined> = signal(undefined);
  readonly busy: Signal<boolean> = signal(false);
  readonly error: Signal<Error | undefined> = signal(undefined);
  #stop = new AbortController();

  /** Goes on from the prompt, and ends before the first of the `stop` texts. @returns what was written */
  async write(prompt: string, stop: readonly string[] = []): Promise<string> {
    this.#stop = new AbortController();
    const settings = settingsNow();
    this.asked.value = { model: modelName.peek() ?? model.peek()?.source, prompt, settings };
    this.text.value = "";
    this.tokens.value = 0;
    this.finishReason.value = undefined;
    this.error.value = undefined;
    this.busy.value = true;
    try {
      const options = { signal: this.#stop.signal };
      const question = { ...settings, model: MODEL, prompt, stop };
      for await (const item of engine.stream("generate", question, options)) {
        if (item.type === "token") {
          this.text.value += item.text;
          this.tokens.value += 1;
          this.tokensPerSecond.value = item.tokensPerSecond;
        } else {
          this.text.value = item.result.text;
          this.finishReason.value = item.result.finishReason;
        }
      }
    } catch (error) {
      this.error.value = asError(error);
    } finally {
      this.busy.value = false;
    }
    return this.text.value;
  }

  stop(): void {
    this.#stop.abort();
  }
}

/** What the knobs say. */
function settingsNow() {
  return {
    sampling: samplingOf(params),
    seed: params.seed.value,
    maxNewTokens: params.length.value,
    useCache: params.cache.value,
  };
}

/** The same knobs with other chance. */
export function nextSeed(): void {
  params.seed.value = (params.seed.value + 1) % 2 ** 32;
}
