// One gate: how it is, in figures and in words, what it consists of, and what can be done with it.
import type { EventResponse, GateDetail, GateResponse, UserView } from '@postern/shared';
import { Banner, Panel, StatusMark, Table, type Tone } from '@postern/shared/ui';
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useAsked } from '../asking.ts';
import { count, hourAndMinute } from '../format.ts';
import { say } from '../language.ts';
import { ProblemBanner } from '../parts/problem.tsx';
import { When } from '../parts/when.tsx';
import { addressOf } from '../route.ts';
import { rolesOf } from '../section.tsx';
import { lookOf } from './attention.ts';
import { EnrolmentCode } from './enrolment-code.tsx';
import { GateActs } from './gate-acts.tsx';
import { labels, lostReasonTexts } from './messages.ts';
import { Clock, Disk, Temperature, TicketList } from './vitals.tsx';

const everyMs = 5_000;

export interface GatePageProps {
  readonly event: EventResponse;
  readonly gate: string;
  readonly me: UserView;
}

export function GatePage({ event, gate: id, me }: GatePageProps): JSX.Element {
  const { value: gate, problem, reload } = useAsked<GateDetail>(`/api/events/${event.event}/gates/${id}`, everyMs);
  const [invited, setInvited] = useState<{ readonly response: GateResponse; readonly name: string }>();
  return (
    <>
      <div class="page-head">
        <h1>
          <bdi>{gate?.name ?? id}</bdi>
        </h1>
        <a href={addressOf({ event: event.event, section: 'gates' })}>{say(labels.back)}</a>
      </div>
      <ProblemBanner problem={problem} onAgain={() => void reload()} />
      {invited !== undefined && (
        <Panel title={`${say(labels.codeLabel)}: ${invited.name}`}>
          <EnrolmentCode
            key={invited.response.code}
            invited={invited.response}
            name={invited.name}
            kind={kindOf(gate)}
            onEnrolled={() => void reload()}
            onExpired={() => setInvited(undefined)}
          />
        </Panel>
      )}
      {gate !== undefined && (
        <>
          <State gate={gate} event={event} />
          <GateActs
            event={event}
            gate={gate}
            roles={rolesOf(me, event.event)}
            onChanged={reload}
            onInvited={(response) => setInvited({ response, name: gate.name })}
          />
          <Parts gate={gate} />
        </>
      )}
    </>
  );
}

/** Phones have no readers of their own and one lane. */
const kindOf = (gate: GateDetail | undefined): 'gate' | 'handheld' =>
  gate?.vitals?.kind === 'handheld' || (gate?.lanes.length === 1 && gate.lanes[0]?.id === 'hand') ? 'handheld' : 'gate';

function State({ gate, event }: { readonly gate: GateDetail; readonly event: EventResponse }): JSX.Element {
  const { timeZone, zones } = event.policy;
  const time = (ms: number): string => hourAndMinute(ms, timeZone);
  const { tone, state, problem } = lookOf(gate, time);
  const facts: readonly (readonly [string, ComponentChildren])[] = [
    [say(labels.zone), <bdi key="zone">{zones.find(({ id }) => id === gate.zone)?.name ?? gate.zone}</bdi>],
    [say(labels.contact), <When key="contact" atMs={gate.lastContactMs} timeZone={timeZone} />],
    [say(labels.known), <When key="known" atMs={gate.throughMs} timeZone={timeZone} />],
    [say(labels.entered), count(gate.entries)],
    [say(labels.list), <TicketList key="list" gate={gate} current={event.feedVersion} />],
    [say(labels.waiting), gate.vitals?.waiting === undefined ? '–' : count(gate.vitals.waiting)],
    [say(labels.clock), <Clock key="clock" vitals={gate.vitals} />],
    [say(labels.disk), <Disk key="disk" vitals={gate.vitals} />],
    [say(labels.temperature), <Temperature key="temperature" vitals={gate.vitals} />],
    [say(labels.version), gate.vitals?.version ?? '–'],
    ...(gate.lost === undefined
      ? []
      : [
          [
            say(labels.lost),
            `${say(lostReasonTexts[gate.lost.reason])}${gate.lost.note === undefined ? '' : `: ${gate.lost.note}`}`,
          ] as const,
        ]),
    ...(gate.revokedReason === undefined ? [] : [[say(labels.revoked), gate.revokedReason] as const]),
  ];
  return (
    <Panel title={say(labels.state)}>
      <div class="gate-state">
        <StatusMark tone={tone}>{say(state)}</StatusMark>
        {gate.problems.length === 0 && problem !== undefined && <p>{say(problem.next)}</p>}
      </div>
      {gate.problems.map(({ severity, what, next }) => (
        <Banner key={what} tone={severity === 'fail' ? 'bad' : 'warn'}>
          <strong>{what}</strong> {next}
        </Banner>
      ))}
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}

interface Part {
  readonly id: string;
  readonly what: string;
  readonly state: string;
  readonly tone: Tone;
}

/** Lanes and readers as the gate says they are, else as they were set up. */
function Parts({ gate }: { readonly gate: GateDetail }): JSX.Element {
  const laneOf = (id: string): Part[] =>
    gate.laneStates
      .filter((lane) => lane.id === id)
      .map(({ state, why }) => ({
        id: `lane ${id}`,
        what: id,
        state: why === undefined ? state : `${state}: ${why}`,
        tone: state === 'closed' || state === 'fault' ? 'warn' : 'plain',
      }));
  const rows: readonly Part[] = gate.lanes.flatMap((lane): readonly Part[] => {
    const [told] = laneOf(lane.id);
    const readers = gate.readerStates.filter((reader) => reader.lane === lane.id);
    return [
      told ?? { id: `lane ${lane.id}`, what: lane.id, state: say(labels.unknown), tone: 'plain' },
      ...(readers.length > 0
        ? readers.map(({ id, state, fault }): Part => ({
            id: `reader ${lane.id} ${id}`,
            what: `${lane.id} › ${id}`,
            state: fault === undefined ? state : `${state}: ${fault}`,
            tone: fault === undefined ? 'plain' : 'warn',
          }))
        : lane.readers.map((reader): Part => ({
            id: `reader ${lane.id} ${reader}`,
            what: `${lane.id} › ${reader}`,
            state: say(labels.unknown),
            tone: 'plain',
          }))),
    ];
  });
  return (
    <Table
      caption={say(labels.parts)}
      columns={[
        { title: say(labels.part), heads: true, cell: ({ what }) => <bdi>{what}</bdi> },
        { title: say(labels.state), cell: ({ state, tone }) => <StatusMark tone={tone}>{state}</StatusMark> },
      ]}
      rows={rows}
      rowKey={({ id }) => id}
      empty={say(labels.unknown)}
    />
  );
}
