import { browserHost } from "./browser-host.ts";
import { createEngine, onDeviceLost } from "./engine.ts";
import { type Line, serve } from "./serve.ts";

const line = self as unknown as Line;
const engine = createEngine(browserHost());

serve(line, {
  ...engine,
  async start(params, asked) {
    const status = await engine.start(params, asked);
    onDeviceLost((reason) => line.postMessage({ type: "lost", reason }, []));
    return status;
  },
});
