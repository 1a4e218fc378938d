// By their files: the packages may not be built yet, and here only an alias in vitest.config.ts maps a name to the sources.
import { setupNative } from "../packages/backend/src/native/setup.ts";
import { nativeStatus } from "../packages/backend/src/native/status.ts";

/** How often the set-up says what it does. */
const SAY_EVERY_MS = 5000;

/** Sets native TensorFlow up once, so that tests can use it; where that is not possible they skip native and say so. */
export default async function setup(): Promise<void> {
  if ((await nativeStatus()).ready) return;
  console.error("Setting up native TensorFlow for the tests, once.");
  let said = 0;
  try {
    await setupNative({
      onProgress: ({ phase, message }) => {
        if (Date.now() - said < SAY_EVERY_MS) return;
        said = Date.now();
        console.error(`${phase}: ${message}`);
      },
    });
  } catch (error) {
    console.error(`Tests on native TensorFlow are skipped: ${error instanceof Error ? error.message : String(error)}`);
  }
}
