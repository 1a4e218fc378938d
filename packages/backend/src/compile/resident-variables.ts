import * as tf from "@tensorflow/tfjs";
import type { GraphSession } from "./graph-session.ts";
import { nativeBackend, ownerOf, setOwner } from "./native-backend.ts";
import type { EntryPoints } from "./transfers.ts";

/** Data that a session has held: TensorFlow's own memory, which no one else refers to. */
const handedBack: WeakSet<tf.DataId> = new WeakSet();

/**
 * The variables of one compiled function. Their values live either with tfjs-node's backend or in the session, never in both;
 * they move as a whole and without a copy: into the session when it runs, back as soon as anyone else asks for one of them.
 *
 * To TensorFlow.js this is a backend that holds the variables' data, so that it asks here before anything uses them.
 */
export class ResidentVariables extends tf.KernelBackend {
  readonly #variables: readonly tf.Variable[];
  readonly #session: GraphSession;
  readonly #entries: EntryPoints;
  /** Data in the session, in the order of the variables; empty while the values are with tfjs-node. */
  #inside: (tf.DataId | undefined)[] = [];

  constructor(variables: readonly tf.Variable[], session: GraphSession, entries: EntryPoints) {
    super();
    this.#variables = variables;
    this.#session = session;
    this.#entries = entries;
  }

  /** Brings all variables into the session. */
  moveIn(): void {
    if (this.#variables.every(({ dataId }) => ownerOf(dataId) === this)) return;
    this.moveOut();
    for (const variable of this.#variables) makeSoleOwner(variable);
    const native = nativeBackend();
    const ids = native.getInputTensorIds(this.#variables);
    const feeds = new Map(this.#entries.incoming.map((value, i) => [value, ids[i] as number]));
    discard(this.#session.run(feeds, [this.#entries.loaded]).map(({ id }) => id));
    discard(ids); // the session now has the only reference
    for (const { dataId } of this.#variables) {
      native.tensorMap.delete(dataId);
      handedBack.delete(dataId);
      setOwner(dataId, this);
    }
    this.#inside = this.#variables.map(({ dataId }) => dataId);
  }

  /** Brings all variables back to tfjs-node's backend. */
  moveOut(): void {
    if (this.#inside.length === 0) return;
    const native = nativeBackend();
    const fetched = this.#session.run(new Map(), this.#entries.release);
    for (const [i, { id, shape, dtype }] of fetched.entries()) {
      const dataId = this.#inside[i];
      if (dataId && ownerOf(dataId) === this) {
        native.tensorMap.set(dataId, { id, shape, dtype, values: null, refCount: 1 });
        setOwner(dataId, native);
        handedBack.add(dataId);
      } else {
        discard([id]); // assigned or disposed of meanwhile, or the signal at the end
      }
    }
    this.#inside = [];
  }

  override readSync(dataId: tf.DataId): tf.backend_util.BackendValues {
    this.moveOut();
    return nativeBackend().readSync(dataId);
  }

  // eslint-disable-next-line typescript/require-await -- the interface is asynchronous, tfjs-node is not
  override async read(dataId: tf.DataId): Promise<tf.backend_util.BackendValues> {
    return this.readSync(dataId);
  }

  override refCount(dataId: tf.DataId): number {
    return ownerOf(dataId) === this ? 1 : nativeBackend().refCount(dataId);
  }

  override incRef(dataId: tf.DataId): void {
    this.moveOut();
    nativeBackend().incRef(dataId);
  }

  override disposeData(dataId: tf.DataId, force?: boolean): boolean {
    // TensorFlow.js moves data by reading it and disposing of it; reading has brought it back by then, and a copy follows.
    if (handedBack.delete(dataId) && nativeBackend().tensorMap.has(dataId)) {
      return nativeBackend().disposeData(dataId, force);
    }
    this.#inside = this.#inside.map((inside) => (inside === dataId ? undefined : inside));
    return true;
  }
}

/** Brings data that is in a session, and all that is with it, back to tfjs-node's backend. */
export function bringBack(dataId: tf.DataId): void {
  const owner = ownerOf(dataId);
  if (owner instanceof ResidentVariables) owner.moveOut();
}

/** Sees to it that nothing but the variable refers to its data, so that it may be updated in place. */
function makeSoleOwner(variable: tf.Variable): void {
  const native = nativeBackend();
  bringBack(variable.dataId);
  if (handedBack.has(variable.dataId) && native.refCount(variable.dataId) === 1) return;
  const type = { name: "T", type: native.binding.TF_ATTR_TYPE, value: native.getDTypeInteger(variable.dtype) };
  // A copy also where the data is JavaScript's: TensorFlow frees what a session holds on threads that JavaScript must not see.
  const copy = native.executeSingleOutput("DeepCopy", [type], [variable]);
  variable.assign(copy);
  copy.dispose();
  handedBack.add(variable.dataId);
}

function discard(ids: readonly number[]): void {
  for (const id of ids) nativeBackend().binding.deleteTensor(id);
}
