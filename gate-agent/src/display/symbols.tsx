// One drawn symbol for each state of a page of the gate, different in outline and not only in colour, so that it reads at three metres and without colours.
import type { JSX } from 'preact';
import type { DisplayView } from './messages.ts';

export type SymbolName = DisplayView['symbol'] | 'unplugged' | 'band' | 'question';

const drawings: Readonly<Record<SymbolName, () => JSX.Element>> = {
  scan: () => (
    <g>
      <path d="M12 34V18a6 6 0 0 1 6-6h16M66 12h16a6 6 0 0 1 6 6v16M88 66v16a6 6 0 0 1-6 6H66M34 88H18a6 6 0 0 1-6-6V66" />
      <path class="scan-line" d="M24 50h52" />
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
  band: () => (
    <g>
      <circle cx="36" cy="56" r="27" />
      <circle cx="36" cy="56" r="14" />
      <path d="M66 24a34 34 0 0 1 12 22M74 10a50 50 0 0 1 18 32" />
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
