// Parts of a page: a panel with its heading and what can be done with it, and what stands where there is nothing yet.
import type { ComponentChildren, JSX } from 'preact';
import { useId } from 'preact/hooks';

export interface PanelProps {
  readonly title: string;
  readonly actions?: ComponentChildren;
  readonly class?: string;
  readonly children: ComponentChildren;
}

export function Panel({ title, actions, class: further, children }: PanelProps): JSX.Element {
  const titleId = useId();
  return (
    <section class={['panel', further].filter(Boolean).join(' ')} aria-labelledby={titleId}>
      <header>
        <h2 id={titleId}>{title}</h2>
        {actions !== undefined && <div class="actions">{actions}</div>}
      </header>
      {children}
    </section>
  );
}

/** Says why there is nothing, and what to do next. */
export const EmptyState = ({
  title,
  children,
  action,
}: {
  readonly title: string;
  readonly children?: ComponentChildren;
  readonly action?: ComponentChildren;
}): JSX.Element => (
  <div class="empty-state">
    <h2>{title}</h2>
    {children !== undefined && <p>{children}</p>}
    {action}
  </div>
);
