// States as shapes, so that nobody depends on telling colours apart: disc good, triangle look here, ring not yet, two discs a case.
import type { JSX } from 'preact';

export type Shape = 'disc' | 'triangle' | 'ring' | 'pair';

const paths: Readonly<Record<Shape, JSX.Element>> = {
  disc: <circle cx="8" cy="8" r="6" fill="currentColor" />,
  triangle: <path d="M8 1.5 15 14H1Z" fill="currentColor" stroke="currentColor" stroke-linejoin="round" />,
  ring: (
    <circle cx="8" cy="8" r="5.2" fill="none" stroke="currentColor" stroke-width="1.8" stroke-dasharray="2.6 2.2" />
  ),
  pair: (
    <path
      d="M5.5 3a5 5 0 1 1 0 10 5 5 0 0 1 0-10Zm5 0a5 5 0 1 1 0 10 5 5 0 0 1 0-10Z"
      fill="none"
      stroke="currentColor"
      stroke-width="1.8"
    />
  ),
};

export const Mark = ({ shape }: { readonly shape: Shape }): JSX.Element => (
  <svg class="shape" viewBox="0 0 16 16" aria-hidden="true">
    {paths[shape]}
  </svg>
);
