// The evening that pictures show: a festival with three zones and twelve gates, two hours after the doors have opened. Somebody has come in
// twice, one gate is out of touch, another has not been set up yet. The same at every run.
import type { GateVitals, Mark, TicketResponse } from '@postern/shared';
import { createTestCloud, enrolTestGate, type TestCloud, type TestGate } from '../support/cloud.ts';
import { baseOf, eveningMs } from '../support/marks.ts';
import { serveCloud, type ServedCloud } from '../support/served-cloud.ts';
import { createVirtualTime } from '../support/virtual-time.ts';
import { sendVitals } from '../support/vitals.ts';

const minuteMs = 60_000;
/** Of the pictures: 2026-09-21 21:00 in Berlin; the doors have opened at 19:00. */
export const nowMs = eveningMs;
const doorsMs = nowMs - 120 * minuteMs;

export interface Festival {
  readonly test: TestCloud;
  readonly served: ServedCloud;
  readonly close: () => Promise<void>;
}

const event = {
  event: 1,
  name: 'Harbour Festival',
  timeZone: 'Europe/Berlin',
  zones: [
    { id: 'quay', name: 'Quay', capacity: 1_200, exitsScanned: true },
    { id: 'hall', name: 'Hall 7', capacity: 420, exitsScanned: true },
    { id: 'garden', name: 'Garden' },
  ],
  types: [
    { id: 1, name: 'Evening, standing' },
    { id: 2, name: 'Weekend' },
    { id: 3, name: 'Under 18', hold: 'under-18' },
  ],
};

interface Stand {
  readonly id: string;
  readonly name: string;
  readonly zone: string;
  /** Persons a minute when it is busiest. */
  readonly pace: number;
  /** It was heard last so many minutes ago. */
  readonly silentMinutes?: number;
  readonly cameraGone?: boolean;
}
const stands: readonly Stand[] = [
  { id: 'quay-north-1', name: 'North 1', zone: 'quay', pace: 5 },
  { id: 'quay-north-2', name: 'North 2', zone: 'quay', pace: 4 },
  { id: 'quay-north-3', name: 'North 3', zone: 'quay', pace: 3, silentMinutes: 12 },
  { id: 'quay-ferry', name: 'Ferry pier', zone: 'quay', pace: 3, cameraGone: true },
  { id: 'quay-west', name: 'West steps', zone: 'quay', pace: 2 },
  { id: 'hall-main', name: 'Hall main', zone: 'hall', pace: 4 },
  { id: 'hall-side', name: 'Hall side', zone: 'hall', pace: 2 },
  { id: 'garden-gate', name: 'Garden gate', zone: 'garden', pace: 2 },
  { id: 'garden-guests', name: 'Guests', zone: 'garden', pace: 1 },
];
const refusals = [
  ['already-used', 14],
  ['wrong-zone', 9],
  ['signature-invalid', 2],
  ['revoked', 4],
  ['not-a-ticket', 21],
  ['not-yet-valid', 3],
] as const;

export async function openFestival(): Promise<Festival> {
  const time = createVirtualTime();
  const at = (ms: number): void => time.jump(ms - time.clock.wallMs());
  at(doorsMs);
  const test = await createTestCloud({ time, seed: 7, database: 'sqlite' });
  await test.json('POST', '/api/events', event);
  const sold = Array.from({ length: 2_400 }, (_, index) => ({ type: 1 + (index % 7 === 0 ? 1 : 0) }));
  const { tickets } = await test.json<{ readonly tickets: readonly TicketResponse[] }>('POST', '/api/tickets/batch', {
    event: 1,
    tickets: sold,
  });
  let next = 0;
  const nextTicket = (): string => tickets[next++]?.id ?? '';
  const later: { readonly heardMs: number; readonly deliver: (feedVersion: number) => Promise<void> }[] = [];
  const twice = tickets.at(-1)?.id ?? '';
  for (const [place, stand] of stands.entries()) {
    const gate = await enrolTestGate(test, 1, stand.id, stand);
    const marks = marksOf(stand, place, nextTicket, twice);
    later.push({ heardMs: heardMsOf(stand), deliver: (feedVersion) => deliver(gate, stand, marks, feedVersion) });
  }
  await test.json('POST', '/admin/events/1/gates', {
    id: 'hall-stage',
    name: 'Stage door',
    zone: 'hall',
    lanes: [{ id: 'lane-1' }],
  });
  const { version } = await test.json<{ readonly version: number }>('POST', '/admin/events/1/publish');
  for (const { heardMs, deliver: now } of later.toSorted((a, b) => a.heardMs - b.heardMs)) {
    at(heardMs);
    await now(version);
  }
  const served = await serveCloud(test);
  return {
    test,
    served,
    close: async () => {
      await served.stop();
      await test.close();
    },
  };
}

