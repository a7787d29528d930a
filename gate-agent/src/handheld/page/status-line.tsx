// How this phone stands, in plain words at the top of every view: in touch or alone since when, how old the list is, and whatever somebody has to
// do something about. A touch leads to the details.
import type { JSX } from 'preact';
import { StatusMark } from '@postern/shared/ui';
import type { RunningState } from '../core/handheld.ts';
import { labels, sayings } from './texts.ts';
import { language, say, timeOf, usePage, view } from './page.ts';
import type { Page } from './page.ts';

const minuteMs = 60_000;
const quietAgeMs = 2 * minuteMs;

/** "In touch", or "Works alone since 19:02, 12 entries wait". */
export function contactText({ contact }: RunningState, page: Pick<Page, 'handheld'>): string {
  const isGerman = language.value === 'de';
  const { outOfTouchSinceMs, waitingMarks = 0 } = contact;
  const waits =
    waitingMarks === 0
      ? ''
      : isGerman
        ? `, ${waitingMarks} ${waitingMarks === 1 ? 'Vorgang wartet' : 'Vorgänge warten'}`
        : `, ${waitingMarks} ${waitingMarks === 1 ? 'entry waits' : 'entries wait'}`;
  if (contact.inTouch) return (isGerman ? 'In Kontakt' : 'In touch') + waits;
  const since =
    outOfTouchSinceMs === undefined ? '' : `${isGerman ? ' seit ' : ' since '}${timeOf(outOfTouchSinceMs, page)}`;
  return `${isGerman ? 'Arbeitet allein' : 'Works alone'}${since}${waits}`;
}

/** "Ticket list, 12 min old". */
export function listText({ feed }: RunningState): string {
  if (feed.version === undefined)
    return say(feed.leaseEndedMs === undefined ? sayings.noList.title : sayings.leaseOver.title);
  const name = say(labels.list);
  if (feed.ageMs < quietAgeMs) return language.value === 'de' ? `${name} aktuell` : `${name} up to date`;
  const minutes = Math.round(feed.ageMs / minuteMs);
  const age = minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
  return language.value === 'de' ? `${name}, ${age} alt` : `${name}, ${age} old`;
}

export function StatusLine({ running }: { readonly running: RunningState }): JSX.Element {
  const page = usePage();
  const { shift } = page.duty;
  const isListGood = running.feed.version !== undefined && !running.feed.expired;
  return (
    <header class="status-line">
      <div class="place">
        <h1>
          {running.gate.name} <span class="direction">{say(labels[running.direction])}</span>
        </h1>
        <p class="muted">
          {running.event.name}
          {shift.value !== undefined && ` · ${shift.value.operator}`}
        </p>
      </div>
      <button type="button" class="state" onClick={() => (view.value = 'more')}>
        <StatusMark tone={running.contact.inTouch ? 'good' : 'busy'} shape={running.contact.inTouch ? 'disc' : 'ring'}>
          {contactText(running, page)}
        </StatusMark>
        <StatusMark tone={isListGood ? 'plain' : 'bad'} shape={isListGood ? 'info' : 'cross'}>
          {listText(running)}
        </StatusMark>
      </button>
    </header>
  );
}
