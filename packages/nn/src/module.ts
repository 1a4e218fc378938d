import * as tf from "@tensorflow/tfjs";
import { assignAll } from "./state-dict.ts";

/**
 * Base of everything that owns parameters, as `torch.nn.Module`. A parameter is a `tf.Variable` in a public field, a child a
 * `Module`, and a field may hold an array of either. Names are the paths of the fields, in their order
 * (`trfBlocks.0.att.wQuery.weight`). Private `#fields` hold whatever is no parameter.
 *
 * @example
 * class Net extends Module {
 *   readonly layers = new Sequential(new Linear(4, 8), new ReLU(), new Linear(8, 2));
 *   forward(x: tf.Tensor): tf.Tensor { return this.layers.forward(x); }
 * }
 * new Net().namedParameters().keys(); // layers.0.weight, layers.0.bias, layers.2.weight, layers.2.bias
 */
export abstract class Module {
  /** Whether dropout is active; true at construction, as in PyTorch. Set by {@link train} and {@link eval}. */
  training = true;

  /** Parameters by name. A variable that is shared (tied weights) is listed once, under its first name. */
  namedParameters(): Map<string, tf.Variable> {
    const named = new Map<string, tf.Variable>();
    const seen = new Set<tf.Variable>();
    for (const [name, part] of walk(this, "")) {
      if (part instanceof Module || seen.has(part)) continue;
      seen.add(part);
      named.set(name, part);
    }
    return named;
  }

  /** The values of {@link namedParameters}. */
  parameters(): tf.Variable[] {
    return [...this.namedParameters().values()];
  }

  /** Parameters that are not frozen. */
  trainableParameters(): tf.Variable[] {
    return this.parameters().filter((variable) => variable.trainable);
  }

  /** This module (under the name "") and all below it, by path; a shared module once, under its first path. */
  namedModules(): Map<string, Module> {
    const named = new Map<string, Module>([["", this]]);
    const seen = new Set<Module>([this]);
    for (const [name, part] of walk(this, "")) {
      if (!(part instanceof Module) || seen.has(part)) continue;
      seen.add(part);
      named.set(name, part);
    }
    return named;
  }

  /** The values of {@link namedModules}. */
  modules(): Module[] {
    return [...this.namedModules().values()];
  }

  /** The parameters to save, by name: the live variables, not copies. */
  stateDict(): Map<string, tf.Variable> {
    return this.namedParameters();
  }

  /**
   * Copies values into the parameters. Strict both ways: when a name is missing or unknown, or a shape differs, nothing
   * is assigned. The caller keeps the given tensors.
   *
   * @throws StateDictError naming every missing, unexpected and wrongly shaped entry.
   */
  loadStateDict(state: ReadonlyMap<string, tf.Tensor> | Readonly<Record<string, tf.Tensor>>): void {
    assignAll(this.namedParameters(), state instanceof Map ? state : new Map(Object.entries(state)));
  }

  /** Training mode (dropout active) for this module and all below it, or evaluation mode where `mode` is false. */
  train(mode = true): this {
    for (const module of this.modules()) module.training = mode;
    return this;
  }

  /** Evaluation mode: dropout passes its input through. */
  eval(): this {
    return this.train(false);
  }

  /** Keeps optimizers and gradients away from the parameters (`requires_grad_(False)`). */
  freeze(): this {
    for (const variable of this.parameters()) variable.trainable = false;
    return this;
  }

  /** Undoes {@link freeze}. */
  unfreeze(): this {
    for (const variable of this.parameters()) variable.trainable = true;
    return this;
  }

  /** Count of values in all parameters. */
  numParameters(): number {
    return this.parameters().reduce((total, variable) => total + variable.size, 0);
  }

  /** Frees the parameters' memory; the module is useless afterwards. */
  dispose(): void {
    for (const variable of this.parameters()) variable.dispose();
  }
}

/** Variables and modules below `module`, depth first in the order of the fields. */
function* walk(module: Module, prefix: string): Iterable<[string, tf.Variable | Module]> {
  for (const [field, value] of Object.entries(module) as [string, unknown][]) {
    if (!Array.isArray(value)) yield* walkPart(value, prefix + field);
    else for (const [i, item] of value.entries()) yield* walkPart(item, `${prefix}${field}.${i}`);
  }
}

function* walkPart(part: unknown, name: string): Iterable<[string, tf.Variable | Module]> {
  if (part instanceof tf.Variable) yield [name, part];
  if (!(part instanceof Module)) return;
  yield [name, part];
  yield* walk(part, `${name}.`);
}
