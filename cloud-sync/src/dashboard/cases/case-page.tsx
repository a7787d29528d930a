// One case: every use with its gate, time, clock and person, what may have caused it, whether it may still change, and working it off.
import {
  caseReasons,
  type CaseEntry,
  type CaseReason,
  type CaseState,
  type CaseView,
  type EventResponse,
} from '@postern/shared';
import {
  AreaField,
  Banner,
  Button,
  Panel,
  SelectField,
  showToast,
  StatusMark,
  Table,
  type Column,
  useSubmit,
} from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useAsked } from '../asking.ts';
import { ask } from '../cloud.ts';
import { age, dateAndTime, timeOfDay } from '../format.ts';
import { say } from '../language.ts';
import { useGateNames } from '../parts/gate-names.ts';
import { uncertainty } from '../parts/marks.ts';
import { ProblemBanner, problemText } from '../parts/problem.tsx';
import { addressOf } from '../route.ts';
import { usesOf } from './case-list.tsx';
import {
  causeTexts,
  correctedText,
  enteredText,
  furtherText,
  incompleteText,
  labels,
  mayChangeText,
  reasonTexts,
  stateTexts,
  timesOf,
  workedText,
} from './messages.ts';
import { nextStates, toneOf } from './work.ts';

const everyMs = 10_000;

export interface CasePageProps {
  readonly event: EventResponse;
  readonly id: string;
  readonly mayWork: boolean;
}

export function CasePage({ event, id, mayWork }: CasePageProps): JSX.Element {
  const path = `/api/events/${event.event}/cases/${id}`;
  const { value: found, problem, reload } = useAsked<CaseView>(path, everyMs);
  const gateName = useGateNames(event.event);
  return (
    <>
      <div class="page-head">
        <h1>{found === undefined ? say(labels.title) : say(enteredText(timesOf(found)))}</h1>
        <a href={addressOf({ event: event.event, section: 'cases' })}>{say(labels.back)}</a>
      </div>
      <ProblemBanner problem={problem} onAgain={() => void reload()} />
      {found !== undefined && (
        <>
          <State found={found} event={event} gateName={gateName} />
          <Table
            caption={say(labels.whatHappened)}
            columns={columnsOf(event, found, gateName)}
            rows={usesOf(found)}
            rowKey={({ gate, boot, sequence }) => `${gate} ${boot} ${sequence}`}
            empty=""
          />
          {found.misfitCount > found.misfits.length && (
            <p class="muted">{say(furtherText(found.misfitCount - found.misfits.length))}</p>
          )}
          {mayWork && <WorkOff path={path} found={found} onDone={reload} />}
        </>
      )}
    </>
  );
}

function State({
  found,
  event: { event, policy },
  gateName,
}: {
  readonly found: CaseView;
  readonly event: EventResponse;
  readonly gateName: (id: string) => string;
}): JSX.Element {
  const { state, changedBy, changedAtMs, reason, note } = found;
  return (
    <Panel title={say(labels.state)}>
      <dl class="facts">
        <div>
          <dt>{say(labels.state)}</dt>
          <dd>
            <StatusMark tone={toneOf[state]}>
              {say(
                changedBy === undefined || changedAtMs === undefined
                  ? stateTexts[state]
                  : workedText(stateTexts[state], changedBy.id, dateAndTime(changedAtMs, policy.timeZone)),
              )}
            </StatusMark>
          </dd>
        </div>
        {reason !== undefined && (
          <div>
            <dt>{say(labels.reason)}</dt>
            <dd>
              {say(reasonTexts[reason])}
              {note !== undefined && (
                <>
                  : <bdi>{note}</bdi>
                </>
              )}
            </dd>
          </div>
        )}
        <div>
          <dt>{say(labels.cause)}</dt>
          <dd>{say(causeTexts[found.cause])}</dd>
        </div>
        <div>
          <dt>{say(labels.ticket)}</dt>
          <dd>
            <a class="code-text" href={addressOf({ event, section: 'tickets', rest: [found.ticket] })}>
              {found.ticket}
            </a>{' '}
            {found.ticketType !== undefined && <bdi>{found.ticketType.name}</bdi>}
          </dd>
        </div>
        <div>
          <dt>{say(labels.day)}</dt>
          <dd>{found.day}</dd>
        </div>
      </dl>
      {!found.holds && <Banner tone="good">{say(labels.notHeld)}</Banner>}
      {found.reopened && <Banner tone="warn">{say(labels.reopened)}</Banner>}
      {found.orderUncertain && <Banner tone="warn">{say(labels.orderUncertain)}</Banner>}
      {found.gatesNotHeard.length > 0 && (
        <Banner tone="warn">
          <strong>{say(mayChangeText(found.gatesNotHeard.length))}</strong>:{' '}
          <bdi>{found.gatesNotHeard.map(gateName).join(', ')}</bdi>
        </Banner>
      )}
      {found.gatesLost.length > 0 && (
        <Banner tone="warn">{say(incompleteText(found.gatesLost.map(gateName).join(', ')))}</Banner>
      )}
    </Panel>
  );
}

