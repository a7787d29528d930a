// One drawn symbol for each state of a page of the gate, different in outline and not only in colour, so that it reads at three metres and without colours.
import type { JSX } from 'preact';
import type { ShownView } from './messages.ts';

export type SymbolName = ShownView['symbol'] | 'code' | 'unplugged' | 'band' | 'question';

const drawings: Readonly<Record<SymbolName, () => JSX.Element>> = {
  scan: () => (
    <g>
      <path d="M12 34V18a6 6 0 0 1 6-6h16M66 12h16a6 6 0 0 1 6 6v16M88 66v16a6 6 0 0 1-6 6H66M34 88H18a6 6 0 0 1-6-6V66" />
      <path d="M24 50h52" />
    </g>
  ),
  // A phone or a sheet with a code, in the corners that a reader looks for.
  code: () => (
    <g>
      <path d="M10 30V16a6 6 0 0 1 6-6h14M70 10h14a6 6 0 0 1 6 6v14M90 70v14a6 6 0 0 1-6 6H70M30 90H16a6 6 0 0 1-6-6V70" />
      <g stroke-width="6">
        <path d="M28 28h16v16H28zM56 28h16v16H56zM28 56h16v16H28z" />
        <path d="M57 57v.1M71 57v15M57 71h.1" />
      </g>
    </g>
  ),
  dots: () => (
    <g class="dots" stroke="none" fill="currentColor">
      <circle cx="22" cy="50" r="9" />
      <circle cx="50" cy="50" r="9" />
      <circle cx="78" cy="50" r="9" />
    </g>
  ),
  tick: () => (
    <g>
      <circle cx="50" cy="50" r="42" />
      <path d="m29 52 15 15 28-32" />
    </g>
  ),
  hand: () => (
    <path d="M32 54V26a6 6 0 0 1 12 0v20-28a6 6 0 0 1 12 0v28-24a6 6 0 0 1 12 0v28-14a6 6 0 0 1 12 0v28c0 16-11 26-26 26-13 0-19-6-25-16L18 56c-4-7 5-13 10-7l4 5" />
  ),
  cross: () => (
    <g>
      <path d="M32 8h36l24 24v36L68 92H32L8 68V32z" />
      <path d="m35 35 30 30M65 35 35 65" />
    </g>
  ),
  bar: () => (
    <g>
      <circle cx="50" cy="50" r="42" />
      <path d="M28 50h44" stroke-width="13" />
    </g>
  ),
  arrow: () => <path d="M10 50h74M56 20l30 30-30 30" />,
  // A wristband with its clasp, and the waves of a reader.
  band: () => (
    <g>
      <ellipse cx="44" cy="64" rx="36" ry="28" />
      <path d="M31 29h26v19H31z" fill="currentColor" />
      <path d="M70 24a20 20 0 0 1 9 17M77 8a37 37 0 0 1 17 33" stroke-width="7" />
    </g>
  ),
  question: () => (
    <g>
      <path d="M50 6 94 50 50 94 6 50z" />
      <path d="M39 42c0-15 23-15 23 0 0 9-12 9-12 19M50 72v1" />
    </g>
  ),
  unplugged: () => <path d="M14 40c20-19 52-19 72 0M28 56c12-11 32-11 44 0M42 71c5-4 11-4 16 0M18 14l64 72" />,
};

export const StateSymbol = ({ name }: { readonly name: SymbolName }): JSX.Element => (
  <svg
    class="symbol"
    viewBox="0 0 100 100"
    fill="none"
    stroke="currentColor"
    stroke-width="8"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    {drawings[name]()}
  </svg>
);

/** Small signs in a line of text. */
const marks = {
  offline: 'M7 17a4 4 0 0 1-.6-8 6 6 0 0 1 9-3M18.6 9a4 4 0 0 1 .4 8h-7M3 3l18 18',
  clock: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M12 7v5.5l3.5 2',
  info: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M12 11v5.5M12 7.5v.1',
  bell: 'M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15zM10.5 20.5h3M12 5V3',
} as const;

export const Mark = ({ name }: { readonly name: keyof typeof marks }): JSX.Element => (
  <svg
    class="mark"
    viewBox="0 0 24 24"
    fill="none"
    stroke="currentColor"
    stroke-width="2"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    <path d={marks[name]} />
  </svg>
);
