import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CompileError } from "./compile-error.ts";
import { nodeName, savedModelBytes, SERVE } from "./export-graph.ts";
import type { GraphNode, Value } from "./graph.ts";
import { nativeBackend, type TensorMetadata } from "./native-backend.ts";

/** A graph that TensorFlow has loaded. Its tensors are ids of tfjs-node's addon; whoever gets one deletes it. */
export class GraphSession {
  readonly #title: string;
  readonly #names: ReadonlyMap<number, string>;
  #id: number | undefined;

  /** @throws CompileError where TensorFlow refuses the graph */
  constructor(title: string, nodes: readonly GraphNode[]) {
    this.#title = title;
    this.#names = new Map(nodes.map((node) => [node.id, nodeName(node)]));
    this.#id = this.#load(nodes);
  }

  /**
   * Feeds tensors, runs what is needed and fetches values.
   *
   * @throws CompileError where TensorFlow fails; what has been assigned by then stays assigned.
   */
  run(feeds: ReadonlyMap<Value, number>, fetches: readonly Value[]): TensorMetadata[] {
    if (this.#id === undefined) throw new CompileError("COMPILE_DISPOSED", `${this.#title} has been disposed of.`);
    const inputs = [...feeds.keys()].map((value) => this.#name(value)).join();
    const outputs = fetches.map((value) => this.#name(value)).join();
    try {
      return nativeBackend().binding.runSavedModel(this.#id, [...feeds.values()], inputs, outputs);
    } catch (cause) {
      throw this.#failed("failed while it ran", cause);
    }
  }

  /** Frees the graph and the variables in it. */
  dispose(): void {
    if (this.#id !== undefined) nativeBackend().binding.deleteSavedModel(this.#id);
    this.#id = undefined;
  }

  #load(nodes: readonly GraphNode[]): number {
    const { binding } = nativeBackend();
    const folder = mkdtempSync(join(tmpdir(), "scratch-llm-graph-"));
    try {
      writeFileSync(join(folder, "saved_model.pb"), savedModelBytes(nodes, binding.TF_Version));
      return binding.loadSavedModel(folder, SERVE);
    } catch (cause) {
      throw this.#failed("was refused by TensorFlow", cause);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  #name({ node, output }: Value): string {
    return `${this.#names.get(node)}:${output}`;
  }

  #failed(how: string, cause: unknown): CompileError {
    const message = `${this.#title} ${how}: ${(cause as Error).message.trim()}`;
    return new CompileError("COMPILE_RUN_FAILED", message, { cause });
  }
}
