// What the live state counts, and that it stays small however many gates and zones there are.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  liveBytesMax,
  liveGatesMax,
  liveZonesMax,
  minuteMs,
  seriesMinutes,
  type LiveState,
  type TicketResponse,
} from '@postern/shared';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud, type TestGate } from '../../support/cloud.ts';
import { openLiveStream } from '../../support/live-stream.ts';
import { aMark, baseOf } from '../../support/marks.ts';
import { sendVitals, someVitals } from '../../support/vitals.ts';
import { virtualStartMs } from '../../support/virtual-time.ts';

let test: TestCloud;
let gate: TestGate;
let tickets: readonly TicketResponse[];
const zones = [
  { id: 'arena', name: 'Arena', capacity: 500, exitsScanned: true },
  { id: 'bar', name: 'Bar', exitsScanned: true },
];
/** Three hours and a bit after virtual time begins. */
const startMs = virtualStartMs + 4 * 3_600_000;

beforeEach(async () => {
  test = await createTestCloud();
  await test.json('POST', '/api/events', { ...someEvent, zones });
  tickets = (
    await test.json<{ tickets: TicketResponse[] }>('POST', '/api/tickets/batch', {
      event: 1,
      tickets: Array.from({ length: 5 }, () => ({ type: 1, party: 4 })),
    })
  ).tickets;
  gate = await enrolTestGate(test, 1, 'gate-a');
  test.time.jump(startMs - virtualStartMs);
});
afterEach(() => test.close());

async function live(): Promise<LiveState> {
  const stream = await openLiveStream(test);
  const state = await stream.next();
  await stream.cancel();
  return state;
}
const atMs = (minutesAgo: number): { readonly ms: number; readonly counter: number } => ({
  ms: startMs - minutesAgo * minuteMs,
  counter: 0,
});
const idOf = (index: number): string => tickets[index]?.id ?? '';
const entry = (sequence: number, minutesAgo: number, zone = 'arena', uses = 1) =>
  aMark({
    event: 1,
    sequence,
    ticketId: idOf(sequence - 1),
    zone,
    uses,
    at: atMs(minutesAgo),
  });

