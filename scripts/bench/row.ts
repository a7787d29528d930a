// One figure of `npm run bench`: what was measured, beside its floor or rival of the same run, and the bar it has to meet.

export interface BenchRow {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The floor's or the rival's figure in the same unit, measured in the same run; null where there is none. */
  readonly baseline: number | null;
  /** `value / baseline`. */
  readonly ratio: number | null;
  /** The bar in words, `<= 1.25 x` or `>= 98 %`; empty where the figure is only shown. */
  readonly bar: string;
  /** Whether the bar is met; null where there is none. */
  readonly holds: boolean | null;
}

export interface BenchOptions {
  /** Smaller counts: everything together in about a minute. */
  readonly quick: boolean;
  /** To the end, however long that takes, where a part otherwise stops after a while. */
  readonly whole: boolean;
  /** Of a venue, where a part has one. */
  readonly gates?: number;
}

/** What a part of the bench takes and gives; each file of this folder has one. */
export type Bench = (options: BenchOptions) => Promise<readonly BenchRow[]>;

type Bar =
  | { readonly ratioAtMost: number }
  | { readonly ratioAtLeast: number }
  | { readonly atMost: number }
  | { readonly atLeast: number };

/** A row with its ratio and whether it meets its bar worked out. */
export function benchRow(
  name: string,
  value: number,
  unit: string,
  { baseline = null, bar }: { readonly baseline?: number | null; readonly bar?: Bar } = {},
): BenchRow {
  const ratio = baseline === null || baseline === 0 ? null : value / baseline;
  return {
    name,
    value,
    unit,
    baseline,
    ratio,
    bar: bar === undefined ? '' : barText(bar, unit),
    holds: bar === undefined ? null : meets(bar, value, ratio),
  };
}

function barText(bar: Bar, unit: string): string {
  if ('ratioAtMost' in bar) return `<= ${bar.ratioAtMost} x`;
  if ('ratioAtLeast' in bar) return `>= ${bar.ratioAtLeast} x`;
  return 'atMost' in bar ? `<= ${bar.atMost} ${unit}` : `>= ${bar.atLeast} ${unit}`;
}

function meets(bar: Bar, value: number, ratio: number | null): boolean {
  if ('ratioAtMost' in bar) return ratio !== null && ratio <= bar.ratioAtMost;
  if ('ratioAtLeast' in bar) return ratio !== null && ratio >= bar.ratioAtLeast;
  return 'atMost' in bar ? value <= bar.atMost : value >= bar.atLeast;
}
