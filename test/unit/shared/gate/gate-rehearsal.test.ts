import { foldHistory, type Mark } from '@postern/shared';
import { afterEach, describe, expect, test } from 'vitest';
import { policy, ticketId } from '../../../support/lane-rig.ts';
import { someRules } from '../../../support/marks.ts';
import { createRehearsingRig, supervisor, type RehearsingRig } from '../../../support/rehearsing-rig.ts';
import { virtualStartMs } from '../../../support/virtual-time.ts';

const session = '5e55105e55105e55';
const startS = virtualStartMs / 1_000;
const stops: (() => void)[] = [];
afterEach(() => stops.splice(0).forEach((stop) => stop()));
const createBench = async (): Promise<RehearsingRig> => {
  const bench = await createRehearsingRig();
  stops.push(bench.rehearsal.stop);
  return bench;
};
const advance = async <T>({ rig }: RehearsingRig, promise: Promise<T>): Promise<T> => {
  await rig.time.advance(100);
  return promise;
};
const ofTicket = (marks: readonly Mark[], n: number): readonly Mark[] =>
  marks.filter((mark) => 'ticketId' in mark && mark.ticketId === ticketId(n));

describe('a gate in rehearsal', () => {
  test('opens and refuses a second use as at night, and every ticket is fresh after it', async () => {
    const bench = await createBench();
    const { rig, rehearsal, written } = bench;
    expect(await advance(bench, rehearsal.begin(supervisor))).toMatchObject({ ok: true });
    await rig.scan('T1', 5_000);
    await rig.scan('T1/again', 5_000);
    expect(rig.answers()).toEqual(['admit', 'already-used']);
    expect(rig.turnstile.counts().openings).toBe(1);
    expect(await advance(bench, rehearsal.leave(supervisor))).toMatchObject({ ok: true });
    await rig.scan('T1/later', 5_000);
    expect(rig.answers()).toEqual(['admit', 'already-used', 'admit']);
    expect(written()).toEqual([
      'rehearsal-begun',
      'rehearsed:admitted',
      'rehearsed:refused',
      'rehearsal-left',
      'admitted',
    ]);
    expect(foldHistory(ofTicket(rig.marks(), 1), someRules())).toMatchObject({ usesSpent: 1, cases: [] });
  });

  test('says so in every mark that screens are told of, and in none after it', async () => {
    const bench = await createBench();
    const { rig, rehearsal, rules } = bench;
    rules({ rehearsal: { session, fromS: startS, untilS: startS + 3_600 } });
    await rig.scan('T1', 5_000);
    await advance(bench, rehearsal.leave(supervisor));
    await rig.scan('T2', 5_000);
    const told = rig.events.flatMap((event) => (event.type === 'decision' ? (event.mark ?? []) : []));
    expect(told.map((mark) => ('rehearsal' in mark ? mark.rehearsal : undefined))).toEqual([session, undefined]);
  });

  test('takes back what was practised in its own session, and what was real as real, whatever it is in by then', async () => {
    const bench = await createBench();
    const { rig, rehearsal, written } = bench;
    rig.turnstile.plan({ type: 'lapse' });
    rig.show('T1');
    await rig.time.advance(20);
    // The turnstile stands open for a real entry when the rehearsal begins.
    await advance(bench, rehearsal.begin(supervisor));
    await rig.time.advance(10_000);
    rig.turnstile.plan({ type: 'lapse' });
    rig.show('T2');
    await rig.time.advance(20);
    await advance(bench, rehearsal.leave(supervisor));
    await rig.time.advance(10_000);
    expect(written()).toEqual([
      'admitted',
      'rehearsal-begun',
      'lapsed',
      'rehearsed:admitted',
      'rehearsal-left',
      'rehearsed:lapsed',
    ]);
  });

  test('decides on a hold as what it is in when a person answers', async () => {
    const bench = await createBench();
    const { rig, rehearsal, written } = bench;
    await advance(bench, rehearsal.begin(supervisor));
    await rig.scan('T4');
    await advance(bench, rehearsal.leave(supervisor));
    const state = rig.lane.state();
    if (state.name !== 'held') throw new Error('it waits for a person');
    await advance(bench, rig.lane.accept(state.holdId, supervisor));
    expect(written().at(-1)).toBe('admitted');
  });

  test('stays shut where the mark could not be written', async () => {
    const bench = await createBench();
    const { rig, rehearsal, fault } = bench;
    await advance(bench, rehearsal.begin(supervisor));
    fault('before');
    await rig.scan('T1', 500);
    expect(rig.turnstile.counts().openings).toBe(0);
    expect(rig.answers()).toEqual(['store-failed']);
  });
});

describe('leaving a rehearsal', () => {
  test('holds at once also where it cannot be written down', async () => {
    const bench = await createBench();
    const { rehearsal, fault } = bench;
    await advance(bench, rehearsal.begin(supervisor));
    expect(rehearsal.current()).toBeDefined();
    fault('before');
    expect(await advance(bench, rehearsal.leave(supervisor))).toMatchObject({ ok: false });
    expect(rehearsal.current()).toBeUndefined();
    // The next start has to know it, too.
    fault('none');
    await bench.rig.store.reopen();
    await bench.rig.time.advance(2_000);
    expect(bench.written().at(-1)).toBe('rehearsal-left');
  });

  test('needs nothing but the gate where the whole event rehearses, and the list that still says so brings it back to nothing', async () => {
    const bench = await createBench();
    const { rig, rehearsal, rules, changes } = bench;
    rules({ rehearsal: { session, fromS: startS, untilS: startS + 3_600 } });
    await rig.time.advance(1_000);
    expect(rehearsal.current()).toMatchObject({ of: 'event' });
    await advance(bench, rehearsal.leave(supervisor));
    // The same list again, and an older one of the same rehearsal.
    rules({ rehearsal: { session, fromS: startS - 60, untilS: startS + 7_200 } });
    await rig.time.advance(2_000);
    expect(rehearsal.current()).toBeUndefined();
    expect(changes()).toBe(2);
    expect(await rehearsal.leave(supervisor)).toMatchObject({ ok: false, error: { type: 'rehearsal-not-in-force' } });
  });

  test('happens by itself after two hours, or when the doors open, and screens are told', async () => {
    const bench = await createBench();
    const { rig, rehearsal, rules, changes } = bench;
    await advance(bench, rehearsal.begin(supervisor));
    await rig.time.advance(2 * 3_600_000);
    expect(rehearsal.current()).toBeUndefined();
    expect(changes()).toBe(2);
    const doorsS = startS + 3 * 3_600;
    rules({ types: policy.types.map((type) => ({ ...type, validFromS: doorsS })) });
    await advance(bench, rehearsal.begin(supervisor));
    expect(rehearsal.current()).toMatchObject({ untilMs: doorsS * 1_000 });
    await rig.time.advance(3_600_000);
    expect(rehearsal.current()).toBeUndefined();
  });
});

test('a gate that does not know the time begins none, and one that loses it is in none', async () => {
  const bench = await createBench();
  const { rehearsal, trust } = bench;
  trust(false);
  expect(await rehearsal.begin(supervisor)).toMatchObject({ ok: false, error: { type: 'clock-untrusted' } });
  trust(true);
  await advance(bench, rehearsal.begin(supervisor));
  trust(false);
  expect(rehearsal.current()).toBeUndefined();
});
