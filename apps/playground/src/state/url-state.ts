import { computed, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Param } from "./params.ts";

/** A tab's state: one signal per parameter, each bound to the parameter of its name in the page's address. */
export type UrlState<T> = { readonly [K in keyof T]: Signal<T[K]> };

interface Group {
  readonly tab: string;
  readonly params: Readonly<Record<string, Param<unknown>>>;
  readonly signals: Readonly<Record<string, Signal<unknown>>>;
}

/** Parameters of the page as a whole; they stay whatever tab is open. */
const SHARED = ["lang", "hide"];
/** The step of the guided path that this is. It stays while its tab is used, and goes when one goes elsewhere. */
const STEP = "step";
/** The tab of an address that names none. */
const FIRST_TAB = "tokenizer";
/** Browsers refuse an address that changes too often. */
const WRITE_AFTER_MS = 200;

const groups = new Map<string, Group>();
const groupOf = new WeakMap<object, Group>();
const search = signal(new URLSearchParams(globalThis.location.search));
let timer: ReturnType<typeof setTimeout> | undefined;

/** What stands behind the `?` of the page's address. */
export const query: ReadonlySignal<URLSearchParams> = search;

/** The open tab. */
export const currentTab: ReadonlySignal<string> = computed(() => search.value.get("tab") ?? FIRST_TAB);

/** The step of the path through the book that led here. */
export const guideStep: ReadonlySignal<string | null> = computed(() => search.value.get(STEP));

/**
 * Makes a tab's state, from the address where this tab is open. Call it once, in the tab's `params.ts`. Values that are
 * the fallback are left out of the address, and those of other tabs are kept in memory.
 *
 * @example
 * export const params = urlState("attention", { layer: integer(0, 0, 47), causal: flag(true) });
 * params.layer.value = 3; // …?tab=attention&layer=3
 */
export function urlState<T extends Record<string, unknown>>(
  tab: string,
  params: { readonly [K in keyof T]: Param<T[K]> },
): UrlState<T> {
  const names = Object.keys(params) as (keyof T & string)[];
  const signals = Object.fromEntries(names.map((name) => [name, signal<unknown>(params[name].fallback)]));
  const group = { tab, params: params as unknown as Group["params"], signals };
  groups.set(tab, group);
  groupOf.set(signals, group);
  if (currentTab.peek() === tab) read(group, search.peek());
  effect(() => {
    for (const name of names) void signals[name]?.value;
    clearTimeout(timer);
    timer = setTimeout(write, WRITE_AFTER_MS);
  });
  return signals as UrlState<T>;
}

/** The address of a tab as it was left. */
export function hrefOfTab(tab: string): string {
  const group = groups.get(tab);
  return href(tab, group ? written(group) : []);
}

/** The address that shows a tab in a given state; what is not named has its fallback. */
export function hrefOfState<T extends Record<string, unknown>>(state: UrlState<T>, values: Partial<T>): string {
  const { tab, params } = groupOf.get(state) as Group;
  return href(
    tab,
    Object.entries(values).map(([name, value]) => [name, params[name]?.write(value) ?? ""]),
  );
}

/** The same address as a step of the path through the book. */
export function asStep(address: string, step: string): string {
  return `${address}&${STEP}=${step}`;
}

/** Sets a parameter of the page as a whole. */
export function setShared(name: "lang", value: string): void {
  const next = new URLSearchParams(search.peek());
  next.set(name, value);
  replace(next);
}

/** Goes to another address of this page, to which "back" returns. */
export function open(address: string): void {
  write();
  const { href: here } = globalThis.location;
  if (new URL(address, here).href !== here) globalThis.history.pushState(null, "", address);
  follow();
}

/** Parameters that are too long for an address; a link to this state would lack them. */
export const leftOut: ReadonlySignal<readonly string[]> = computed(() => {
  const group = groups.get(currentTab.value);
  if (!group) return [];
  return Object.keys(group.params).filter(
    (name) => group.params[name]?.write(group.signals[name]?.value) === undefined,
  );
});

globalThis.addEventListener("popstate", follow);

/** Takes the state that the address tells. */
function follow(): void {
  search.value = new URLSearchParams(globalThis.location.search);
  const group = groups.get(currentTab.peek());
  if (group) read(group, search.peek());
}

function read({ params, signals }: Group, from: URLSearchParams): void {
  for (const [name, param] of Object.entries(params)) {
    const text = from.get(name);
    (signals[name] as Signal<unknown>).value = (text === null ? undefined : param.read(text)) ?? param.fallback;
  }
}

/** Tells the open tab's state in the address, in place: a slider's every value is no page to go back to. */
function write(): void {
  clearTimeout(timer);
  const group = groups.get(currentTab.peek());
  if (!group) return; // its tab is still being loaded, and will read what stands there
  const next = new URLSearchParams(href(group.tab, written(group)).split("?")[1]);
  const step = guideStep.peek();
  if (step !== null) next.set(STEP, step);
  replace(next);
}

function replace(next: URLSearchParams): void {
  if (next.toString() === search.peek().toString()) return;
  globalThis.history.replaceState(null, "", addressOf(next));
  search.value = next;
}

/** A group's parameters that are not their fallback. */
function written({ params, signals }: Group): [string, string][] {
  return Object.entries(params).flatMap(([name, param]) => {
    const text = param.write(signals[name]?.value);
    return text === undefined || text === param.write(param.fallback) ? [] : [[name, text] as [string, string]];
  });
}

function href(tab: string, values: readonly (readonly [string, string])[]): string {
  const shared = SHARED.flatMap((name) => {
    const value = search.value.get(name);
    return value === null ? [] : [[name, value] as [string, string]];
  });
  return addressOf(new URLSearchParams([["tab", tab], ...values.map(([name, value]) => [name, value]), ...shared]));
}

function addressOf(params: URLSearchParams): string {
  return `${globalThis.location.pathname}?${params.toString()}`;
}
