/** The training loss is NaN or infinite: the weights are ruined, so the run stops. */
export class NonFiniteLossError extends Error {
  readonly code = "NON_FINITE_LOSS";
  override readonly name = "NonFiniteLossError";
  /** The step, counted from 0, whose loss it was. */
  readonly step: number;
  readonly loss: number;

  constructor(step: number, loss: number) {
    super(
      `The loss is ${loss} at step ${step}: use a lower learning rate, a longer warmup or clipNorm, ` +
        `and go on from a checkpoint before this step.`,
    );
    this.step = step;
    this.loss = loss;
  }
}

/** Options of the training loop do not fit together. */
export class TrainOptionsError extends Error {
  readonly code = "TRAIN_OPTIONS";
  override readonly name = "TrainOptionsError";
}
