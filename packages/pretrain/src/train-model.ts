import type { Batch } from "@scratch-llm/dataloader";
import { FastDropout, identityCompile, useDropout } from "@scratch-llm/nn";
import * as tf from "@tensorflow/tfjs";
import type { BatchIterator } from "./batch-loader.ts";
import { generateSample } from "./generate-sample.ts";
import { type BatchLoss, calcLossBatch, evaluateModel } from "./losses.ts";
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
export async function* trainModel(options: TrainOptions): AsyncGenerator<TrainEvent, void, void> {
  validateTrainOptions(options);
  const loop = new TrainingLoop(options);
  try {
    yield* loop.run();
  } finally {
    loop.dispose();
  }
}

class TrainingLoop {
  readonly #options: TrainOptions;
  readonly #stepsPerEpoch: number;
  readonly #totalSteps: number;
  readonly #trainStep: TrainStep;
  readonly #meter: StepMeter;
  readonly #batchLoss: BatchLoss;
  readonly #deadline: number;
  readonly #ownRate: number;
  #step: number;
  #epoch: number;
  #tokensSeen: number;
  #pass: BatchIterator | undefined;
  #savedStep: number;

  constructor(options: TrainOptions) {
    const { model, optimizer, trainLoader, resume, accumulationSteps = 1, compile = identityCompile } = options;
    useDropout(model, options.dropout ?? new FastDropout(trainLoader.generator));
    this.#options = options;
    this.#ownRate = optimizer.lr;
    this.#stepsPerEpoch = Math.ceil(trainLoader.length / accumulationSteps);
    this.#totalSteps = Math.min(options.maxSteps ?? Infinity, (options.epochs ?? Infinity) * this.#stepsPerEpoch);
    const { trackGradNorm = true, clipNorm } = options;
    this.#trainStep = new TrainStep({
      model,
      optimizer,
      compile,
      clips: clipNorm !== undefined,
      trackGradNorm,
    });
    this.#meter = new StepMeter();
    const evaluate = compile((inputs: tf.Tensor2D, targets: tf.Tensor2D) => calcLossBatch({ inputs, targets }, model));
    this.#batchLoss = ({ inputs, targets }) => evaluate(inputs, targets);
    this.#deadline = performance.now() + (options.maxSeconds ?? Infinity) * 1000;
    this.#step = resume?.step ?? 0;
    this.#epoch = resume?.epoch ?? 0;
    this.#tokensSeen = resume?.tokensSeen ?? 0;
    this.#pass = resume?.cursor ? trainLoader.resume(resume.cursor) : undefined;
    this.#savedStep = this.#step;
  }

  async *run(): AsyncGenerator<TrainEvent, void, void> {
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
  async *#runEpoch(): AsyncGenerator<TrainEvent, void, void> {
    const { model, trainLoader, sampleEvery, signal } = this.#options;
    model.train();
    const pass = (this.#pass ??= trainLoader.batches());
    const exhausted = (): boolean => pass.state().position >= trainLoader.length;
    while (!exhausted() && !this.#stopReason()) yield* this.#runStep(pass);
    if (!exhausted()) return;
    if (sampleEvery === "epoch" && !signal?.aborted) yield* this.#sample();
    this.#epoch += 1;
    this.#pass = undefined;
  }

  async *#runStep(pass: BatchIterator): AsyncGenerator<TrainEvent, void, void> {
    const { evalEvery, sampleEvery, checkpointEvery } = this.#options;
    this.#update(pass);
    await nextTask();
    yield* this.#log();
    const index = this.#step - 1;
    if (evalEvery && index % evalEvery === 0) yield* this.#evaluate();
    if (typeof sampleEvery === "number" && this.#step % sampleEvery === 0) yield* this.#sample();
    if (checkpointEvery && this.#step % checkpointEvery === 0) yield* this.#checkpoint();
  }

  #update(pass: BatchIterator): void {
    const { schedule, clipNorm, accumulationSteps = 1 } = this.#options;
    const started = performance.now();
    const batches = take(pass, accumulationSteps);
    const lr = schedule?.(this.#step) ?? this.#ownRate;
    const clips = clipNorm && this.#step >= (clipNorm.fromStep ?? 0);
    const result = this.#trainStep.run(batches, lr, clips ? clipNorm.maxNorm : undefined);
    const tokens = batches.reduce((sum, { inputs }) => sum + inputs.size, 0);
    for (const { inputs, targets } of batches) tf.dispose([inputs, targets]);
    this.#meter.add({ ...result, step: this.#step, lr, tokens, started });
    this.#tokensSeen += tokens;
    this.#step += 1;
  }

  async *#log(): AsyncGenerator<TrainEvent, void, void> {
    const { logEvery = 1 } = this.#options;
    if ((this.#step - 1) % logEvery !== 0) return;
    const measured = await this.#meter.read();
    if (measured) yield { type: "step", ...measured, epoch: this.#epochsDone(), tokensSeen: this.#tokensSeen };
  }

  async *#evaluate(): AsyncGenerator<TrainEvent, void, void> {
    const { model, trainLoader, valLoader, evalBatches: evalIter = 5 } = this.#options;
    await this.#meter.settle();
    const losses = await evaluateModel({ model, trainLoader, valLoader, evalIter, batchLoss: this.#batchLoss });
    const [step, epoch, tokensSeen] = [this.#step - 1, this.#epochsDone(), this.#tokensSeen];
    yield { type: "eval", step, epoch, ...losses, tokensSeen };
  }

  async *#sample(): AsyncGenerator<TrainEvent, void, void> {
    const { model, tokenizer, startContext } = this.#options;
    if (!tokenizer || startContext === undefined) return;
    await this.#meter.settle();
    yield { type: "sample", step: this.#step - 1, text: await generateSample({ model, tokenizer, startContext }) };
  }

  async *#checkpoint(): AsyncGenerator<TrainEvent, void, void> {
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

function take(pass: BatchIterator, count: number): Batch[] {
  const batches: Batch[] = [];
  while (batches.length < count) {
    const next = pass.next();
    if (next.done) break;
    batches.push(next.value);
  }
  return batches;
}
