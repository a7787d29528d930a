// Uses that somebody should look at, one a ticket, kind and day; judging one, and the rules by which they are found.
import {
  suspicionKinds,
  suspicionStates,
  type EventResponse,
  type SuspicionKind,
  type SuspicionState,
  type SuspicionView,
  type SuspicionPage,
} from '@postern/shared';
import { AreaField, Button, SelectField, showToast, StatusMark, type Column, useSubmit } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useListOf } from '../asking.ts';
import { ask } from '../cloud.ts';
import { dateAndTime, timeOfDay } from '../format.ts';
import { say } from '../language.ts';
import { FormDialog } from '../parts/form.tsx';
import { useGateNames } from '../parts/gate-names.ts';
import { ticketLabel } from '../parts/marks.ts';
import { orProblem } from '../parts/problem.tsx';
import { addressOf } from '../route.ts';
import { PagedTable } from '../parts/paged-table.tsx';
import { labels, stateTexts, suspicionTexts, workedText } from './messages.ts';
import { SuspicionRulesForm } from './suspicion-rules.tsx';
import { nextStates, toneOf } from './work.ts';

export function Suspicions({
  event,
  mayRule,
}: {
  readonly event: EventResponse;
  readonly mayRule: boolean;
}): JSX.Element {
  const [state, setState] = useState<SuspicionState | ''>('open');
  const [kind, setKind] = useState<SuspicionKind | ''>('');
  const [judged, setJudged] = useState<SuspicionView>();
  const pages = useListOf(
    `/api/events/${event.event}/suspicions`,
    { state, kind },
    ({ suspicions }: SuspicionPage) => suspicions,
  );
  const gateName = useGateNames(event.event);
  return (
    <>
      <div class="filters">
        <SelectField
          label={say(labels.state)}
          value={state}
          choices={[
            { value: '', label: say(labels.any) },
            ...suspicionStates.map((value) => ({ value, label: say(stateTexts[value]) })),
          ]}
          onValue={setState}
        />
        <SelectField
          label={say(labels.kind)}
          value={kind}
          choices={[
            { value: '', label: say(labels.any) },
            ...suspicionKinds.map((value) => ({ value, label: say(suspicionTexts[value]) })),
          ]}
          onValue={setKind}
        />
      </div>
      <PagedTable
        pages={pages}
        caption={say(labels.suspicions)}
        captionUnseen
        columns={columnsOf(event, gateName, setJudged)}
        rowKey={({ id }) => id}
        empty={say(labels.noSuspicions)}
      />
      {judged !== undefined && (
        <Judge
          key={judged.id}
          event={event}
          suspicion={judged}
          onClose={() => setJudged(undefined)}
          onDone={() => {
            setJudged(undefined);
            void pages.reload();
          }}
        />
      )}
      <SuspicionRulesForm event={event} mayChange={mayRule} onChanged={pages.reload} />
    </>
  );
}

function columnsOf(
  { event, policy }: EventResponse,
  gateName: (id: string) => string,
  judge: (suspicion: SuspicionView) => void,
): readonly Column<SuspicionView>[] {
  return [
    { title: say(labels.kind), heads: true, cell: ({ kind }) => say(suspicionTexts[kind]) },
    {
      title: say(labels.ticket),
      cell: ({ ticket }) => (
        <a class="code-text" href={addressOf({ event, section: 'tickets', rest: [ticket] })}>
          {ticketLabel(ticket)}
        </a>
      ),
    },
    { title: say(labels.how), number: true, cell: ({ count }) => count },
    { title: say(labels.gates), cell: ({ gates }) => <bdi>{gates.map(gateName).join(', ')}</bdi> },
    {
      title: say(labels.latest),
      cell: ({ lastAtMs, day }) => (
        <>
          {day} <time>{timeOfDay(lastAtMs, policy.timeZone)}</time>
        </>
      ),
    },
    {
      title: say(labels.state),
      cell: ({ state, extended, holds, changedBy, changedAtMs, note }) => (
        <>
          <StatusMark tone={holds ? toneOf[state] : 'plain'}>
            {say(
              changedBy === undefined || changedAtMs === undefined
                ? stateTexts[state]
                : workedText(stateTexts[state], changedBy.id, dateAndTime(changedAtMs, policy.timeZone)),
            )}
          </StatusMark>
          {note !== undefined && (
            <p class="muted">
              <bdi>{note}</bdi>
            </p>
          )}
          {extended && <p>{say(labels.extended)}</p>}
          {!holds && <p>{say(labels.gone)}</p>}
        </>
      ),
    },
    {
      title: say(labels.judge),
      cell: (suspicion) => (
        <Button kind="quiet" onClick={() => judge(suspicion)}>
          {say(labels.judge)}
          <span class="unseen"> {ticketLabel(suspicion.ticket)}</span>
        </Button>
      ),
    },
  ];
}

function Judge({
  event,
  suspicion,
  onClose,
  onDone,
}: {
  readonly event: EventResponse;
  readonly suspicion: SuspicionView;
  readonly onClose: () => void;
  readonly onDone: () => void;
}): JSX.Element {
  const next = nextStates[suspicion.state];
  const [state, setState] = useState<SuspicionState>(next[0] ?? suspicion.state);
  const [note, setNote] = useState('');
  const sending = useSubmit<string>(async () => {
    if (note.trim() === '') return say(labels.noteNeeded);
    const answer = await ask<SuspicionView>('PATCH', `/api/events/${event.event}/suspicions/${suspicion.id}`, {
      body: { state, note: note.trim() },
    });
    return orProblem(answer, () => {
      showToast('good', say(labels.saved));
      onDone();
    });
  });
  return (
    <FormDialog
      title={`${say(suspicionTexts[suspicion.kind])}: ${ticketLabel(suspicion.ticket)}`}
      sending={sending}
      act={say(labels.save)}
      onClose={onClose}
    >
      <SelectField
        label={say(labels.newState)}
        value={state}
        choices={next.map((value) => ({ value, label: say(stateTexts[value]) }))}
        onValue={setState}
      />
      <AreaField
        label={say(labels.note)}
        hint={say(labels.noteHint)}
        error={sending.trouble}
        maxLength={500}
        rows={3}
        value={note}
        onValue={setNote}
      />
    </FormDialog>
  );
}
