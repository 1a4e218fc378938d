import * as tf from "@tensorflow/tfjs";
import { GraphSession } from "./graph-session.ts";
import type { Value } from "./graph.ts";
import { nativeBackend, type TensorMetadata } from "./native-backend.ts";
import { optimize, type OptimizeOptions } from "./optimize.ts";
import { ResidentVariables } from "./resident-variables.ts";
import { requireMemory } from "./require-memory.ts";
import { type Results, trace, type Trace } from "./trace.ts";
import { addTransfers, type EntryPoints } from "./transfers.ts";

/** A function compiled for one set of shapes. */
export class CompiledCall {
  readonly #trace: Trace;
  readonly #entries: EntryPoints;
  readonly #session: GraphSession;
  /** The variables that the graph uses. */
  readonly #variables: readonly tf.Variable[];
  readonly #residents: ResidentVariables;
  /** Ids of the nodes that are left: an argument may be used for nothing. */
  readonly #present: ReadonlySet<number>;
  /** The variables' `trainable` flags when it was recorded: they decide which gradients it computes. */
  readonly #trainable: readonly boolean[];

  constructor(traced: Trace, title: string, options: OptimizeOptions) {
    const graph = optimize(traced.graph, options);
    requireMemory(title, graph);
    const present = new Set(graph.nodes.map(({ id }) => id));
    const used = traced.variables.filter(({ handle }) => present.has(handle.node));
    this.#trace = traced;
    this.#present = present;
    this.#entries = addTransfers(graph, used);
    this.#session = new GraphSession(title, this.#entries.nodes);
    this.#variables = used.map(({ variable }) => variable);
    this.#trainable = this.#variables.map(({ trainable }) => trainable);
    this.#residents = new ResidentVariables(this.#variables, this.#session, this.#entries);
  }

  /** Records `fn` for the shapes of these arguments and loads the graph. */
  static of<A extends tf.Tensor[]>(
    fn: (...args: A) => Results,
    args: A,
    { title, ...options }: OptimizeOptions & { readonly title: string },
  ): CompiledCall {
    return new CompiledCall(trace(title, fn, args), title, options);
  }

  /** Whether the recording still says what the function would do: no variable gone, frozen or unfrozen. */
  get isCurrent(): boolean {
    return this.#variables.every((variable, i) => !variable.isDisposed && variable.trainable === this.#trainable[i]);
  }

  /** Runs the graph. */
  run(args: readonly tf.Tensor[]): Results {
    // A variable that is passed as an argument would move into the session: its clone stays outside.
    const outside = args.map((arg) => (arg instanceof tf.Variable ? arg.clone() : arg));
    const made: number[] = [];
    try {
      this.#residents.moveIn();
      const feeds = this.#feeds(outside, made);
      return this.#results(this.#session.run(feeds, this.#entries.call));
    } finally {
      for (const id of made) nativeBackend().binding.deleteTensor(id);
      tf.dispose(outside.filter((arg, i) => arg !== args[i]));
    }
  }

  /** Brings the variables back out of the session. */
  sync(): void {
    this.#residents.moveOut();
  }

  /** Frees the graph; the variables are brought back first. */
  dispose(): void {
    this.sync();
    this.#session.dispose();
  }

  /** Arguments and what JavaScript computes for this run; the tensors of the latter are noted in `made`. */
  #feeds(args: readonly tf.Tensor[], made: number[]): Map<Value, number> {
    const native = nativeBackend();
    const feeds = new Map<Value, number>();
    const feed = (value: Value, id: number): unknown => this.#present.has(value.node) && feeds.set(value, id);
    for (const [i, id] of native.getInputTensorIds(args).entries()) feed(this.#trace.args[i] as Value, id);
    for (const { spec, compute, value } of this.#trace.feeds) {
      const id = native.binding.createTensor(spec.shape, spec.dtype, compute());
      made.push(id);
      feed(value, id);
    }
    return feeds;
  }

  #results(fetched: readonly TensorMetadata[]): Results {
    const native = nativeBackend();
    const count = this.#trace.graph.results.length;
    const results = fetched.slice(0, count).map((metadata) => native.createOutputTensor(metadata));
    for (const { id } of fetched.slice(count)) native.binding.deleteTensor(id);
    return this.#trace.returnsArray ? results : (results[0] as tf.Tensor);
  }
}
