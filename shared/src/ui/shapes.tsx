// States as shapes, so that nobody depends on telling colours apart: a tick good, a triangle look here, a cross trouble, a ring not yet, two
// discs entered twice, an arrow at work.
import type { JSX } from 'preact';

export type Tone = 'good' | 'warn' | 'bad' | 'busy' | 'plain';
export type ShapeName = 'disc' | 'triangle' | 'cross' | 'ring' | 'pair' | 'work' | 'info';

export const shapeOfTone: Readonly<Record<Tone, ShapeName>> = {
  good: 'disc',
  warn: 'triangle',
  bad: 'cross',
  busy: 'work',
  plain: 'ring',
};

const line = { fill: 'none', stroke: 'currentColor', 'stroke-width': 1.8, 'stroke-linecap': 'round' } as const;

const drawings: Readonly<Record<ShapeName, JSX.Element>> = {
  disc: (
    <path
      d="M8 1.4a6.6 6.6 0 1 1 0 13.2A6.6 6.6 0 0 1 8 1.4ZM4.6 8.3l2.4 2.3 4.4-4.9-1.2-1-3.3 3.7-1.2-1.2Z"
      fill="currentColor"
      fill-rule="evenodd"
    />
  ),
  triangle: (
    <path
      d="M8 1.2 15.2 14H.8ZM7.1 5.6l.2 4.2h1.4l.2-4.2ZM8 10.7a.95.95 0 1 0 0 1.9.95.95 0 0 0 0-1.9Z"
      fill="currentColor"
      fill-rule="evenodd"
    />
  ),
  cross: (
    <path
      d="M5 1.2h6L14.8 5v6L11 14.8H5L1.2 11V5ZM5.9 4.7 4.7 5.9 6.8 8l-2.1 2.1 1.2 1.2L8 9.2l2.1 2.1 1.2-1.2L9.2 8l2.1-2.1-1.2-1.2L8 6.8Z"
      fill="currentColor"
      fill-rule="evenodd"
    />
  ),
  ring: <circle cx="8" cy="8" r="5.6" {...line} stroke-dasharray="2.7 2.2" />,
  pair: <path d="M5.5 3a5 5 0 1 1 0 10 5 5 0 0 1 0-10Zm5 0a5 5 0 1 1 0 10 5 5 0 0 1 0-10Z" {...line} />,
  work: <path d="M13.6 6.4A6 6 0 0 0 2.9 4.9m-.5 4.7a6 6 0 0 0 10.7 1.5M3 1.8v3.3h3.3m6.7 9.1v-3.3H9.7" {...line} />,
  info: (
    <path
      d="M8 1.4a6.6 6.6 0 1 1 0 13.2A6.6 6.6 0 0 1 8 1.4Zm-.9 5.4v5h1.8v-5ZM8 4a1 1 0 1 0 0 2.1A1 1 0 0 0 8 4Z"
      fill="currentColor"
      fill-rule="evenodd"
    />
  ),
};

/** Only beside a word that says the same. */
export const Shape = ({ name }: { readonly name: ShapeName }): JSX.Element => (
  <svg class="shape" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
    {drawings[name]}
  </svg>
);
