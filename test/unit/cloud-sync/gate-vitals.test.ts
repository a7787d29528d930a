// What gates say of themselves, and what screens make of it: how each gate is, in a word, with what to do.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { vitalsPath, type GateDetail, type GateList, type GateView } from '@postern/shared';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud, type TestGate } from '../../support/cloud.ts';
import { openLiveStream } from '../../support/live-stream.ts';
import { askAs, createPerson } from '../../support/people.ts';
import { postVitals, sendVitals, someVitals } from '../../support/vitals.ts';
import { virtualStartMs } from '../../support/virtual-time.ts';

let test: TestCloud;
let gate: TestGate;
beforeEach(async () => {
  test = await createTestCloud();
  await test.json('POST', '/api/events', someEvent);
  gate = await enrolTestGate(test, 1, 'gate-a');
});
afterEach(() => test.close());

const list = (query = ''): Promise<GateList> => test.json('GET', `/api/events/1/gates${query}`);
const detail = (id = 'gate-a'): Promise<GateDetail> => test.json('GET', `/api/events/1/gates/${id}`);
const view = async (): Promise<GateView> => {
  const [first] = (await list()).gates;
  if (first === undefined) throw new Error('there is a gate');
  return first;
};
const hotDisk = {
  severity: 'warn',
  what: 'the disk has 90 MB left',
  next: 'delete old logs',
} as const;

describe('vitals', () => {
  it('are shown with the gate: version, list, clock, disk, temperature, readers, battery', async () => {
    await sendVitals(gate, {
      disk: { freeBytes: 5_000_000_000, totalBytes: 16_000_000_000 },
      temperatureC: 61.5,
      battery: { percent: 80, charging: false },
      readers: [
        { id: 'lane-1/0', lane: 'lane-1', state: 'running' },
        { id: 'lane-1/1', lane: 'lane-1', state: 'restarting', fault: 'no such device' },
      ],
      events: [{ event: 1, feedVersion: 3, feedAgeS: 12, waiting: 4 }],
      clock: { nowMs: virtualStartMs + 250, source: 'peer', trusted: true, uncertaintyMs: 40, systemOffsetMs: 9 },
    });
    expect(await view()).toMatchObject({
      condition: 'green',
      vitals: {
        atMs: virtualStartMs,
        version: '0.1.0',
        feedVersion: 3,
        feedAgeMs: 12_000,
        waiting: 4,
        clock: { source: 'peer', trusted: true, uncertaintyMs: 40, offsetMs: 250 },
        diskFreeBytes: 5_000_000_000,
        temperatureC: 61.5,
        battery: { percent: 80, charging: false },
        readers: 2,
        readersFaulty: 1,
      },
    });
    expect((await detail()).readerStates[1]).toMatchObject({ fault: 'no such device' });
  });

  it('make a gate that is in touch one in trouble, with the gravest problem and what to do', async () => {
    await sendVitals(gate, { state: 'yellow', problems: [hotDisk] });
    expect(await view()).toMatchObject({ condition: 'trouble', trouble: hotDisk, problemCount: 1 });
    await sendVitals(gate);
    expect(await view()).toMatchObject({ condition: 'green' });
  });

  it('count for five minutes, and a gate that is not heard is out of touch since it was', async () => {
    await sendVitals(gate, { state: 'yellow', problems: [hotDisk] });
    await test.time.advance(61_000);
    expect(await view()).toMatchObject({ condition: 'out-of-touch', sinceMs: virtualStartMs, trouble: hotDisk });
    await test.time.advance(300_000);
    expect((await view()).trouble).toBeUndefined();
  });

  it('say when the clock of a gate is not that of the cloud, whatever the gate believes', async () => {
    await sendVitals(gate, { clock: { ...someVitals().clock, nowMs: virtualStartMs - 45_000 } });
    expect(await view()).toMatchObject({
      condition: 'trouble',
      trouble: { what: expect.stringContaining('45 s behind') },
    });
  });

  it('reach who watches when something looks different', async () => {
    const stream = await openLiveStream(test);
    await stream.next();
    await sendVitals(gate, { state: 'red', problems: [hotDisk] });
    expect(await stream.next()).toMatchObject({
      gateCounts: { trouble: 1, green: 0 },
      gates: [{ id: 'gate-a', trouble: hotDisk }],
      zones: [{ zone: 'arena', gates: { trouble: 1 } }],
    });
    await stream.cancel();
  });

  it('of other events stay there', async () => {
    await test.json('POST', '/api/events', { ...someEvent, event: 2, name: 'Private party' });
    await test.json('POST', '/admin/events/2/gates', {
      id: 'gate-a',
      name: 'Gate A',
      zone: 'arena',
      lanes: [{ id: 'lane-1' }],
    });
    await sendVitals(gate, {
      problems: [{ ...hotDisk, what: 'Private party: no ticket list', event: 2 }],
      events: [
        { event: 2, feedVersion: 9 },
        { event: 99, feedVersion: 1 },
      ],
    });
    expect(await view()).toMatchObject({ condition: 'green' });
    expect((await view()).vitals?.feedVersion).toBeUndefined();
    expect(await test.json('GET', '/api/events/2/gates')).toMatchObject({
      gates: [{ condition: 'trouble', vitals: { feedVersion: 9 } }],
    });
    const steward = await createPerson(test, 'steward', 1);
    const theirs = await askAs(test, steward, 'GET', '/api/events/1/gates/gate-a');
    expect(await theirs.json()).toMatchObject({ alsoAt: [] });
    expect(await detail()).toMatchObject({ alsoAt: [2] });
  });

  it('are refused when they are not what a gate says, or nobody that is a gate says them', async () => {
    for (const bad of [
      {},
      { ...someVitals(), extra: 1 },
      { ...someVitals(), version: 'x'.repeat(41) },
      { ...someVitals(), version: 'line\nbreak' },
      { ...someVitals(), temperatureC: 1e9 },
      { ...someVitals(), readers: Array.from({ length: 65 }, () => ({ id: 'a', lane: 'a', state: 'running' })) },
    ])
      expect((await postVitals(gate, bad)).status).toBe(400);
    const huge = await postVitals(gate, { ...someVitals(), padding: 'x'.repeat(20_000) });
    expect(huge.status).toBe(413);
    expect((await test.api('POST', vitalsPath, someVitals())).status).toBe(401);
    expect((await view()).vitals).toBeUndefined();
  });
});

