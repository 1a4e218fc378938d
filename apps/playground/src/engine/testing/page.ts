import { EngineClient } from "../client.ts";
import { DEFAULT_RUN } from "../defaults.ts";

/** For the browser tests: the engine, with what its worker is made of. */
declare global {
  interface Window {
    engine: EngineClient;
    defaultRun: typeof DEFAULT_RUN;
    workers: Worker[];
  }
}

window.workers = [];
window.defaultRun = DEFAULT_RUN;
window.engine = new EngineClient(() => {
  const worker = new Worker(new URL("../worker.ts", import.meta.url), { type: "module" });
  window.workers.push(worker);
  return worker;
});
