import type { GPTConfig } from "@scratch-llm/gpt";
import { WeightsMismatchError } from "./errors.ts";
import { theirShape } from "./layout.ts";
import { expandRows, FORMATS, hasParameter, type TensorRow, type WeightFormat } from "./names.ts";

/** What is done with one tensor of a file. */
export interface Step {
  /** Its name in the file. */
  readonly theirs: string;
  /** The parameters that lie in it. */
  readonly targets: readonly Target[];
  /**
   * What must hold where the model has no such parameter: biases are zero because the model was built without, or the
   * head equals the token embedding because it is the same.
   */
  readonly check?: "zero" | "tied";
}

interface Target {
  readonly name: string;
  readonly row: TensorRow;
}

/**
 * Compares the names and shapes of a file with the model of this configuration, strictly both ways, before anything is
 * allocated or read.
 *
 * @returns what to read, in the file's order
 * @throws {WeightsMismatchError} listing all that is missing, unexpected or of the wrong shape
 */
export function matchWeights(
  tensors: ReadonlyMap<string, { readonly shape: readonly number[] }>,
  config: GPTConfig,
  format: WeightFormat,
): Step[] {
  // each layer has tensors of its own; a damaged configuration must not make this list billions of them
  if (config.nLayers > tensors.size) throw new WeightsMismatchError([`some of ${config.nLayers} layers`], [], []);
  const found = new Map([...tensors.keys()].map((name) => [withoutPrefix(name, format), name]));
  const steps = new Map<string, { targets: Target[]; check?: "zero" | "tied" }>();
  const missing = new Set<string>();
  const wrongShape = new Set<string>();
  for (const { row, ours, theirs = ours } of expandRows(config, format)) {
    const wanted = hasParameter(row, config);
    const name = found.get(theirs);
    if (name === undefined) {
      if (wanted) missing.add(theirs);
      continue;
    }
    const [actual, expected] = [tensors.get(name)!.shape, theirShape(row, config, format)];
    if (actual.join() !== expected.join())
      wrongShape.add(`${name} [${actual.join(", ")}] instead of [${expected.join(", ")}]`);
    const step = steps.get(name) ?? { targets: [] };
    if (wanted) step.targets.push({ name: ours, row });
    else step.check = row.ours === "outHead.weight" ? "tied" : "zero";
    steps.set(name, step);
  }
  const unexpected = [...tensors.keys()].filter((name) => !steps.has(name) && !isDropped(name, found, format));
  if (missing.size + wrongShape.size + unexpected.length > 0) {
    throw new WeightsMismatchError([...missing], unexpected, [...wrongShape]);
  }
  return [...tensors.keys()].flatMap((theirs) => {
    const step = steps.get(theirs);
    return step === undefined ? [] : [{ theirs, ...step }];
  });
}

function withoutPrefix(name: string, format: WeightFormat): string {
  const { prefix } = FORMATS[format];
  return name.startsWith(prefix) ? name.slice(prefix.length) : name;
}

function isDropped(name: string, found: ReadonlyMap<string, string>, format: WeightFormat): boolean {
  const canonical = withoutPrefix(name, format);
  // a tensor that is there with and without the prefix is no buffer: one of the two is unexpected
  return found.get(canonical) === name && FORMATS[format].dropped.includes(canonical.replace(/\.\d+\./, ".*."));
}
