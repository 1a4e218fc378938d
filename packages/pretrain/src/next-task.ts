/**
 * Waits for the next turn of the event loop. A step on a synchronous backend only ever awaits promises that are settled, so
 * without this no signal, timer or message would be heard during a whole run.
 */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === "function") {
      setImmediate(resolve);
      return;
    }
    // Browsers hold nested timeouts back by 4 ms; messages they do not.
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener("message", () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(undefined);
  });
}
