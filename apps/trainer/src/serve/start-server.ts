import type { Logger } from "pino";
import type { Messages } from "../messages/messages.ts";
import { createApp } from "./app.ts";
import { Metrics } from "./metrics.ts";
import { Scheduler } from "./scheduler.ts";
import type { ServedModel } from "./served-model.ts";
import { listen, type ListenOptions } from "./server.ts";
import type { Service, ServiceLimits } from "./service.ts";

export interface ServerOptions extends ListenOptions {
  readonly model: ServedModel;
  readonly log: Logger;
  readonly texts: Messages["api"];
  readonly queueLimit: number;
  readonly limits: ServiceLimits;
  readonly apiKey?: string | undefined;
  readonly cors?: string | undefined;
  /** Folder of a page to serve at /. */
  readonly page?: string | undefined;
}

/** A server that answers. */
export interface RunningServer {
  readonly url: string;
  /** Refuses new requests, lets those that were accepted finish, and frees the model's slots. */
  stop(): Promise<void>;
}

/** Serves a model over HTTP in OpenAI's form. The model stays the caller's; the decoder is disposed of with the server. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { model, log, texts, queueLimit, limits, apiKey, cors, page, host, port } = options;
  const metrics = new Metrics();
  const scheduler = new Scheduler({ decoder: model.decoder, queueLimit, meter: metrics });
  metrics.watch(scheduler);
  const service: Service & { stopping: boolean } = {
    model,
    scheduler,
    metrics,
    log,
    texts,
    limits,
    apiKey,
    cors,
    page,
    stopping: false,
  };
  const listening = await listen(createApp(service), { texts, requestSeconds: limits.requestSeconds }, { host, port });
  return {
    url: listening.url,
    stop: async () => {
      service.stopping = true;
      await listening.close();
      await scheduler.idle();
      await model.decoder.dispose();
    },
  };
}
