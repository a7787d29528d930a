// Cases of an event, the latest use first, those that nobody has worked off yet unless somebody asks for others.
import {
  caseCauses,
  caseStates,
  type CaseCause,
  type CaseState,
  type CaseView,
  type EventResponse,
  type CaseList as CaseListAnswer,
} from '@postern/shared';
import { SelectField, StatusMark, type Column } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useListOf, useRepeated } from '../asking.ts';
import { timeOfDay } from '../format.ts';
import { say } from '../language.ts';
import { useGateNames } from '../parts/gate-names.ts';
import { ticketLabel, uncertainty } from '../parts/marks.ts';
import { addressOf } from '../route.ts';
import { PagedTable } from '../parts/paged-table.tsx';
import { causeTexts, enteredText, labels, mayChangeText, stateTexts, timesOf } from './messages.ts';
import { toneOf } from './work.ts';

const everyMs = 10_000;

export function CaseList({ event }: { readonly event: EventResponse }): JSX.Element {
  const [state, setState] = useState<CaseState | ''>('open');
  const [cause, setCause] = useState<CaseCause | ''>('');
  const query = { state, cause };
  const pages = useListOf(`/api/events/${event.event}/cases`, query, ({ cases }: CaseListAnswer) => cases);
  useRepeated(pages.isFirstPage ? everyMs : undefined, pages.reload);
  const gateName = useGateNames(event.event);
  return (
    <>
      <div class="filters">
        <SelectField
          label={say(labels.state)}
          value={state}
          choices={[{ value: '', label: say(labels.any) }, ...caseStates.map(stateChoice)]}
          onValue={setState}
        />
        <SelectField
          label={say(labels.cause)}
          value={cause}
          choices={[
            { value: '', label: say(labels.any) },
            ...caseCauses.map((value) => ({ value, label: say(causeTexts[value]) })),
          ]}
          onValue={setCause}
        />
      </div>
      <PagedTable
        pages={pages}
        caption={say(labels.cases)}
        captionUnseen
        columns={columnsOf(event, gateName)}
        rowKey={({ id }) => id}
        empty={say(state === 'open' && cause === '' ? labels.noOpenCases : labels.noCases)}
      />
    </>
  );
}

const stateChoice = (value: CaseState): { readonly value: CaseState; readonly label: string } => ({
  value,
  label: say(stateTexts[value]),
});

function columnsOf({ event, policy }: EventResponse, gateName: (id: string) => string): readonly Column<CaseView>[] {
  return [
    {
      title: say(labels.cases),
      heads: true,
      cell: (found) => (
        <a href={addressOf({ event, section: 'cases', rest: ['case', found.id] })}>
          {say(enteredText(timesOf(found)))}
          <span class="unseen"> {ticketLabel(found.ticket)}</span>
        </a>
      ),
    },
    {
      title: say(labels.state),
      cell: ({ state, reopened }) => (
        <StatusMark tone={toneOf[state]} {...(state === 'open' ? { shape: 'pair' as const } : {})}>
          {say(stateTexts[state])}
          {reopened && ' ↺'}
        </StatusMark>
      ),
    },
    {
      title: say(labels.ticket),
      cell: ({ ticket, ticketType }) => (
        <>
          <a class="code-text" href={addressOf({ event, section: 'tickets', rest: [ticket] })}>
            {ticketLabel(ticket)}
          </a>{' '}
          {ticketType !== undefined && <bdi>{ticketType.name}</bdi>}
        </>
      ),
    },
    {
      title: say(labels.uses),
      cell: (found) => (
        <ol class="uses">
          {usesOf(found)
            .slice(0, 3)
            .map((use) => (
              <li key={`${use.gate} ${use.boot} ${use.sequence}`}>
                <bdi>{gateName(use.gate)}</bdi> <time>{timeOfDay(use.atMs, policy.timeZone)}</time>{' '}
                <small>{uncertainty(use.uncertaintyMs)}</small>
              </li>
            ))}
        </ol>
      ),
    },
    {
      title: say(labels.cause),
      cell: ({ cause, gatesNotHeard }) => (
        <>
          {say(causeTexts[cause])}
          {gatesNotHeard.length > 0 && (
            <p>
              <StatusMark tone="warn">{say(mayChangeText(gatesNotHeard.length))}</StatusMark>
            </p>
          )}
        </>
      ),
    },
  ];
}

/** Those that fit and those that do not, in the order in which they happened. */
export const usesOf = ({ fitting, misfits }: Pick<CaseView, 'fitting' | 'misfits'>): CaseView['fitting'] =>
  [...fitting, ...misfits].toSorted((a, b) => a.atMs - b.atMs);
