// How much was decided with nobody in reach, gate by gate, the most first: where "entered twice" may still come from.
import type { EventResponse, OfflineRisk as Risk } from '@postern/shared';
import { Panel, Table, type Column } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useAsked } from '../asking.ts';
import { age, count } from '../format.ts';
import { say } from '../language.ts';
import { labels, riskText } from './messages.ts';

const everyMs = 30_000;
const shownMax = 20;

type RiskRow = Risk['gates'][number];

export function OfflineRisk({ event }: { readonly event: EventResponse }): JSX.Element | null {
  const { value } = useAsked<Risk>(`/api/events/${event.event}/offline-risk`, everyMs);
  if (value === undefined) return null;
  const rows = value.gates
    .filter(({ outOfTouch }) => outOfTouch.entries > 0)
    .toSorted((a, b) => b.outOfTouch.entries - a.outOfTouch.entries)
    .slice(0, shownMax);
  return (
    <Panel title={say(labels.risk)}>
      <p class="muted">{say(labels.riskText)}</p>
      <p>{say(riskText(value.outOfTouch.entries, value.entries))}</p>
      {rows.length > 0 && (
        <Table
          caption={say(labels.risk)}
          captionUnseen
          columns={columns()}
          rows={rows}
          rowKey={({ gate }) => gate}
          empty=""
        />
      )}
    </Panel>
  );
}

const columns = (): readonly Column<RiskRow>[] => [
  { title: say(labels.gate), heads: true, cell: ({ name }) => <bdi>{name}</bdi> },
  {
    title: say(labels.riskEntries),
    number: true,
    cell: ({ outOfTouch, entries }) => `${count(outOfTouch.entries)} / ${count(entries)}`,
  },
  {
    title: say(labels.riskList),
    cell: ({ outOfTouch }) => (outOfTouch.feedAgeSMax === undefined ? '–' : age(outOfTouch.feedAgeSMax * 1_000)),
  },
  {
    title: say(labels.riskClock),
    cell: ({ outOfTouch }) => (outOfTouch.entries === 0 ? '–' : `±${age(outOfTouch.uncertaintyMsMax)}`),
  },
  {
    title: say(labels.riskRevocations),
    cell: ({ revocationAgeMs }) => (revocationAgeMs === undefined ? '–' : age(revocationAgeMs)),
  },
];