function columnsOf(
  { policy }: EventResponse,
  found: CaseView,
  gateName: (id: string) => string,
): readonly Column<CaseEntry>[] {
  const zoneName = (id: string): string => policy.zones.find((zone) => zone.id === id)?.name ?? id;
  return [
    {
      title: say(labels.time),
      heads: true,
      cell: ({ atMs }) => <time>{timeOfDay(atMs, policy.timeZone)}</time>,
    },
    {
      title: say(labels.howSure),
      cell: ({ uncertaintyMs, correctedByMs }) => (
        <>
          {uncertainty(uncertaintyMs)}
          {correctedByMs !== 0 && <small> {say(correctedText(age(Math.abs(correctedByMs))))}</small>}
        </>
      ),
    },
    {
      title: say(labels.gate),
      cell: ({ gate, zone }) => (
        <>
          <bdi>{gateName(gate)}</bdi> <small>{zoneName(zone)}</small>
        </>
      ),
    },
    {
      title: say(labels.kind),
      cell: (use) =>
        found.misfits.includes(use) ? (
          <StatusMark tone="bad" shape="pair">
            {say(labels.misfit)}
          </StatusMark>
        ) : (
          say(labels.fits)
        ),
    },
    { title: say(labels.persons), number: true, cell: ({ persons }) => persons },
    {
      title: say(labels.operator),
      cell: ({ operator }) => (operator === undefined ? say(labels.alone) : <bdi>{operator}</bdi>),
    },
    {
      title: say(labels.contact),
      cell: ({ outOfTouch }) => (outOfTouch === true ? say(labels.outOfTouch) : say(labels.inTouch)),
    },
  ];
}

interface Work {
  readonly state?: CaseState;
  readonly reason?: CaseReason;
  readonly note?: string;
}

/** What was found out stays until somebody says otherwise: who closes an explained case does not explain it anew. */
function WorkOff({
  path,
  found,
  onDone,
}: {
  readonly path: string;
  readonly found: CaseView;
  readonly onDone: () => Promise<void>;
}): JSX.Element {
  const [chosen, setChosen] = useState<Work>({});
  const states = nextStates[found.state];
  // Somebody else may have worked on it meanwhile.
  const state = states.find((one) => one === chosen.state) ?? states[0] ?? found.state;
  const reason = chosen.reason ?? found.reason ?? 'same-person';
  const note = chosen.note ?? found.note ?? '';
  const change = (part: Work): void => setChosen({ ...chosen, ...part });
  const { busy, submit } = useSubmit(async () => {
    const body = { state, reason, ...(note.trim() === '' ? {} : { note: note.trim() }) };
    const answer = await ask<CaseView>('PATCH', path, { body });
    if (answer.ok) setChosen({});
    showToast(answer.ok ? 'good' : 'bad', answer.ok ? say(labels.saved) : problemText(answer.error));
    // Whatever came out of it, it is shown as it is now.
    await onDone();
    return undefined;
  });
  return (
    <Panel title={say(labels.workOff)}>
      <form class="form" onSubmit={submit}>
        <div class="form-row">
          <SelectField
            label={say(labels.newState)}
            value={state}
            choices={states.map((value) => ({ value, label: say(stateTexts[value]) }))}
            onValue={(wanted) => change({ state: wanted })}
          />
          <SelectField
            label={say(labels.reason)}
            value={reason}
            choices={caseReasons.map((value) => ({ value, label: say(reasonTexts[value]) }))}
            onValue={(wanted) => change({ reason: wanted })}
          />
        </div>
        <AreaField
          label={say(labels.note)}
          hint={say(labels.noteHint)}
          maxLength={500}
          rows={3}
          value={note}
          onValue={(wanted) => change({ note: wanted })}
        />
        <div class="actions-row">
          <Button kind="primary" type="submit" busy={busy}>
            {say(labels.save)}
          </Button>
        </div>
      </form>
    </Panel>
  );
}
