import type { Batch } from "@scratch-llm/dataloader";
import { FastDropout, identityCompile, useDropout } from "@scratch-llm/nn";
import * as tf from "@tensorflow/tfjs";
import type { BatchIterator, Tensors } from "./batch-loader.ts";
import { compileOnBatch } from "./compile-on-batch.ts";
import { generateSample } from "./generate-sample.ts";
import { batchLossOf, evaluateModel, type Losses } from "./losses.ts";
import { nextTask } from "./next-task.ts";
import { StepMeter } from "./step-meter.ts";
import type { StopReason, TrainEvent } from "./train-events.ts";
import { type TrainOptions, validateTrainOptions } from "./train-options.ts";
import { TrainStep } from "./train-step.ts";

/**
 * Trains a model and tells what happens as it happens. The order is the book's (sections 5.2, D.4): update, evaluation where
 * due, a sample after each epoch; with PyTorch's draws, a seed gives PyTorch's run. `break` ends the run cleanly. The model
 * is left in training mode; model, optimizer and loaders stay the caller's.
 *
 * @throws {TrainOptionsError} for options that do not fit together.
 * @throws {NonFiniteLossError} when the loss is NaN or infinite.
 * @example
 * ```ts
 * const optimizer = new AdamW(model.namedParameters(), { lr: 4e-4, weightDecay: 0.1 });
 * for await (const event of trainModel({ model, optimizer, trainLoader, valLoader, epochs: 10, evalEvery: 5 })) {
 *   if (event.type === "eval") console.log(event.step, event.trainLoss, event.valLoss);
 * }
 * ```
 */
export async function* trainModel<B extends Tensors<B> = Batch, E extends Losses = Losses, P extends object = never>(
  options: TrainOptions<B, E, P>,
): AsyncGenerator<TrainEvent<E, P>, void, void> {
  validateTrainOptions(options);
  const loop = new TrainingLoop(options);
  try {
    yield* loop.run();
  } finally {
    loop.dispose();
  }
}

class TrainingLoop<B extends Tensors<B>, E extends Losses, P extends object> {
  readonly #options: TrainOptions<B, E, P>;
  readonly #stepsPerEpoch: number;
  readonly #totalSteps: number;
  readonly #trainStep: TrainStep<B>;
  readonly #meter: StepMeter;
  readonly #evaluation: () => Promise<E>;
  readonly #deadline: number;
  readonly #ownRate: number;
  #step: number;
  #epoch: number;
  #tokensSeen: number;
  #pass: BatchIterator<B> | undefined;
  #savedStep: number;

