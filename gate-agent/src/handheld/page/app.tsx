// The page by what this phone is right now: a gate at work, or what has to happen before it is one.
import type { JSX } from 'preact';
import type { StaffSaying } from '@postern/shared';
import { Button, EmptyState, Toasts } from '@postern/shared/ui';
import type { RunningState } from '../core/handheld.ts';
import { Dialogs } from './dialogs.tsx';
import { Enrol } from './enrol.tsx';
import { HistoryView } from './history.tsx';
import { More } from './more.tsx';
import { Outcome, Standing } from './outcome.tsx';
import { Scan } from './scan.tsx';
import { Search } from './search.tsx';
import { SealedMarks } from './sealed-marks.tsx';
import { StatusLine } from './status-line.tsx';
import { labels, sayings } from './texts.ts';
import { say, usePage, view, type View } from './page.ts';
import { Troubles } from './troubles.tsx';
import { updating } from './updates.ts';

export function App(): JSX.Element {
  const { handheld } = usePage();
  const state = handheld.state.value;
  if (updating.value) return <Alone saying={sayings.updating} />;
  switch (state.phase) {
    case 'opening':
      return <Alone saying={sayings.opening} />;
    case 'other-tab':
      return (
        <Alone
          saying={sayings.otherTab}
          action={
            <Button kind="primary" class="large" onClick={() => void handheld.takeOver()}>
              {say(labels.takeOver)}
            </Button>
          }
        />
      );
    case 'unsupported':
      return <Alone saying={sayings.unsupported}>{state.missing.join(', ')}</Alone>;
    case 'not-enrolled':
      return <Enrol />;
    case 'damaged':
      return (
        <>
          <Alone saying={sayings.damaged}>{state.cause}</Alone>
          <Enrol />
        </>
      );
    case 'revoked':
      return (
        <>
          <Alone saying={sayings.revoked} more={<SealedMarks />} />
          <Enrol />
        </>
      );
    case 'running':
      return <AtWork running={state} />;
  }
}

const Alone = ({
  saying,
  action,
  more,
  children,
}: {
  readonly saying: StaffSaying;
  readonly action?: JSX.Element;
  readonly more?: JSX.Element;
  readonly children?: string;
}): JSX.Element => (
  <main class="alone">
    <EmptyState title={say(saying.title)} action={action}>
      {saying.hint !== undefined && say(saying.hint)} {children !== undefined && <small>{children}</small>}
    </EmptyState>
    {more}
  </main>
);

const views = ['scan', 'search', 'history', 'more'] as const satisfies readonly View[];

function AtWork({ running }: { readonly running: RunningState }): JSX.Element {
  const shown = view.value;
  return (
    <>
      <StatusLine running={running} />
      <main>
        <Troubles running={running} />
        <Standing />
        {shown === 'scan' && <Scan />}
        {shown === 'search' && <Search />}
        {shown === 'history' && <HistoryView />}
        {shown === 'more' && <More running={running} />}
      </main>
      <nav class="views" aria-label={say(labels.views)}>
        {views.map((name) => (
          <button
            key={name}
            type="button"
            aria-current={shown === name ? 'page' : undefined}
            onClick={() => (view.value = name)}
          >
            {say(labels[name])}
          </button>
        ))}
      </nav>
      <Outcome />
      <Dialogs />
      <Toasts dismissLabel={say(labels.close)} />
    </>
  );
}
