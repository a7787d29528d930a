// A rehearsal from its beginning to its end: what it does before anybody begins it, which gates are in it, and what was no rehearsal.
import type { EventResponse, RehearsalView } from '@postern/shared';
import { Panel, SelectField, StatusMark, Table } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useAsked } from '../asking.ts';
import { ask } from '../cloud.ts';
import { dateAndTime } from '../format.ts';
import { say } from '../language.ts';
import { AskingButton } from '../parts/acts.tsx';
import { orProblem, ProblemBanner } from '../parts/problem.tsx';
import { rolesOf, type EventSectionProps } from '../section.tsx';
import { causeTexts, hoursText, labels, stateTexts } from './messages.ts';
import { rehearsalPath } from './rehearsal-banner.tsx';

const everyMs = 5_000;
const hours = [1, 2, 4, 8, 12] as const;

export function RehearsalPage({ event, me }: EventSectionProps): JSX.Element {
  const { value, problem, reload } = useAsked<RehearsalView>(rehearsalPath(event), everyMs);
  const mayBegin = rolesOf(me, event.event).some((role) => role !== 'steward');
  const isQuiet = value !== undefined && value.event === undefined && value.gates.length === 0;
  return (
    <>
      <header class="page-head">
        <h1>{say(labels.title)}</h1>
      </header>
      <ProblemBanner problem={problem} onAgain={() => void reload()} />
      {isQuiet && <StatusMark tone="good">{say(labels.none)}</StatusMark>}
      {value?.event === undefined && mayBegin && <Begin event={event} onBegun={() => void reload()} />}
      {value !== undefined && !isQuiet && <Gates event={event} gates={value.gates} />}
      {value !== undefined && value.alarms.length > 0 && <Alarms event={event} alarms={value.alarms} />}
    </>
  );
}

function Begin({ event, onBegun }: { readonly event: EventResponse; readonly onBegun: () => void }): JSX.Element {
  const [chosen, setChosen] = useState('4');
  return (
    <Panel title={say(labels.begin)}>
      <p>{say(labels.beginText)}</p>
      <p class="muted">{say(labels.bandsText)}</p>
      <div class="form">
        <SelectField
          label={say(labels.howLong)}
          value={chosen}
          choices={hours.map((one) => ({ value: `${one}`, label: say(hoursText(one)) }))}
          onValue={setChosen}
        />
        <div class="acts">
          <AskingButton
            kind="primary"
            label={say(labels.begin)}
            title={say(labels.beginTitle)}
            consequence={<p>{say(labels.beginConsequence)}</p>}
            act={say(labels.begin)}
            onConfirm={async () =>
              orProblem(
                await ask<RehearsalView>('POST', rehearsalPath(event), {
                  body: { forMinutes: Number(chosen) * 60 },
                }),
                onBegun,
              )
            }
          />
        </div>
      </div>
    </Panel>
  );
}

const tones = { rehearses: 'warn', unheard: 'bad', left: 'warn', 'may-rehearse': 'bad' } as const;

const Gates = ({
  event,
  gates,
}: {
  readonly event: EventResponse;
  readonly gates: RehearsalView['gates'];
}): JSX.Element => (
  <Panel title={say(labels.gates)}>
    <Table
      caption={say(labels.gates)}
      captionUnseen
      rows={gates}
      rowKey={({ gate }) => gate}
      empty={say(labels.noGates)}
      columns={[
        { title: say(labels.gate), heads: true, cell: ({ name }) => <bdi>{name}</bdi> },
        {
          title: say(labels.state),
          cell: ({ state }) => <StatusMark tone={tones[state]}>{say(stateTexts[state])}</StatusMark>,
        },
        { title: say(labels.until), cell: ({ untilMs }) => dateAndTime(untilMs, event.policy.timeZone) },
        { title: say(labels.by), cell: ({ operator }) => operator ?? '–' },
      ]}
    />
  </Panel>
);

const Alarms = ({
  event,
  alarms,
}: {
  readonly event: EventResponse;
  readonly alarms: RehearsalView['alarms'];
}): JSX.Element => (
  <Panel title={say(labels.alarms)}>
    <Table
      caption={say(labels.alarms)}
      captionUnseen
      rows={alarms}
      rowKey={({ gate, cause, firstMs }) => `${gate} ${cause} ${firstMs}`}
      empty=""
      columns={[
        { title: say(labels.gate), heads: true, cell: ({ name }) => <bdi>{name}</bdi> },
        { title: say(labels.cause), cell: ({ cause }) => <StatusMark tone="bad">{say(causeTexts[cause])}</StatusMark> },
        { title: say(labels.persons), number: true, cell: ({ persons }) => persons },
        { title: say(labels.from), cell: ({ firstMs }) => dateAndTime(firstMs, event.policy.timeZone) },
        { title: say(labels.until), cell: ({ lastMs }) => dateAndTime(lastMs, event.policy.timeZone) },
      ]}
    />
  </Panel>
);
