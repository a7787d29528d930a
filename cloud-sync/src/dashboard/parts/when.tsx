// A moment, with its day, in one piece; a dash where there was none.
import type { JSX } from 'preact';
import { dateAndTime, dateOf } from '../format.ts';

export const When = ({
  atMs,
  timeZone,
  dayOnly = false,
}: {
  readonly atMs: number | undefined;
  readonly timeZone: string;
  readonly dayOnly?: boolean;
}): JSX.Element =>
  atMs === undefined ? (
    <span class="muted">–</span>
  ) : (
    <time dateTime={new Date(atMs).toISOString()}>{(dayOnly ? dateOf : dateAndTime)(atMs, timeZone)}</time>
  );
