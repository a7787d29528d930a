// A moment, with its day, in one piece; a dash where there was none.
import type { JSX } from 'preact';
import { dateAndTime } from '../format.ts';

export const When = ({
  atMs,
  timeZone,
}: {
  readonly atMs: number | undefined;
  readonly timeZone: string;
}): JSX.Element =>
  atMs === undefined ? (
    <span class="muted">–</span>
  ) : (
    <time dateTime={new Date(atMs).toISOString()}>{dateAndTime(atMs, timeZone)}</time>
  );
