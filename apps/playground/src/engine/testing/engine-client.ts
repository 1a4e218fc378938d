import { MessageChannel, type MessagePort } from "node:worker_threads";
import { EngineClient, type WorkerLike } from "../client.ts";
import { createEngine } from "../engine.ts";
import type { FromWorker } from "../protocol.ts";
import type { Host } from "../host.ts";
import { type Handlers, type Line, serve } from "../serve.ts";
import { nodeHost } from "./node-host.ts";

/** A worker that runs in this thread, behind a real message channel. */
export class ChannelWorker {
  readonly near: MessagePort;
  readonly far: MessagePort;

  constructor(handlers: Handlers) {
    const { port1, port2 } = new MessageChannel();
    this.near = port1;
    this.far = port2;
    serve(port2 as unknown as Line, handlers);
    port2.start();
    port1.start();
  }

  /** As a browser's worker. */
  get worker(): WorkerLike {
    const { near } = this;
    return Object.assign(near, { terminate: () => this.stop() }) as unknown as WorkerLike;
  }

  /** The worker dies without a word to those who wait, as one that is out of memory. */
  crash(): void {
    this.far.close();
    (this.near as unknown as EventTarget).dispatchEvent(Object.assign(new Event("error"), { message: "crashed" }));
  }

  /** The graphics device is lost. */
  lose(): void {
    const message: FromWorker = { type: "lost", reason: "destroyed" };
    this.far.postMessage(message, []);
  }

  stop(): void {
    this.near.close();
  }
}

/** A client of a whole engine. */
export function engineClient(host: Host = nodeHost()): { engine: EngineClient; workers: ChannelWorker[] } {
  const workers: ChannelWorker[] = [];
  const engine = new EngineClient(() => {
    const worker = new ChannelWorker(createEngine(host));
    workers.push(worker);
    return worker.worker;
  });
  return { engine, workers };
}
