import type { Dataset } from "@scratch-llm/dataloader";
import { type Compile, identityCompile, withoutDropout } from "@scratch-llm/nn";
import { compileOnBatch, type LanguageModel } from "@scratch-llm/pretrain";
import * as tf from "@tensorflow/tfjs";
import { collatePreferences, type CollatePreferencesOptions, type PreferenceBatch } from "./collate-preferences.ts";
import { pairLogprobs } from "./logprobs.ts";
import type { EncodedPreference } from "./preference-dataset.ts";

/** A pair of answers and how likely the reference model finds each. */
export interface ReferencedPreference extends EncodedPreference {
  readonly referenceChosen: number;
  readonly referenceRejected: number;
}

/** A batch with the reference's log-probabilities, (b) each. */
export interface ReferencedBatch extends PreferenceBatch {
  readonly referenceChosen: tf.Tensor1D;
  readonly referenceRejected: tf.Tensor1D;
}

/** Settings of {@link withReference}; those of the collate must be the training loader's. */
export interface ReferenceOptions extends CollatePreferencesOptions {
  /** Pairs per pass through the model. Default 4. */
  readonly batchSize?: number;
  readonly compile?: Compile;
  readonly signal?: AbortSignal;
}

/**
 * Asks the reference model once for every pair. The reference is frozen, so this is all that DPO needs of it: no second model
 * lies in memory while the policy learns, and the policy itself, before its first step, can be the reference.
 */
export async function withReference(
  dataset: Dataset<EncodedPreference>,
  reference: LanguageModel,
  { batchSize = 4, compile = identityCompile, signal, ...options }: ReferenceOptions = {},
): Promise<Dataset<ReferencedPreference>> {
  const collate = collatePreferences(options);
  const ask = compileOnBatch(
    (batch: PreferenceBatch) => {
      const { chosen, rejected } = pairLogprobs(batch, reference);
      return tf.stack([chosen, rejected], 1); // (b, 2)
    },
    compile,
    { name: "reference" },
  );
  const referenced: ReferencedPreference[] = [];
  await withoutDropout(reference, async () => {
    for (let start = 0; start < dataset.length; start += batchSize) {
      signal?.throwIfAborted();
      const count = Math.min(batchSize, dataset.length - start);
      const items = Array.from({ length: count }, (_, i) => dataset.get(start + i));
      const logprobs = await readLogprobs(collate(items), ask);
      items.forEach((item, i) => referenced.push({ ...item, ...(logprobs[i] as References) }));
    }
  });
  return { length: referenced.length, get: (index) => referenced[index] as ReferencedPreference };
}

/** The collate of a data set from {@link withReference}: {@link collatePreferences}, with the reference's part. */
export function collateReferenced(
  options: CollatePreferencesOptions = {},
): (items: readonly ReferencedPreference[]) => ReferencedBatch {
  const collate = collatePreferences(options);
  return (items) => ({
    ...collate(items),
    referenceChosen: tf.tensor1d(items.map(({ referenceChosen }) => referenceChosen)),
    referenceRejected: tf.tensor1d(items.map(({ referenceRejected }) => referenceRejected)),
  });
}

type References = Pick<ReferencedPreference, "referenceChosen" | "referenceRejected">;

async function readLogprobs(batch: PreferenceBatch, ask: (batch: PreferenceBatch) => tf.Tensor): Promise<References[]> {
  const answer = tf.tidy(() => ask(batch));
  const values = (await answer.array()) as [number, number][];
  tf.dispose([answer, { ...batch }]);
  return values.map(([referenceChosen, referenceRejected]) => ({ referenceChosen, referenceRejected }));
}
