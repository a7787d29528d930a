// Parts of a section, each with an address of its own: links, so that Back and the keyboard work as everywhere.
import type { JSX } from 'preact';
import { addressOf } from '../route.ts';

export interface Tab {
  /** What follows the section in the address; empty for the first. */
  readonly id: string;
  readonly title: string;
}

export const Tabs = ({
  label,
  event,
  section,
  tabs,
  shown,
}: {
  readonly label: string;
  readonly event?: number | undefined;
  readonly section: string;
  readonly tabs: readonly Tab[];
  readonly shown: string;
}): JSX.Element => (
  <nav class="tabs" aria-label={label}>
    {tabs.map(({ id, title }) => (
      <a
        key={id}
        href={addressOf({ ...(event === undefined ? {} : { event }), section, rest: id === '' ? [] : [id] })}
        aria-current={id === shown ? 'page' : undefined}
      >
        {title}
      </a>
    ))}
  </nav>
);