  constructor(options: TrainOptions<B, E, P>) {
    const { model, optimizer, trainLoader, resume, accumulationSteps = 1, compile = identityCompile } = options;
    useDropout(model, options.dropout ?? new FastDropout(trainLoader.generator));
    this.#options = options;
    this.#ownRate = optimizer.lr;
    this.#stepsPerEpoch = Math.ceil(trainLoader.length / accumulationSteps);
    this.#totalSteps = Math.min(options.maxSteps ?? Infinity, (options.epochs ?? Infinity) * this.#stepsPerEpoch);
    const { trackGradNorm = true, clipNorm } = options;
    const batchLoss = batchLossOf<B>(options);
    this.#trainStep = new TrainStep({
      model,
      batchLoss,
      optimizer,
      compile,
      clips: clipNorm !== undefined,
      trackGradNorm,
    });
    this.#meter = new StepMeter();
    const compiledLoss = compileOnBatch((batch: B) => batchLoss(batch, model), compile);
    const { valLoader, evalBatches: evalIter = 5 } = options;
    const losses = (): Promise<Losses> =>
      evaluateModel<B>({ model, trainLoader, valLoader, evalIter, batchLoss: compiledLoss });
    this.#evaluation = options.evaluate ?? (losses as () => Promise<E>); // E is Losses where nothing else is said
    this.#deadline = performance.now() + (options.maxSeconds ?? Infinity) * 1000;
    this.#step = resume?.step ?? 0;
    this.#epoch = resume?.epoch ?? 0;
    this.#tokensSeen = resume?.tokensSeen ?? 0;
    this.#pass = resume?.cursor ? trainLoader.resume(resume.cursor) : undefined;
    this.#savedStep = this.#step;
  }

  async *run(): AsyncGenerator<TrainEvent<E, P>, void, void> {
    const { model } = this.#options;
    const totalSteps = this.#totalSteps;
    const params = model.numParameters();
    yield { type: "start", params, backend: tf.getBackend(), precision: "float32", step: this.#step, totalSteps };
    while (!this.#stopReason()) yield* this.#runEpoch();
    await this.#meter.settle();
    yield* this.#checkpoint();
    const reason = this.#stopReason() ?? "epochs";
    yield { type: "done", reason, step: this.#step, epoch: this.#epochsDone(), tokensSeen: this.#tokensSeen };
  }

  dispose(): void {
    this.#options.optimizer.lr = this.#ownRate;
    this.#meter.dispose();
    this.#trainStep.dispose();
  }

  /** The rest of the current epoch. */
  async *#runEpoch(): AsyncGenerator<TrainEvent<E, P>, void, void> {
    const { model, trainLoader, sampleEvery, signal } = this.#options;
    model.train();
    const pass = (this.#pass ??= trainLoader.batches());
    const exhausted = (): boolean => pass.state().position >= trainLoader.length;
    while (!exhausted() && !this.#stopReason()) yield* this.#runStep(pass);
    if (!exhausted()) return;
    yield* this.#evaluateEpoch();
    if (sampleEvery === "epoch" && !signal?.aborted) yield* this.#sample();
    this.#epoch += 1;
    this.#pass = undefined;
  }

  async *#runStep(pass: BatchIterator<B>): AsyncGenerator<TrainEvent<E, P>, void, void> {
    const { evalEvery, sampleEvery, checkpointEvery } = this.#options;
    this.#update(pass);
    await nextTask();
    yield* this.#log();
    const index = this.#step - 1;
    if (evalEvery && index % evalEvery === 0) yield* this.#evaluate();
    if (typeof sampleEvery === "number" && this.#step % sampleEvery === 0) yield* this.#sample();
    if (checkpointEvery && this.#step % checkpointEvery === 0) yield* this.#checkpoint();
  }

  #update(pass: BatchIterator<B>): void {
    const { schedule, clipNorm, accumulationSteps = 1 } = this.#options;
    const started = performance.now();
    const batches = take(pass, accumulationSteps);
    const lr = schedule?.(this.#step) ?? this.#ownRate;
    const clips = clipNorm && this.#step >= (clipNorm.fromStep ?? 0);
    const result = this.#trainStep.run(batches, lr, clips ? clipNorm.maxNorm : undefined);
    const tokens = batches.reduce((sum, batch) => sum + countTokens(batch), 0);
    for (const batch of batches) tf.dispose({ ...batch });
    this.#meter.add({ ...result, step: this.#step, lr, tokens, started });
    this.#tokensSeen += tokens;
    this.#step += 1;
  }

  async *#log(): AsyncGenerator<TrainEvent<E, P>, void, void> {
    const { logEvery = 1 } = this.#options;
    if ((this.#step - 1) % logEvery !== 0) return;
    const measured = await this.#meter.read();
    if (measured) yield { type: "step", ...measured, epoch: this.#epochsDone(), tokensSeen: this.#tokensSeen };
  }

  async *#evaluate(): AsyncGenerator<TrainEvent<E, P>, void, void> {
    await this.#meter.settle();
    const found = await this.#evaluation();
    const [step, epoch, tokensSeen] = [this.#step - 1, this.#epochsDone(), this.#tokensSeen];
    yield { type: "eval", step, epoch, ...found, tokensSeen };
  }

  async *#evaluateEpoch(): AsyncGenerator<TrainEvent<E, P>, void, void> {
    const { evaluateEpoch, signal } = this.#options;
    if (!evaluateEpoch || signal?.aborted) return;
    await this.#meter.settle();
    const found = await evaluateEpoch();
    yield { type: "epoch", step: this.#step - 1, epoch: this.#epochsDone(), ...found };
  }

  async *#sample(): AsyncGenerator<TrainEvent<E, P>, void, void> {
    const { model, tokenizer, startContext } = this.#options;
    if (!tokenizer || startContext === undefined) return;
    await this.#meter.settle();
    yield { type: "sample", step: this.#step - 1, text: await generateSample({ model, tokenizer, startContext }) };
  }

  async *#checkpoint(): AsyncGenerator<TrainEvent<E, P>, void, void> {
    const { saveCheckpoint } = this.#options;
    if (!saveCheckpoint || this.#savedStep === this.#step) return;
    await this.#meter.settle();
    const cursor = this.#pass?.state() ?? null;
    const [step, epoch, tokensSeen] = [this.#step, this.#epoch, this.#tokensSeen];
    const path = await saveCheckpoint({ step, epoch, tokensSeen, cursor });
    this.#savedStep = this.#step;
    yield { type: "checkpoint", step: this.#step, path };
  }

  #stopReason(): StopReason | undefined {
    const { signal, maxSteps = Infinity, epochs = Infinity } = this.#options;
    if (signal?.aborted) return "aborted";
    if (this.#step >= maxSteps) return "maxSteps";
    if (this.#epoch >= epochs) return "epochs";
    return performance.now() >= this.#deadline ? "maxTime" : undefined;
  }

  #epochsDone(): number {
    return this.#step / this.#stepsPerEpoch;
  }
}

function take<B>(pass: BatchIterator<B>, count: number): B[] {
  const batches: B[] = [];
  while (batches.length < count) {
    const next = pass.next();
    if (next.done) break;
    batches.push(next.value);
  }
  return batches;
}

/** The size of its first tensor, the inputs. */
function countTokens<B extends Tensors<B>>(batch: B): number {
  return Object.values<tf.Tensor>(batch)[0]?.size ?? 0;
}
