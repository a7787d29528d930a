// What a phone tells the cloud of itself, as every gate does: how it is, with what a person would have to do about it.
import { textLine, type GateProblem, type GateVitals, type Lane } from '@postern/shared';
import type { Direction, RunningState } from './handheld.ts';

export interface VitalsFacts {
  readonly boot: string;
  readonly upMs: number;
  readonly lanes: Readonly<Record<Direction, Lane>>;
  readonly running: Pick<RunningState, 'event' | 'feed' | 'contact' | 'clock' | 'storage' | 'storeTrouble'>;
  readonly wipe: GateVitals['wipe'];
}

const version = '0.1.0';
const whole = (value: number): number => Math.min(Math.max(0, Math.round(value)), Number.MAX_SAFE_INTEGER);

export function toPhoneVitals({ boot, upMs, lanes, running, wipe }: VitalsFacts): GateVitals {
  const { feed, contact, clock, storage } = running;
  const problems = problemsOf(running);
  const { usedBytes, quotaBytes } = storage;
  return {
    v: 1,
    kind: 'handheld',
    version,
    boot,
    upS: whole(upMs / 1_000),
    state: problems.some(({ severity }) => severity === 'fail') ? 'red' : problems.length > 0 ? 'yellow' : 'green',
    problems,
    clock: {
      nowMs: whole(clock.nowMs),
      source: clock.source,
      trusted: clock.trusted,
      uncertaintyMs: Math.max(0, clock.uncertaintyMs),
      systemOffsetMs: clock.wallOffsetMs,
    },
    ...(usedBytes === undefined || quotaBytes === undefined
      ? {}
      : { disk: { freeBytes: whole(quotaBytes - usedBytes), totalBytes: whole(quotaBytes) } }),
    lanes: [lanes.entry, lanes.exit].map((lane) => {
      const { state, why } = lane.health();
      return {
        id: lane.id,
        direction: lane.settings.direction,
        state: textLine(state, 40),
        ...(why === undefined ? {} : { why: textLine(why, 100) }),
      };
    }),
    readers: [],
    events: [
      {
        event: running.event.id,
        ...(feed.version === undefined ? {} : { feedVersion: feed.version }),
        ...(Number.isFinite(feed.ageMs) ? { feedAgeS: whole(feed.ageMs / 1_000) } : {}),
        ...(contact.waitingMarks === undefined ? {} : { waiting: contact.waitingMarks }),
      },
    ],
    ...(wipe === undefined ? {} : { wipe }),
  };
}

function problemsOf({
  feed,
  clock,
  storage,
  storeTrouble,
}: Pick<RunningState, 'feed' | 'clock' | 'storage' | 'storeTrouble'>): GateProblem[] {
  const problems: GateProblem[] = [];
  const add = (severity: GateProblem['severity'], what: string, next: string): void =>
    void problems.push({ severity, what: textLine(what, 300), next: textLine(next, 300) });
  if (storage.room === 'full')
    add('fail', 'The phone has no room left, so nobody is let in', 'Free some room on the phone: pictures, downloads');
  else if (storeTrouble !== undefined)
    add('fail', `The journal takes no marks: ${storeTrouble}`, 'Reload the page; if it stays, use another phone');
  if (feed.version === undefined)
    add('fail', 'There is no ticket list', 'Bring the phone into a network that reaches the cloud');
  else if (feed.expired)
    add('warn', 'The ticket list has expired', 'Bring the phone into a network that reaches the cloud');
  if (!clock.trusted) add('warn', clock.text, 'Bring the phone into a network, or let a supervisor confirm the time');
  if (storage.room === 'nearly-full') add('warn', 'The phone has little room left', 'Free some room on the phone');
  if (!storage.persisted)
    add('warn', 'The browser may clear what this page keeps', 'Install the page on the home screen');
  return problems;
}
