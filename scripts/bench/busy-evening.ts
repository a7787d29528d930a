// An event with 200 gates while 10,000 people a minute enter, as the cloud tells of it: the same at every run, another in every round.
import {
  admissionPolicySchema,
  liveCasesMax,
  liveEntriesMax,
  liveGatesMax,
  minuteMs,
  seriesMinutes,
  type CaseView,
  type EventResponse,
  type GateCounts,
  type GateView,
  type LiveState,
} from '@postern/shared';

const startMs = 1_790_017_200_000;
const gatesInAll = 200;
const zonesInAll = 12;
const admittedEachRound = 33;

const zoneIds = Array.from({ length: zonesInAll }, (_, index) => `zone-${index + 1}`);
const count = <T>(length: number, make: (index: number) => T): T[] => Array.from({ length }, (_, index) => make(index));
const hex = (number: number): string => number.toString(16).padStart(32, '0');
const counts = (green: number, away: number): GateCounts => ({
  green,
  trouble: 1,
  'out-of-touch': away,
  never: 0,
  lost: 0,
  revoked: 0,
});

export const exampleEvent: EventResponse = {
  event: 1,
  policy: admissionPolicySchema.parse({
    event: 1,
    name: 'Busy evening',
    types: [{ id: 1, name: 'Day' }],
    zones: zoneIds.map((id) => ({ id, name: id, capacity: 20_000 })),
  }),
  createdAtMs: startMs,
  tickets: 500_000,
  feedVersion: 12,
};

export function busyState(round: number): LiveState {
  const atMs = startMs + round * 200;
  const flow = (of: number): number[] =>
    count(seriesMinutes, (minute) => Math.round(400 + 300 * Math.sin(minute / 17 + of) + (round % 7)));
  const entry = (index: number) => ({
    gate: `gate-${(index * 7 + round) % gatesInAll}`,
    lane: 'lane-1',
    atMs: atMs - index * 50,
    uncertaintyMs: 80,
    persons: 1,
  });
  return {
    event: 1,
    name: 'Busy evening',
    timeZone: 'Europe/Berlin',
    atMs,
    feedVersion: 12,
    feedAtMs: startMs - 60_000,
    countedAtMs: atMs,
    admitted: 120_000 + round * admittedEachRound,
    refused: 4_000 + round,
    marks: 130_000 + round * admittedEachRound,
    cases: 40,
    suspicions: 12,
    aside: 0,
    completeUpToMs: atMs - 5_000,
    zones: zoneIds.map((zone, index) => ({
      zone,
      name: `Zone ${index + 1}`,
      capacity: 20_000,
      inside: 9_000 + index * 700 + (round % 500),
      insideLeast: 9_000,
      insideMost: 19_000,
      notHeardFrom: 2,
      gates: counts(14, 2),
    })),
    rehearsal: { gates: [], alarms: [] },
    zonesLeftOut: 0,
    series: {
      fromMs: startMs - seriesMinutes * minuteMs,
      all: { entries: flow(0), exits: flow(2) },
      zones: zoneIds.map((zone, index) => ({ zone, entries: flow(index), exits: flow(index + 1) })),
    },
    refusals: ['not-a-ticket', 'already-used', 'wrong-zone', 'revoked', 'not-yet-valid', 'zone-full'].map(
      (code, index) => ({
        code,
        count: 900 - index * 130 + (round % 50),
      }),
    ),
    gateCounts: counts(165, 34),
    gates: count<GateView>(liveGatesMax, (index) => {
      const isAway = index < 34;
      return {
        id: `gate-${index}`,
        name: `Gate ${index + 1}`,
        zone: zoneIds[index % zonesInAll] ?? '',
        enrolled: true,
        state: isAway ? 'silent' : 'ok',
        condition: isAway ? 'out-of-touch' : 'green',
        ...(isAway ? { sinceMs: startMs - index * 1_000 } : {}),
        lastContactMs: atMs,
        throughMs: atMs,
        feedVersion: 12,
        entries: 600 + index + round,
      };
    }),
    gatesLeftOut: gatesInAll - liveGatesMax,
    entries: count(liveEntriesMax, (index) => ({
      ...entry(index),
      ticket: hex(round * 100 + index),
      kind: 'admitted',
      provisional: true,
    })),
    openCases: count<CaseView>(liveCasesMax, (index) => {
      const use = (second: number) => ({
        ...entry(index * 2 + second),
        boot: '0011223344556677',
        sequence: 1,
        kind: 'admitted',
        zone: 'zone-1',
        clockSource: 'server',
        correctedByMs: 0,
      });
      return {
        id: hex(index),
        event: 1,
        ticket: hex(1_000 + index),
        day: '2026-09-21',
        fitting: [use(0)],
        misfits: [use(1)],
        misfitCount: 1,
        orderUncertain: false,
        cause: 'copied-code',
        holds: true,
        gatesNotHeard: ['gate-1'],
        gatesLost: [],
        state: 'open',
        reopened: false,
        openedAtMs: startMs,
        lastAtMs: startMs,
        text: 'Entered twice',
      };
    }),
  };
}
