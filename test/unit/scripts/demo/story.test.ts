// Goal: the script keeps its shape at every length: the chapters scale, nobody stands at a gate that is still busy, and the
// visitors on whom the final counts rest are always there.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  beforeKillTicket,
  planStory,
  screenshotTicket,
  secondsMin,
  slotMs,
  under18Ticket,
  type Visit,
} from '../../../../scripts/demo/story.ts';

const visitsOf = (seconds: number): readonly Visit[] =>
  planStory(seconds).flatMap(({ visits }) => visits.map(({ visit }) => visit));

test('at sixty seconds the chapters begin where the script says', () => {
  expect(planStory(60).map(({ name, atMs }) => [name, atMs])).toEqual([
    ['doors', 0],
    ['cut', 15_000],
    ['kill', 30_000],
    ['heal', 40_000],
    ['your-turn', 55_000],
  ]);
});

test('at twenty seconds the chapters begin at a third of that', () => {
  expect(planStory(20).map(({ atMs }) => atMs)).toEqual([0, 5_000, 10_000, 13_333, 18_333]);
});

test('at any length the story has a copy, a forgery, a hold, a screenshot at both gates and a second try after the kill', () => {
  fc.assert(
    fc.property(fc.integer({ min: secondsMin, max: 600 }), (seconds) => {
      const chapters = new Map(
        planStory(seconds).map((chapter) => [chapter.name, chapter.visits.map(({ visit }) => visit)]),
      );
      const doors = chapters.get('doors') ?? [];
      expect(doors.some(({ showing }) => showing === 'forged')).toBe(true);
      expect(doors.some(({ ticket }) => ticket === under18Ticket)).toBe(true);
      const copy = doors.find(({ showing }) => showing === 'copy');
      expect(doors.some(({ ticket, gate }) => ticket === copy?.ticket && gate !== copy?.gate)).toBe(true);
      expect(
        (chapters.get('cut') ?? []).filter(({ ticket }) => ticket === screenshotTicket).map(({ gate }) => gate),
      ).toEqual(['a', 'b']);
      expect((chapters.get('kill') ?? []).some(({ ticket, gate }) => ticket === beforeKillTicket && gate === 'a')).toBe(
        true,
      );
    }),
  );
});

test('at any length two visitors at one gate are at least a slot apart within a chapter', () => {
  fc.assert(
    fc.property(fc.integer({ min: secondsMin, max: 600 }), fc.constantFrom('a', 'b'), (seconds, gate) => {
      for (const { visits } of planStory(seconds)) {
        const times = visits.filter(({ visit }) => visit.gate === gate).map(({ afterMs }) => afterMs);
        for (const [index, time] of times.slice(1).entries())
          expect(time - (times[index] ?? 0)).toBeGreaterThanOrEqual(slotMs);
      }
    }),
  );
});

test('only the screenshot enters at both gates, so that exactly one double entry is right', () => {
  const entries = visitsOf(60)
    .filter(({ showing }) => showing === 'own')
    .map(({ ticket }) => ticket);
  expect(new Set(entries).size).toBe(entries.length);
});

test('more time brings more visitors', () => {
  expect(visitsOf(60).length).toBeGreaterThan(visitsOf(20).length);
});
