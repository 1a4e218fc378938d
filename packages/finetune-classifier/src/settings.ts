/**
 * Which position's logits count: the last one (the book), the first, the last that is no padding ("flexible"), or the mean of
 * all ("average").
 */
export type TokenPosition = "last" | "first" | "flexible" | "average";

/** What has to be known to use a classifier, besides its weights: saved with them. */
export interface ClassifierSettings {
  /** Names of the classes, in the order of the head's rows. */
  readonly labels: readonly string[];
  /** Texts are cut to this many tokens, and filled up to it unless {@link padding} says no. */
  readonly maxLength: number;
  readonly padTokenId: number;
  readonly position: TokenPosition;
  /** Whether texts are filled up to `maxLength`; without, each is as long as it is, and a batch has one text. */
  readonly padding: boolean;
  /** Whether a token sees only those before it. */
  readonly causalMask: boolean;
}
