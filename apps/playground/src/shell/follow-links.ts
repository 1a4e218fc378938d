import { open } from "../state/url-state.ts";

/** Lets links to this page's states change the state instead of loading the page again. @returns what ends it */
export function followLinks(): () => void {
  let before: Element | null = null;
  const follow = (event: MouseEvent): void => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    const asUsual = event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    if (!link || asUsual || link.target !== "" || link.hasAttribute("download") || link.hash !== "") return;
    const { location } = globalThis;
    if (link.origin !== location.origin || link.pathname !== location.pathname) return;
    event.preventDefault();
    // The second click of a double one may fall on what the first has brought under the pointer.
    if (event.detail > 1 && link !== before) return;
    before = link;
    open(link.href);
    globalThis.scrollTo({ top: 0 });
    globalThis.document.querySelector<HTMLElement>("#content")?.focus({ preventScroll: true });
  };
  globalThis.document.addEventListener("click", follow);
  return () => globalThis.document.removeEventListener("click", follow);
}
