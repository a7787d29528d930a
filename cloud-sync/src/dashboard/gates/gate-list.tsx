// All gates of an event, what needs attention first: found by name, id or zone, and by how they are.
import type { EventResponse, GateView, UserView, CoverageView } from '@postern/shared';
import { Banner, Button, EmptyState, SelectField, StatusMark, Table, TextField, type Column } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useAsked } from '../asking.ts';
import { age, count, hourAndMinute, timeOfDay } from '../format.ts';
import { say } from '../language.ts';
import { ProblemBanner } from '../parts/problem.tsx';
import { addressOf, go } from '../route.ts';
import { rolesOf } from '../section.tsx';
import { serverClock } from '../server-clock.ts';
import { byAttention, filterGates, lookOf, type GateFilter } from './attention.ts';
import { Clock, Disk, Temperature, TicketList } from './vitals.tsx';
import { completeText, labels, shownText, waitingText } from './messages.ts';
import { OfflineRisk } from './offline-risk.tsx';
import { useGates } from './gates-data.ts';
import { newPlace } from './places.ts';

const shownAtFirst = 50;

export function GateList({ event, me }: { readonly event: EventResponse; readonly me: UserView }): JSX.Element {
  const { gates, problem, reload } = useGates(event.event);
  const [search, setSearch] = useState('');
  const [filter, setFilter] = useState<GateFilter>('all');
  const [shown, setShown] = useState(shownAtFirst);
  const zoneName = (id: string): string => event.policy.zones.find((zone) => zone.id === id)?.name ?? id;
  const mayEnrol = rolesOf(me, event.event).some((role) => role === 'organiser' || role === 'admin');
  const enrol = mayEnrol && (
    <Button kind="primary" onClick={() => go({ event: event.event, section: 'gates', rest: [newPlace] })}>
      {say(labels.enrol)}
    </Button>
  );
  const found = filterGates(gates ?? [], { filter, search, zoneName }).toSorted(byAttention);
  const rows = found.slice(0, shown);
  return (
    <>
      <div class="page-head">
        <h1>{say(labels.title)}</h1>
        {enrol}
      </div>
      <ProblemBanner problem={problem} onAgain={() => void reload()} />
      {gates?.length === 0 ? (
        <EmptyState title={say(labels.none)} action={enrol}>
          {say(labels.noneText)}
        </EmptyState>
      ) : (
        <>
          <Coverage event={event} />
          <div class="filters">
            <TextField
              label={say(labels.find)}
              hint={say(labels.findHint)}
              type="search"
              value={search}
              onValue={setSearch}
            />
            <SelectField label={say(labels.show)} value={filter} choices={filterChoices()} onValue={setFilter} />
          </div>
          {gates !== undefined && (
            <Table
              caption={say(shownText(rows.length, gates.length))}
              columns={columnsOf(event, zoneName)}
              rows={rows}
              rowKey={(gate) => gate.id}
              empty={say(labels.noneFound)}
              more={
                found.length > shown
                  ? { label: say(labels.more), onMore: () => setShown(shown + shownAtFirst) }
                  : undefined
              }
            />
          )}
          <OfflineRisk event={event} />
        </>
      )}
    </>
  );
}

const filterChoices = (): readonly { readonly value: GateFilter; readonly label: string }[] => [
  { value: 'all', label: say(labels.showAll) },
  { value: 'attention', label: say(labels.showAttention) },
  { value: 'green', label: say(labels.showGood) },
  { value: 'never', label: say(labels.showWaiting) },
  { value: 'gone', label: say(labels.showGone) },
];

function columnsOf(event: EventResponse, zoneName: (zone: string) => string): readonly Column<GateView>[] {
  const time = (ms: number): string => hourAndMinute(ms, event.policy.timeZone);
  return [
    {
      title: say(labels.gate),
      heads: true,
      cell: (gate) => (
        <div class="gate-name">
          <a href={addressOf({ event: event.event, section: 'gates', rest: [gate.id] })}>
            <bdi>{gate.name}</bdi>
          </a>
          <small>
            {gate.id} · <bdi>{zoneName(gate.zone)}</bdi>
          </small>
        </div>
      ),
    },
    {
      title: say(labels.state),
      cell: (gate) => <GateState gate={gate} time={time} />,
    },
    { title: say(labels.list), cell: (gate) => <TicketList gate={gate} current={event.feedVersion} /> },
    { title: say(labels.clock), cell: (gate) => <Clock vitals={gate.vitals} /> },
    { title: say(labels.diskShort), cell: (gate) => <Disk vitals={gate.vitals} /> },
    { title: say(labels.temperatureShort), cell: (gate) => <Temperature vitals={gate.vitals} /> },
    { title: say(labels.waitingShort), number: true, cell: (gate) => waitingOf(gate) },
    { title: say(labels.version), cell: (gate) => gate.vitals?.version ?? '–' },
    { title: say(labels.entered), number: true, cell: (gate) => count(gate.entries) },
  ];
}

const waitingOf = ({ vitals }: GateView): string => (vitals?.waiting === undefined ? '–' : count(vitals.waiting));

/** State, and where something is wrong, what to do. */
function GateState({ gate, time }: { readonly gate: GateView; readonly time: (ms: number) => string }): JSX.Element {
  const { tone, state, problem } = lookOf(gate, time);
  return (
    <div class="gate-state">
      <StatusMark tone={tone}>{say(state)}</StatusMark>
      {problem !== undefined && (
        <p>
          {gate.condition === 'trouble' && <strong>{say(problem.what)} </strong>}
          {say(problem.next)}
        </p>
      )}
    </div>
  );
}

/** Up to when the story is complete, and who holds it up. */
function Coverage({ event }: { readonly event: EventResponse }): JSX.Element | null {
  const { value } = useAsked<CoverageView>(`/api/events/${event.event}/coverage`, 10_000);
  if (value === undefined) return null;
  const behind = value.gates.filter(({ throughMs, lost }) => lost === undefined && throughMs < value.atMs - behindMs);
  const through = value.completeUpToMs;
  return (
    <Banner tone={behind.length === 0 ? 'good' : 'warn'} role="status">
      {through === undefined ? (
        say(labels.nothingWaitedFor)
      ) : through === 0 ? (
        say(labels.notComplete)
      ) : (
        <>
          <strong>{say(completeText(timeOfDay(through, event.policy.timeZone)))}</strong>{' '}
          {behind.length > 0 && `(${age(serverClock.nowMs() - through)})`}
        </>
      )}
      {behind.length > 0 && (
        <>
          {' · '}
          {say(waitingText(behind.length))}:{' '}
          <bdi>
            {behind
              .slice(0, 5)
              .map(({ name }) => name)
              .join(', ')}
          </bdi>
          {behind.length > 5 && ' …'}
        </>
      )}
    </Banner>
  );
}

/** Gates say every few seconds how far they are; who has not for so long holds the story up. */
const behindMs = 60_000;