describe('the live state', () => {
  it('counts persons a minute, in and out, by zone', async () => {
    const marks = [
      entry(1, 170, 'arena', 2),
      entry(2, 3, 'arena', 3),
      entry(3, 3, 'bar'),
      {
        ...baseOf({ sequence: 4 }),
        event: 1,
        kind: 'exited',
        ticketId: idOf(1),
        zone: 'arena',
        at: atMs(1),
      } as const,
    ];
    await gate.push([await gate.chunk(marks, { throughMs: startMs })]);
    const { series, zones: shown, admitted } = await live();
    const indexOf = (minutesAgo: number): number => (startMs - minutesAgo * minuteMs - series.fromMs) / minuteMs;
    const flowOf = (id: string) => series.zones.find(({ zone }) => zone === id);
    expect(series.all.entries).toHaveLength(seriesMinutes);
    expect(flowOf('arena')?.entries.flatMap((persons, index) => (persons === 0 ? [] : [[index, persons]]))).toEqual([
      [Math.floor(indexOf(170)), 2],
      [Math.floor(indexOf(3)), 3],
    ]);
    expect(flowOf('arena')?.exits[Math.floor(indexOf(1))]).toBe(1);
    expect(series.all.entries[Math.floor(indexOf(3))]).toBe(4);
    expect(admitted).toBe(6);
    expect(shown).toMatchObject([
      { zone: 'arena', capacity: 500, inside: 4, insideLeast: 4, insideMost: 4, notHeardFrom: 0 },
      { zone: 'bar', inside: 1 },
    ]);
  });

  it('shows marks that come late in their own minute', async () => {
    await live();
    await gate.push([await gate.chunk([entry(1, 100)])]);
    await test.time.advance(60_000);
    const { series } = await live();
    expect(series.all.entries.reduce((sum, persons) => sum + persons, 0)).toBe(1);
    expect(series.all.entries[Math.floor((startMs - 100 * minuteMs - series.fromMs) / minuteMs)]).toBe(1);
  });

  it('says how far a zone can be off, and of how many gates not everything is known', async () => {
    const marks = [entry(1, 20), entry(2, 12), entry(3, 11), entry(4, 10)];
    await gate.push([await gate.chunk(marks, { throughMs: startMs - 10 * minuteMs })]);
    const [arena] = (await live()).zones;
    expect(arena).toMatchObject({ inside: 4, insideLeast: 4, notHeardFrom: 1 });
    expect(arena?.insideMost).toBeGreaterThan(4);
  });

  it('counts refusals by reason, the most frequent first', async () => {
    const refused = (sequence: number, code: 'already-used' | 'revoked', count: number) =>
      ({
        ...baseOf({ sequence }),
        event: 1,
        kind: 'refused',
        code,
        count,
        at: atMs(1),
      }) as const;
    await gate.push([
      await gate.chunk([refused(1, 'revoked', 1), refused(2, 'already-used', 5), refused(3, 'already-used', 2)]),
    ]);
    expect(await live()).toMatchObject({
      refused: 8,
      refusals: [
        { code: 'already-used', count: 7 },
        { code: 'revoked', count: 1 },
      ],
    });
  });

  it('has the worst gates and counts of all, and stays small', async () => {
    const many = Array.from({ length: liveZonesMax + 10 }, (_, index) => ({ id: `z-${index}`, name: `Zone ${index}` }));
    await test.json('PUT', '/api/events/1/policy', { ...someEvent, zones: [...zones, ...many] }, 200);
    for (let index = 0; index < liveGatesMax + 5; index++)
      await test.json('POST', '/admin/events/1/gates', {
        id: `gate-${index}`,
        name: `Gate ${'long '.repeat(18)}${index}`,
        zone: 'bar',
        lanes: [{ id: 'lane-1' }],
      });
    await gate.push([await gate.chunk([entry(1, 1, 'bar')])]);
    const state = await live();
    expect(state.gates).toHaveLength(liveGatesMax);
    expect(state).toMatchObject({ gatesLeftOut: 6, gateCounts: { never: liveGatesMax + 5, green: 1 } });
    expect(state.zones).toHaveLength(liveZonesMax);
    expect(state.zonesLeftOut).toBe(12);
    expect(state.zones.find(({ zone }) => zone === 'bar')).toMatchObject({ inside: 1, gates: { never: 55 } });
    expect(Buffer.byteLength(JSON.stringify(state))).toBeLessThanOrEqual(liveBytesMax);
  });

  it('stays small also when every gate has much to say', async () => {
    const loud = Array.from({ length: 40 }, (_, index) => `gate-${index}`);
    const problem = { severity: 'fail', what: '😀'.repeat(150), next: '\u202e'.repeat(300) } as const;
    for (const id of loud) {
      await sendVitals(await enrolTestGate(test, 1, id), {
        clock: { ...someVitals().clock, nowMs: startMs },
        state: 'red',
        problems: Array.from({ length: 8 }, () => problem),
      });
    }
    const state = await live();
    expect(Buffer.byteLength(JSON.stringify(state))).toBeLessThanOrEqual(liveBytesMax);
    expect(state.gates.length + state.gatesLeftOut).toBe(41);
    expect(state.gates[0]).toMatchObject({ condition: 'trouble', trouble: problem });
    expect(state.gateCounts).toMatchObject({ trouble: 40, green: 0 });
  });

  it('lists gates that let nobody in first, then silent ones, then those that are well', async () => {
    test.time.jump(120_000);
    await enrolTestGate(test, 1, 'gate-b');
    const shut = await enrolTestGate(test, 1, 'gate-c');
    await sendVitals(shut, {
      clock: { ...someVitals().clock, nowMs: startMs + 120_000 },
      state: 'red',
      problems: [{ severity: 'fail', what: 'the journal does not work', next: 'look at the disk' }],
    });
    expect((await live()).gates.map(({ id, condition }) => [id, condition])).toEqual([
      ['gate-c', 'trouble'],
      ['gate-a', 'out-of-touch'],
      ['gate-b', 'green'],
    ]);
  });
});
