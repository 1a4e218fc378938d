import type { Context } from "../flags.ts";
import { TrainerError } from "../errors.ts";
import { fill } from "../messages/messages.ts";
import { listen } from "../serve/server.ts";
import { playgroundFolder, staticPage } from "../serve/static-page.ts";
import { listening, type ListenFlags, untilInterrupted } from "./serve.ts";

/** `scratch-llm playground`: the page alone, without a model behind it. */
export async function playground(flags: ListenFlags, context: Context): Promise<void> {
  const { output, messages } = context;
  const folder = playgroundFolder();
  if (folder === undefined) throw new TrainerError("DATA", messages.serve.noPlayground);
  const app = staticPage(folder);
  const { url, close } = await listening(flags, context, () =>
    listen(app, { texts: messages.api, requestSeconds: 30 }, flags),
  );
  output.event({ type: "listening", url });
  output.result(fill(messages.serve.page, { url }));
  await untilInterrupted({ stop: close }, context);
}
