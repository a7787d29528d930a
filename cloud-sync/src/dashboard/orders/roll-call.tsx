// Who is inside, zone by zone, how far that may be off, and because of which gates.
import type { EventResponse, RollCallView } from '@postern/shared';
import { Panel, Table, type Column } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useAsked } from '../asking.ts';
import { count, hourAndMinute, timeOfDay } from '../format.ts';
import { say } from '../language.ts';
import { ProblemBanner } from '../parts/problem.tsx';
import { labels, rangeText, sinceText } from './messages.ts';

const everyMs = 5_000;

type ZoneRow = RollCallView['zones'][number];

export function RollCall({ event }: { readonly event: EventResponse }): JSX.Element {
  const { value, problem, reload } = useAsked<RollCallView>(`/api/events/${event.event}/roll-call`, everyMs);
  const { timeZone } = event.policy;
  return (
    <Panel title={say(labels.rollCall)}>
      <p class="muted">
        {say(labels.rollCallText)}
        {value !== undefined && ` ${say(labels.asOf)} ${timeOfDay(value.atMs, timeZone)}.`}
      </p>
      <ProblemBanner problem={problem} onAgain={() => void reload()} />
      {value !== undefined && (
        <Table
          caption={say(labels.rollCall)}
          captionUnseen
          columns={columnsOf(
            timeZone,
            value.zones.some(({ leftSinceEvacuation }) => leftSinceEvacuation !== undefined),
          )}
          rows={value.zones}
          rowKey={({ zone }) => zone}
          empty={say(labels.noZones)}
        />
      )}
    </Panel>
  );
}

const columnsOf = (timeZone: string, isEvacuated: boolean): readonly Column<ZoneRow>[] => [
  { title: say(labels.zone), heads: true, cell: ({ name }) => <bdi>{name}</bdi> },
  { title: say(labels.inside), number: true, cell: ({ inside }) => <strong>{count(inside)}</strong> },
  {
    title: say(labels.range),
    cell: ({ inside, insideLeast, insideMost }) =>
      insideLeast === inside && insideMost === inside
        ? '–'
        : say(rangeText(count(insideLeast), insideMost === undefined ? undefined : count(insideMost))),
  },
  ...(isEvacuated
    ? [
        {
          title: say(labels.left),
          number: true,
          cell: ({ leftSinceEvacuation }: ZoneRow) =>
            leftSinceEvacuation === undefined ? '–' : count(leftSinceEvacuation),
        },
      ]
    : []),
  {
    title: say(labels.notHeard),
    cell: ({ notHeardFrom }) =>
      notHeardFrom.length === 0 ? (
        say(labels.allHeard)
      ) : (
        <bdi>
          {notHeardFrom
            .map(({ name, sinceMs }) =>
              say(sinceText(name, sinceMs === undefined ? undefined : hourAndMinute(sinceMs, timeZone))),
            )
            .join(', ')}
        </bdi>
      ),
  },
];
