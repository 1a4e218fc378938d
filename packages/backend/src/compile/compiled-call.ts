import * as tf from "@tensorflow/tfjs";
import { GraphSession } from "./graph-session.ts";
import type { Value } from "./graph.ts";
import { nativeBackend, type TensorMetadata } from "./native-backend.ts";
import { optimize, type OptimizeOptions } from "./optimize.ts";
import { ResidentVariables } from "./resident-variables.ts";
import { type Results, trace, type Trace } from "./trace.ts";
import { addTransfers, type EntryPoints } from "./transfers.ts";

/** A function compiled for one set of shapes. */
export class CompiledCall {
  readonly #trace: Trace;
  readonly #entries: EntryPoints;
  readonly #session: GraphSession;
  readonly #variables: ResidentVariables;
  /** The variables' `trainable` flags when it was recorded: they decide which gradients it computes. */
  readonly #trainable: readonly boolean[];

  constructor(traced: Trace, title: string, options: OptimizeOptions) {
    this.#trace = traced;
    this.#entries = addTransfers(optimize(traced.graph, options), traced.variables);
    this.#session = new GraphSession(title, this.#entries.nodes);
    const variables = traced.variables.map(({ variable }) => variable);
    this.#variables = new ResidentVariables(variables, this.#session, this.#entries);
    this.#trainable = variables.map(({ trainable }) => trainable);
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
    return this.#trace.variables.every(
      ({ variable }, i) => !variable.isDisposed && variable.trainable === this.#trainable[i],
    );
  }

  /** Runs the graph. */
  run(args: readonly tf.Tensor[]): Results {
    // A variable that is passed as an argument would move into the session: its clone stays outside.
    const outside = args.map((arg) => (arg instanceof tf.Variable ? arg.clone() : arg));
    this.#variables.moveIn();
    const native = nativeBackend();
    const feeds = new Map<Value, number>();
    for (const [i, id] of native.getInputTensorIds(outside).entries()) feeds.set(this.#trace.args[i] as Value, id);
    const host = this.#trace.feeds.map(({ spec, compute, value }) => {
      const id = native.binding.createTensor(spec.shape, spec.dtype, compute());
      feeds.set(value, id);
      return id;
    });
    try {
      return this.#results(this.#session.run(feeds, this.#entries.call));
    } finally {
      for (const id of host) native.binding.deleteTensor(id);
      tf.dispose(outside.filter((arg, i) => arg !== args[i]));
    }
  }

  /** Brings the variables back out of the session. */
  sync(): void {
    this.#variables.moveOut();
  }

  /** Frees the graph; the variables are brought back first. */
  dispose(): void {
    this.sync();
    this.#session.dispose();
  }

  #results(fetched: readonly TensorMetadata[]): Results {
    const native = nativeBackend();
    const count = this.#trace.graph.results.length;
    const results = fetched.slice(0, count).map((metadata) => native.createOutputTensor(metadata));
    for (const { id } of fetched.slice(count)) native.binding.deleteTensor(id);
    return this.#trace.returnsArray ? results : (results[0] as tf.Tensor);
  }
}
