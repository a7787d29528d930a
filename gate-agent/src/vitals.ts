// What a gate tells the cloud of itself: its health, cut to what the message holds.
import { textLine, type GateVitals, problemsPerGateMax } from '@postern/shared';
import type { GateHealth } from './local-api/health.ts';

const lanesMax = 16;
const readersMax = 64;
const eventsMax = 32;
const unixMsMax = 8_640_000_000_000_000;
const whole = (value: number): number => Math.min(Math.max(0, Math.round(value)), Number.MAX_SAFE_INTEGER);

export function toVitals(health: GateHealth, wipe?: GateVitals['wipe']): GateVitals {
  const { clock, machine } = health;
  return {
    v: 1,
    kind: 'appliance',
    version: textLine(health.version, 40),
    boot: health.boot,
    upS: whole(health.upMs / 1_000),
    state: health.state,
    problems: health.problems
      .toSorted((a, b) => Number(b.severity === 'fail') - Number(a.severity === 'fail'))
      .slice(0, problemsPerGateMax)
      .map(({ severity, what, next, event }) => ({
        severity,
        what: textLine(what, 300),
        next: textLine(next, 300),
        ...(event === undefined ? {} : { event }),
      })),
    clock: {
      nowMs: Math.min(whole(clock.nowMs), unixMsMax),
      source: clock.source,
      trusted: clock.trusted,
      uncertaintyMs: Math.max(0, clock.uncertaintyMs),
      systemOffsetMs: clock.wallOffsetMs,
    },
    ...machine,
    lanes: health.lanes.slice(0, lanesMax).map(({ id, direction, state, why }) => ({
      id: textLine(id, 100),
      direction,
      state: textLine(state, 40),
      ...(why === undefined ? {} : { why: textLine(why, 100) }),
    })),
    readers: health.readers.slice(0, readersMax).map(({ readerId, lane, state, lastError }) => ({
      id: textLine(readerId, 100),
      lane: textLine(lane, 100),
      state: textLine(state, 40),
      ...(lastError === undefined ? {} : { fault: textLine(lastError, 200) }),
    })),
    events: [health, ...health.also].slice(0, eventsMax).map(({ event, feed, contact }) => ({
      event,
      ...(feed === undefined ? {} : { feedVersion: feed.version, feedAgeS: whole(feed.ageMs / 1_000) }),
      ...(contact.waitingMarks === undefined ? {} : { waiting: contact.waitingMarks }),
    })),
    ...(wipe === undefined ? {} : { wipe }),
  };
}
