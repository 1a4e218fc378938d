import { signal } from "@preact/signals";
import { Component, type ComponentChildren, type FunctionComponent } from "preact";
import { useEffect } from "preact/hooks";
import { shellWords } from "../i18n/shell.ts";
import { model } from "../state/engine.ts";
import { currentTab } from "../state/url-state.ts";
import { type Tab, TABS } from "../tabs/tabs.ts";
import { Button } from "../ui/button.tsx";
import { ErrorLine } from "../ui/error-line.tsx";
import { AnswersOnly } from "./answers-only.tsx";

const loaded = signal<ReadonlyMap<string, FunctionComponent>>(new Map());
const failed = signal<ReadonlySet<string>>(new Set());

/** The open tab, loaded when it is first opened. */
export function TabView() {
  const t = shellWords();
  const tab = TABS.find(({ id }) => id === currentTab.value);
  useEffect(() => {
    if (tab) void load(tab);
  }, [tab]);
  if (!tab) return <ErrorLine>{t.noTab(currentTab.value)}</ErrorLine>;
  globalThis.document.title = `${t.tabs[tab.id]} · scratch-llm`;
  if (tab.needsInside && model.value?.onnx) return <AnswersOnly title={t.tabs[tab.id]} />;
  const Loaded = loaded.value.get(tab.id);
  if (Loaded) {
    return (
      <Fence key={tab.id} otherwise={(retry) => <Failed retry={retry} />}>
        <Loaded />
      </Fence>
    );
  }
  return failed.value.has(tab.id) ? <Failed retry={() => void load(tab)} /> : <p class="quiet">{t.loading}</p>;
}

function Failed({ retry }: { retry: () => void }) {
  const t = shellWords();
  return (
    <ErrorLine>
      {t.tabFailed} <Button onClick={retry}>{t.retry}</Button>
    </ErrorLine>
  );
}

async function load({ id, load }: Tab): Promise<void> {
  if (loaded.peek().has(id)) return;
  failed.value = new Set([...failed.peek()].filter((other) => other !== id));
  try {
    const component = await load();
    loaded.value = new Map([...loaded.peek(), [id, component]]);
  } catch (error) {
    globalThis.console.error(error);
    failed.value = new Set([...failed.peek(), id]);
  }
}

interface FenceProps {
  readonly children: ComponentChildren;
  readonly otherwise: (retry: () => void) => ComponentChildren;
}

/** Keeps the page alive when what is inside throws. */
class Fence extends Component<FenceProps, { readonly broken: boolean }> {
  override state = { broken: false };

  override componentDidCatch(error: unknown): void {
    globalThis.console.error(error);
    this.setState({ broken: true });
  }

  override render() {
    return this.state.broken ? this.props.otherwise(() => this.setState({ broken: false })) : this.props.children;
  }
}