describe('the list of gates', () => {
  beforeEach(async () => {
    for (const id of ['gate-b', 'gate-c'])
      await test.json('POST', '/admin/events/1/gates', {
        id,
        name: id === 'gate-b' ? 'West, ÜBERDACHT' : '<b>عربي</b>',
        zone: 'arena',
        lanes: [{ id: 'lane-1' }],
      });
  });

  it('is read in pages and by condition, zone and text', async () => {
    const idsOf = async (query: string): Promise<readonly string[]> => (await list(query)).gates.map(({ id }) => id);
    const first = await list('?limit=2');
    expect(first.gates.map(({ id }) => id)).toEqual(['gate-a', 'gate-b']);
    expect(await idsOf(`?limit=2&cursor=${first.next}`)).toEqual(['gate-c']);
    expect(await idsOf('?condition=never')).toEqual(['gate-b', 'gate-c']);
    expect(await idsOf('?zone=elsewhere')).toEqual([]);
    expect(await idsOf(`?search=${encodeURIComponent('überdacht')}`)).toEqual(['gate-b']);
    expect(await idsOf('?search=%25')).toEqual([]);
    expect((await test.api('GET', `/api/events/1/gates?search=${'x'.repeat(300)}`)).status).toBe(400);
    expect((await test.api('GET', `/api/events/1/gates?condition=never&cursor=${first.next}`)).status).toBe(400);
  });

  it('says of one until when its code is good', async () => {
    expect(await detail('gate-b')).toMatchObject({
      lanes: [{ id: 'lane-1' }],
      codeUntilMs: virtualStartMs + 1_800_000,
    });
    expect((await detail()).codeUntilMs).toBeUndefined();
    expect((await test.api('GET', '/api/events/1/gates/gate-z')).status).toBe(404);
  });
});
