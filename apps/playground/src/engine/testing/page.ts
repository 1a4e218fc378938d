import { EngineClient } from "../client.ts";
import { DEFAULT_RUN } from "../defaults.ts";

/** For the browser tests: the engine, with what its worker is made of. */
declare global {
  interface Window {
    engine: EngineClient;
    defaultRun: typeof DEFAULT_RUN;
    workers: Worker[];
    /** The longest time that a timer of 50 ms was late, since it was last set to 0. */
    latest: number;
  }
}

window.workers = [];
window.defaultRun = DEFAULT_RUN;
window.engine = new EngineClient(() => {
  const worker = new Worker(new URL("../worker.ts", import.meta.url), { type: "module" });
  window.workers.push(worker);
  return worker;
});

window.latest = 0;
let last = performance.now();
setInterval(() => {
  const now = performance.now();
  window.latest = Math.max(window.latest, now - last - 50);
  last = now;
}, 50);
