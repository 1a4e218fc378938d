import type { HttpBindings } from "@hono/node-server";
import type { Logger } from "pino";
import type { Messages } from "../messages/messages.ts";
import type { Metrics } from "./metrics.ts";
import type { Scheduler } from "./scheduler.ts";
import type { ServedModel } from "./served-model.ts";

/** What a server allows. */
export interface ServiceLimits {
  /** Most bytes of a request's body. */
  readonly bodyBytes: number;
  /** Longest time for one answer, waiting included. */
  readonly answerSeconds: number;
  /** Longest time for a client to send its request. */
  readonly requestSeconds: number;
}

/** All that the routes of a server work with. */
export interface Service {
  readonly model: ServedModel;
  readonly scheduler: Scheduler;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly texts: Messages["api"];
  readonly limits: ServiceLimits;
  /** Clients must know it. */
  readonly apiKey: string | undefined;
  /** Origin of the pages that may call the server, or "*" for all. */
  readonly cors: string | undefined;
  /** Folder of a page to serve at /. */
  readonly page: string | undefined;
  /** Whether the server takes no new requests any more. */
  readonly stopping: boolean;
}

/** What an answer says about its work in the log. */
export interface WorkDone {
  readonly promptTokens: number;
  generatedTokens: number;
}

/** What Hono carries along with a request. */
export interface Env {
  readonly Bindings: HttpBindings;
  readonly Variables: { work?: WorkDone; problem?: unknown };
}
