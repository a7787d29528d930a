// A chart over time, by uPlot: in the colours of the page, by day and by night, in the venue's time zone, as wide as its place. Whoever cannot
// see it gets its summary, and its numbers as a table.
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { count, hourAndMinute } from './format.ts';
import { language } from './language.ts';

export interface ChartLine {
  readonly label: string;
  /** The custom property with its colour. */
  readonly colour: string;
  readonly values: readonly number[];
  readonly kind: 'bars' | 'line';
  readonly dashed?: boolean;
}

export interface ChartProps {
  /** What it shows, in a sentence. */
  readonly summary: string;
  readonly timeZone: string;
  /** Unix ms of each value. */
  readonly timesMs: readonly number[];
  readonly lines: readonly ChartLine[];
  readonly heightPx?: number;
  readonly children?: ComponentChildren;
}

const secondMs = 1_000;

export function Chart({ summary, timeZone, timesMs, lines, heightPx = 200, children }: ChartProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>();
  // What uPlot cannot change afterwards; everything else is only data.
  const shape = `${language.value} ${timeZone} ${heightPx} ${lines.map(({ label, colour, kind, dashed }) => [label, colour, kind, dashed].join('|')).join('\n')}`;
  const data = toData(timesMs, lines);
  const latest = useRef(data);
  latest.current = data;

  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const draw = (): void => {
      plot.current?.destroy();
      const options = optionsOf(element, { timeZone, lines, heightPx });
      plot.current = new uPlot(options, latest.current, element);
    };
    draw();
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', draw);
    const resized = new ResizeObserver(() =>
      plot.current?.setSize({ width: Math.max(element.clientWidth, 120), height: heightPx }),
    );
    resized.observe(element);
    return () => {
      dark.removeEventListener('change', draw);
      resized.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [shape]);
  useEffect(() => plot.current?.setData(data), [timesMs, lines]);

  return (
    <figure class="chart">
      <div ref={place} class="plot" role="img" aria-label={summary} />
      {children}
    </figure>
  );
}

const toData = (timesMs: readonly number[], lines: readonly ChartLine[]): uPlot.AlignedData => [
  timesMs.map((ms) => ms / secondMs),
  ...lines.map(({ values }) => [...values]),
];

function optionsOf(
  element: Element,
  { timeZone, lines, heightPx }: Pick<ChartProps, 'timeZone' | 'lines'> & { readonly heightPx: number },
): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const [text, grid, font] = [colour('--muted'), colour('--line'), `12px ${style.fontFamily}`];
  return {
    width: Math.max(element.clientWidth, 120),
    height: heightPx,
    padding: [10, 20, 0, 0],
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * secondMs), timeZone),
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_plot, _least, most) => [0, Math.max(4, most * 1.08)] } },
    axes: [
      {
        stroke: text,
        font,
        size: 28,
        grid: { show: false },
        ticks: { stroke: grid, width: 1, size: 4 },
        space: 64,
        values: (_plot, splits) => splits.map((seconds) => hourAndMinute(seconds * secondMs, timeZone)),
      },
      {
        stroke: text,
        font,
        size: 46,
        space: 36,
        grid: { stroke: grid, width: 1 },
        ticks: { show: false },
        values: (_plot, splits) => splits.map((value) => (Number.isInteger(value) ? count(value) : '')),
      },
    ],
    series: [
      {},
      ...lines.map(({ label, colour: name, kind, dashed }): uPlot.Series => {
        const stroke = colour(name);
        const bars = uPlot.paths.bars?.({ size: [0.72, 14], radius: 0.25 });
        return {
          label,
          stroke,
          width: kind === 'bars' ? 0 : 2,
          points: { show: false },
          ...(dashed === true ? { dash: [5, 4] } : {}),
          ...(kind === 'bars' && bars !== undefined ? { fill: stroke, paths: bars } : {}),
        };
      }),
    ],
  };
}
