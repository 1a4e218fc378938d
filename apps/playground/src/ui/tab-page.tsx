import type { ComponentChildren } from "preact";

interface TabPageProps {
  readonly title: string;
  /** The book's sections that this shows, such as "2.2–2.5". */
  readonly section?: string;
  /** What there is to see, in one or two sentences. */
  readonly lead: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A tab: its title, what it shows, and its panels. */
export function TabPage({ title, section, lead, children }: TabPageProps) {
  return (
    <>
      <header class="tab-head">
        <h1>{title}</h1>
        {section !== undefined && <span class="section-mark">§ {section}</span>}
        <p>{lead}</p>
      </header>
      {children}
    </>
  );
}

interface PanelProps {
  readonly title?: string;
  readonly testId?: string;
  /** Whether what it shows is about to change, and stands back until then. */
  readonly stale?: boolean;
  readonly children: ComponentChildren;
}

/** One thing in a tab. */
export function Panel({ title, testId, stale = false, children }: PanelProps) {
  return (
    <section class="panel" aria-busy={stale || undefined} data-testid={testId}>
      {title !== undefined && <h2>{title}</h2>}
      {children}
    </section>
  );
}
