// How many come and go a minute, and how many are inside each zone, over the last hours.
import { minuteMs, type LiveState } from '@postern/shared';
import { Panel, SelectField } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { Chart, type ChartLine } from '../chart.tsx';
import { count, hourAndMinute } from '../format.ts';
import { fill, language, say } from '../language.ts';
import { busiestOf, insideOf, lastWholeMinute, minutesOf } from './series.ts';
import { texts } from './texts.ts';

const spans = [
  { value: '30', label: '30 min' },
  { value: '60', label: '1 h' },
  { value: '180', label: '3 h' },
] as const;
type Span = (typeof spans)[number]['value'];
/** Every so many minutes, a row of the table. */
const rowMinutes = 5;
const colours = 6;

export function Flow({ shown }: { readonly shown: LiveState }): JSX.Element {
  const [span, setSpan] = useState<Span>('60');
  const minutes = Number(span);
  return (
    <>
      <Panel
        title={say(texts.perMinute)}
        class="flow"
        actions={
          <div class="span-choice">
            <SelectField label={say(texts.span)} choices={spans} value={span} onValue={setSpan} />
          </div>
        }
      >
        <PerMinute shown={shown} minutes={minutes} />
      </Panel>
      <Panel title={say(texts.occupancy)} class="flow">
        <Occupancy shown={shown} minutes={minutes} />
      </Panel>
    </>
  );
}

const spanLabel = (minutes: number): string => spans.find(({ value }) => Number(value) === minutes)?.label ?? '';

function PerMinute({ shown, minutes }: { readonly shown: LiveState; readonly minutes: number }): JSX.Element {
  const { series, timeZone } = shown;
  const [entered, exited] = [say(texts.entries), say(texts.exits)];
  const { timesMs, lines } = useMemo(() => {
    const entries = series.all.entries.slice(-minutes);
    const exits = series.all.exits.slice(-minutes);
    const bars: ChartLine = { label: entered, colour: '--series-1', values: entries, kind: 'bars' };
    const line: ChartLine = { label: exited, colour: '--series-2', values: exits, kind: 'line', dashed: true };
    return { timesMs: minutesOf(series, minutes), lines: exits.some((persons) => persons > 0) ? [bars, line] : [bars] };
  }, [series, minutes, entered, exited]);
  const now = lastWholeMinute(series.all.entries);
  const most = busiestOf(lines[0]?.values ?? [], timesMs);
  const peak =
    most === undefined
      ? ''
      : fill(texts.busiest, { most: count(most.persons), time: hourAndMinute(most.atMs, timeZone) });
  return (
    <>
      <p class="lead">
        {fill(texts.perMinuteNow, { now: count(now) })}
        {peak}
      </p>
      <Chart
        summary={fill(texts.perMinuteSummary, { span: spanLabel(minutes), now: count(now) }) + peak}
        timeZone={timeZone}
        timesMs={timesMs}
        lines={lines}
      >
        <Legend lines={lines} />
        <Numbers lines={lines} timesMs={timesMs} timeZone={timeZone} fold={sumOf} />
      </Chart>
    </>
  );
}

function Occupancy({ shown, minutes }: { readonly shown: LiveState; readonly minutes: number }): JSX.Element {
  const { series, zones, timeZone } = shown;
  const { timesMs, lines } = useMemo(
    () => ({
      timesMs: minutesOf(series, minutes),
      lines: series.zones.slice(0, colours).flatMap((flow, index): readonly ChartLine[] => {
        const zone = zones.find((candidate) => candidate.zone === flow.zone);
        if (zone === undefined) return [];
        const values = insideOf(flow, zone.inside, minutes);
        return [{ label: zone.name, colour: `--series-${index + 1}`, values, kind: 'line', dashed: index % 2 === 1 }];
      }),
    }),
    [series, zones, minutes, language.value],
  );
  const list = lines.map(({ label, values }) => `${label} ${count(values.at(-1) ?? 0)}`).join(', ');
  return (
    <Chart
      summary={fill(texts.occupancySummary, { span: spanLabel(minutes), list })}
      timeZone={timeZone}
      timesMs={timesMs}
      lines={lines}
    >
      <Legend lines={lines} withLast />
      <Numbers lines={lines} timesMs={timesMs} timeZone={timeZone} fold={lastOf} />
    </Chart>
  );
}

const Legend = ({
  lines,
  withLast = false,
}: {
  readonly lines: readonly ChartLine[];
  readonly withLast?: boolean;
}): JSX.Element => (
  <ul class="legend">
    {lines.map(({ label, colour, kind, dashed, values }) => (
      <li key={label}>
        <svg viewBox="0 0 20 12" aria-hidden="true" focusable="false" class={colour.replace('--', '')}>
          {kind === 'bars' ? (
            <path d="M2 5h4v6H2Zm6-4h4v10H8Zm6 3h4v7h-4Z" fill="currentColor" />
          ) : (
            <path d="M1 6h18" stroke="currentColor" stroke-width="3" stroke-dasharray={dashed ? '5 3' : undefined} />
          )}
        </svg>
        <bdi>{label}</bdi>
        {withLast && <span class="number muted">{count(values.at(-1) ?? 0)}</span>}
      </li>
    ))}
  </ul>
);

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
const lastOf = (values: readonly number[]): number => values.at(-1) ?? 0;

interface NumbersProps {
  readonly lines: readonly ChartLine[];
  readonly timesMs: readonly number[];
  readonly timeZone: string;
  readonly fold: (values: readonly number[]) => number;
}

/** The same for whoever reads numbers rather than curves, every five minutes; made when somebody opens it. */
function Numbers({ lines, timesMs, timeZone, fold }: NumbersProps): JSX.Element {
  const [open, setOpen] = useState(false);
  const starts = timesMs.filter((ms) => ms % (rowMinutes * minuteMs) === 0);
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>{say(texts.asTable)}</summary>
      {open && (
        <div class="table-frame" role="region" aria-label={say(texts.asTable)} tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">{say(texts.time)}</th>
                {lines.map(({ label }) => (
                  <th key={label} scope="col" class="number">
                    {label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {starts.toReversed().map((ms) => {
                const from = timesMs.indexOf(ms);
                return (
                  <tr key={ms}>
                    <th scope="row">{hourAndMinute(ms, timeZone)}</th>
                    {lines.map(({ label, values }) => (
                      <td key={label} class="number">
                        {count(fold(values.slice(from, from + rowMinutes)))}
                      </td>
                    ))}
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}