/** How it says it is: well, but for the one whose camera has come loose. */
const vitalsOf = (stand: Stand, feedVersion: number): Partial<GateVitals> => ({
  ...(stand.cameraGone === true
    ? {
        state: 'red' as const,
        problems: [{ severity: 'fail' as const, what: 'The camera of lane 1 is gone.', next: 'Plug it in again.' }],
      }
    : {}),
  clock: {
    nowMs: heardMsOf(stand),
    source: 'server',
    trusted: true,
    uncertaintyMs: 20 * stand.pace,
    systemOffsetMs: 0,
  },
  disk: { freeBytes: 21e9 - stand.pace * 1.3e9, totalBytes: 31e9 },
  temperatureC: 48 + 3 * stand.pace,
  events: [{ event: 1, feedVersion, feedAgeS: 2 * stand.pace, waiting: 0 }],
});

const heardMsOf = ({ silentMinutes = 0 }: Stand): number => nowMs - silentMinutes * minuteMs;

/** What has happened at one gate until it was heard last, in order. */
function marksOf(stand: Stand, place: number, nextTicket: () => string, twice: string): readonly Mark[] {
  const untilMs = heardMsOf(stand);
  const inside: string[] = [];
  const marks: Mark[] = [];
  const base = (atMs: number, ticketId: string) => {
    const sequence = marks.length + 1;
    return { ...baseOf({ sequence, gate: stand.id }), event: 1, at: { ms: atMs, counter: 0 }, ticketId };
  };
  const enter = (atMs: number, ticketId: string): void => {
    const about = { ticketType: 1, zone: stand.zone, uses: 1, outOfTouch: false, peersReachable: 2 } as const;
    if (atMs >= untilMs) return;
    marks.push({ ...base(atMs, ticketId), kind: 'admitted', ...about });
    inside.push(ticketId);
  };
  for (let minute = 0; doorsMs + minute * minuteMs < untilMs; minute += 1) {
    // A wave before the first act and another before the second, each gate a little apart.
    const wave = Math.exp(-(((minute - 38) / 17) ** 2)) + 0.7 * Math.exp(-(((minute - 96) / 15) ** 2)) + 0.12;
    const jitter = 0.8 + 0.4 * Math.abs(Math.sin(minute * 2.3 + place * 1.7));
    const persons = Math.round(stand.pace * wave * jitter);
    const minuteStartMs = doorsMs + minute * minuteMs;
    for (let person = 0; person < persons; person += 1) {
      const atMs = minuteStartMs + Math.round(((person + 0.3 + place / 20) * minuteMs) / (persons + 1));
      enter(atMs, nextTicket());
    }
    const leaving = minute > 50 && (minute * 7 + place) % 5 < 2 ? inside.shift() : undefined;
    if (leaving !== undefined)
      marks.push({ ...base(minuteStartMs + 50_000, leaving), kind: 'exited', zone: stand.zone });
    const [code, every] = refusals[(minute + place) % refusals.length] ?? ['not-a-ticket', 5];
    if ((minute * (place + 3)) % (26 - every) === 1)
      marks.push({ ...base(minuteStartMs + 55_000, ''), kind: 'refused', code, count: 1 });
    if (minute === 104 && place === 0) enter(minuteStartMs + 56_000, twice);
    if (minute === 105 && place === 5) enter(minuteStartMs + 57_000, twice);
  }
  return marks;
}

async function deliver(gate: TestGate, stand: Stand, marks: readonly Mark[], feedVersion: number): Promise<void> {
  await sendVitals(gate, vitalsOf(stand, feedVersion));
  await gate.push([await gate.chunk(marks, { throughMs: heardMsOf(stand) })], 1);
}
