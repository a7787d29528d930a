// What people do with a gate that is there: change it, put another machine in its place, have it forget everything.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  keyId,
  verifyWipeOrder,
  vitalsWantedHeader,
  wipedPath,
  type GateDetail,
  type GateReplaced,
  type GateView,
  type WipeOrder,
} from '@postern/shared';
import { withDatabase } from '../../../scripts/lib/cloud-database.ts';
import {
  createTestCloud,
  enrolTestGate,
  enrolWithCode,
  someEvent,
  type TestCloud,
  type TestGate,
} from '../../support/cloud.ts';
import { aMark, bootOfTests } from '../../support/marks.ts';
import { askAs, createPerson } from '../../support/people.ts';
import { postVitals, sendVitals, someVitals } from '../../support/vitals.ts';

let test: TestCloud;
let gate: TestGate;
beforeEach(async () => {
  test = await createTestCloud();
  await test.json('POST', '/api/events', { ...someEvent, zones: [...someEvent.zones, { id: 'bar', name: 'Bar' }] });
  gate = await enrolTestGate(test, 1, 'gate-a');
});
afterEach(() => test.close());

const base = '/admin/events/1/gates/gate-a';
const gates = async (): Promise<readonly GateView[]> =>
  (await test.json<{ gates: GateView[] }>('GET', '/api/events/1/gates')).gates;
const problemOf = async (response: Response): Promise<string> => `${response.status} ${(await response.json()).type}`;
const audited = async (action: string): Promise<readonly Record<string, unknown>[]> =>
  (await test.json<{ entries: Record<string, unknown>[] }>('GET', `/audits/log?action=${action}`)).entries;
/** The gate stands at this event as well. */
async function standAt(event: number): Promise<void> {
  await test.json('POST', '/api/events', { ...someEvent, event });
  await test.json('POST', `/admin/events/${event}/gates`, {
    id: 'gate-a',
    name: 'West door',
    zone: 'arena',
    lanes: [{ id: 'lane-1' }],
  });
}
const standAtTwo = (): Promise<void> => standAt(2);

describe('changing a gate', () => {
  it('gives it another name, zone and lanes without a new code', async () => {
    const lanes = [{ id: 'left' }, { id: 'right', direction: 'exit' }];
    const changed = await test.json<GateDetail>('PATCH', base, { name: 'North', zone: 'bar', lanes }, 200);
    expect(changed).toMatchObject({ id: 'gate-a', name: 'North', zone: 'bar', lanes, enrolled: true });
    expect(changed.codeUntilMs).toBeUndefined();
    expect(await audited('gate-changed')).toMatchObject([{ gate: 'gate-a', event: 1 }]);
  });

  it('tells all its events of other lanes, by a change or by an invitation, and the asked one of a name', async () => {
    await standAtTwo();
    const published = async (): Promise<readonly number[]> => {
      for (const event of [1, 2]) await test.cloud.feed.publish(event);
      return Promise.all([1, 2].map((event) => test.cloud.feed.version(event)));
    };
    const [one = 0, two = 0] = await published();
    await test.json('PATCH', base, { lanes: [{ id: 'left' }] }, 200);
    expect(await published()).toEqual([one + 1, two + 1]);
    await test.json('PATCH', base, { name: 'North' }, 200);
    expect(await published()).toEqual([one + 2, two + 1]);
    const invitation = { id: 'gate-a', name: 'West', zone: 'arena', lanes: [{ id: 'right' }] };
    await test.json('POST', '/admin/events/2/gates', invitation);
    expect(await published()).toEqual([one + 3, two + 2]);
  });

  it('is refused for a zone that is not there, for nothing, and for lanes that another event has, too', async () => {
    expect(await problemOf(await test.api('PATCH', base, { zone: 'roof' }))).toBe('422 zone-unknown');
    expect(await problemOf(await test.api('PATCH', base, {}))).toBe('400 request-invalid');
    await standAtTwo();
    const organiser = await createPerson(test, 'organiser', 1);
    expect(await problemOf(await askAs(test, organiser, 'PATCH', base, { lanes: [{ id: 'x' }] }))).toBe(
      '409 gate-in-other-event',
    );
    expect((await askAs(test, organiser, 'PATCH', base, { name: 'Ours' })).status).toBe(200);
    expect(await test.json('GET', '/api/events/2/gates')).toMatchObject({ gates: [{ name: 'West door' }] });
  });
});

describe('replacing a gate', () => {
  const replace = (body: object = { reason: 'fell into the river' }): Promise<GateReplaced> =>
    test.json('POST', `${base}/replace`, body);

  it('gives another machine its place by a new code, and believes the old one nothing more', async () => {
    await gate.push([await gate.chunk([aMark({ event: 1, gate: 'gate-a' })])]);
    const replaced = await replace();
    expect(replaced).toMatchObject({ gate: 'gate-a-2', replaces: 'gate-a', marks: 1, event: 1 });
    expect(await problemOf(await postVitals(gate, someVitals()))).toBe('409 gate-revoked');
    const successor = await enrolTestGate(test, 1, 'gate-a-2');
    expect(successor.enrolment).toMatchObject({ gate: { id: 'gate-a-2', zone: 'arena' }, lanes: [{ id: 'lane-1' }] });
    expect(await gates()).toMatchObject([
      { id: 'gate-a', name: 'Gate A', condition: 'revoked', replacedBy: 'gate-a-2', entries: 1 },
      { id: 'gate-a-2', replaces: 'gate-a', condition: 'green' },
    ]);
    expect(await audited('gate-replaced')).toMatchObject([{ gate: 'gate-a', subject: 'gate-a-2' }]);
    expect(await audited('gate-revoked')).toMatchObject([{ event: 1 }]);
  });

  it('is done at all of its events by who may do that there, and else at the asked one alone', async () => {
    await standAtTwo();
    const organiser = await createPerson(test, 'organiser', 1);
    const theirs = await askAs(test, organiser, 'POST', `${base}/replace`, { reason: 'broken' });
    expect(theirs.status).toBe(201);
    expect(await test.json('GET', '/api/events/2/gates')).toMatchObject({ gates: [{ id: 'gate-a' }] });
    expect(
      (await test.json<{ gates: GateView[] }>('GET', '/api/events/2/gates')).gates[0]?.revokedAtMs,
    ).toBeUndefined();
    const second = await test.json<GateReplaced>('POST', '/admin/events/2/gates/gate-a/replace', { reason: 'broken' });
    expect(second.gate).toBe('gate-a-3');
  });

  it('can be repeated for another code until somebody has joined by one, and not after', async () => {
    const first = await replace();
    const again = await replace();
    expect(again.gate).toBe(first.gate);
    expect(again.code).not.toBe(first.code);
    await enrolTestGate(test, 1, 'gate-a-2');
    expect(await problemOf(await test.api('POST', `${base}/replace`, { reason: 'again' }))).toBe(
      '409 state-unreachable',
    );
  });

  it('gives another code for a successor as it is called by then', async () => {
    await replace();
    await test.json('PATCH', '/admin/events/1/gates/gate-a-2', { name: 'North', lanes: [{ id: 'left' }] }, 200);
    const successor = await enrolWithCode(test, 'gate-a-2', (await replace()).code);
    expect(successor.enrolment).toMatchObject({ gate: { name: 'North' }, lanes: [{ id: 'left' }] });
  });

  it('gives the place to yet another where the successor was revoked before anybody had joined as it', async () => {
    await replace({ id: 'zulu', reason: 'broken' });
    await test.json('POST', '/admin/events/1/gates/zulu/revoke', { reason: 'the code was seen by others' }, 200);
    expect((await gates())[0]).not.toHaveProperty('replacedBy');
    expect(await replace()).toMatchObject({ gate: 'gate-a-2', replaces: 'gate-a' });
    expect((await gates())[0]).toMatchObject({ id: 'gate-a', replacedBy: 'gate-a-2' });
  });

  it('is done at all its events or at none', async () => {
    await standAtTwo();
    await standAt(3);
    // The zone in which it stood there is no more.
    const policy = { ...someEvent, zones: [{ id: 'bar', name: 'Bar' }] };
    await test.json('PUT', '/api/events/3/policy', policy);
    expect(await problemOf(await test.api('POST', `${base}/replace`, { reason: 'x' }))).toBe('422 zone-unknown');
    for (const event of [1, 2, 3])
      expect(await test.json('GET', `/api/events/${event}/gates`)).toMatchObject({ gates: [{ id: 'gate-a' }] });
    await test.json('PUT', '/api/events/3/policy', someEvent);
    expect(await replace()).toMatchObject({ gate: 'gate-a-2' });
    for (const event of [1, 2, 3])
      expect(await test.json('GET', `/api/events/${event}/gates`)).toMatchObject({
        gates: [{ id: 'gate-a', condition: 'revoked', replacedBy: 'gate-a-2' }, { id: 'gate-a-2' }],
      });
  });

  it('leaves nothing behind where the old one cannot be revoked', async () => {
    // The audit log takes no entry of this process any more, and without one nothing is revoked.
    await withDatabase(test.databaseUrl, (database) =>
      database
        .updateTable('audit_chain')
        .set(({ eb }) => ({ tip_sequence: eb('tip_sequence', '+', 1) }))
        .execute(),
    );
    expect((await test.api('POST', `${base}/replace`, { reason: 'x' })).status).toBe(500);
    expect(await gates()).toMatchObject([{ id: 'gate-a', condition: 'green' }]);
  });

  it('takes no id that is or was a gate', async () => {
    await enrolTestGate(test, 1, 'gate-b');
    expect(await problemOf(await test.api('POST', `${base}/replace`, { id: 'gate-b', reason: 'x' }))).toBe(
      '409 gate-exists',
    );
    expect((await gates())[0]).toMatchObject({ id: 'gate-a', condition: 'green' });
    expect(await replace({ id: 'north', reason: 'x' })).toMatchObject({ gate: 'north' });
  });

  it('is for who organises the event', async () => {
    const supervisor = await createPerson(test, 'supervisor', 1);
    for (const path of ['replace', 'wipe'])
      expect(await problemOf(await askAs(test, supervisor, 'POST', `${base}/${path}`, { reason: 'x' }))).toBe(
        '403 role-too-low',
      );
  });
});

describe('wiping a gate', () => {
  const ask = (status = 202): Promise<Record<string, unknown>> =>
    test.json('POST', `${base}/wipe`, { reason: 'goes back to the hire company' }, status);
  const wipeOf = async (): Promise<GateView['wipe']> => (await gates())[0]?.wipe;
  const say = async (order: string): Promise<Response> =>
    gate.request('POST', wipedPath, Buffer.from(JSON.stringify({ order })), { 'Content-Type': 'application/json' });
  async function heardBy(boot = bootOfTests): Promise<WipeOrder> {
    const { wipe } = await sendVitals(gate);
    const { feed } = await test.cloud.keys.current();
    const order = verifyWipeOrder(new Uint8Array(Buffer.from(wipe ?? '', 'base64')), { gate: 'gate-a', boot }, (id) =>
      id === keyId(feed.publicKey) ? feed.publicKey : undefined,
    );
    if (!order.ok) throw new Error(order.error.type);
    return order.value;
  }

  it('is told to the gate on its next contact, and done when the gate says so', async () => {
    expect((await sendVitals(gate)).wipe).toBeUndefined();
    expect(await ask()).toMatchObject({ state: 'asked', reason: 'goes back to the hire company' });
    const manifest = await gate.request('GET', '/feed/1/manifest');
    expect(manifest.headers.has(vitalsWantedHeader)).toBe(true);
    const { order } = await heardBy();
    expect((await say(order)).status).toBe(204);
    expect(await gates()).toMatchObject([{ condition: 'revoked', wipe: { state: 'done' } }]);
    expect(await problemOf(await say(order))).toBe('409 gate-revoked');
    expect(await audited('gate-wipe-asked')).toMatchObject([{ gate: 'gate-a' }]);
    expect(await audited('gate-wiped')).toMatchObject([{ actor: 'gate-a', subject: 'gate-a', event: 1 }]);
  });

  it('is signed for this gate and this start of it', async () => {
    await ask();
    await expect(heardBy('ffffffffffffffff')).rejects.toThrow('wipe-of-another-gate');
  });

  it('says why it is not done yet, and what to do', async () => {
    await ask();
    const { order } = await heardBy();
    await sendVitals(gate, { wipe: { order, obstacle: 'marks-waiting' } });
    expect(await wipeOf()).toMatchObject({
      state: 'obstructed',
      obstacle: 'marks-waiting',
      text: expect.stringContaining('leave it connected'),
    });
    await sendVitals(gate);
    expect(await wipeOf()).toMatchObject({ state: 'asked' });
  });

  it('can be withdrawn until then', async () => {
    await ask();
    const { order } = await heardBy();
    expect((await test.api('DELETE', `${base}/wipe`)).status).toBe(204);
    expect((await sendVitals(gate)).wipe).toBeUndefined();
    expect(await problemOf(await say(order))).toBe('404 order-unknown');
    expect(await problemOf(await test.api('DELETE', `${base}/wipe`))).toBe('409 state-unreachable');
    expect((await gates())[0]).toMatchObject({ condition: 'green' });
  });

  it('is refused where there is nothing to forget, and where others have a say', async () => {
    await test.json('POST', '/admin/events/1/gates', { id: 'new', name: 'N', zone: 'bar', lanes: [{ id: 'l' }] });
    const fresh = await test.api('POST', '/admin/events/1/gates/new/wipe', { reason: 'x' });
    expect(await fresh.json()).toMatchObject({ type: 'state-unreachable', detail: expect.stringContaining('Revoke') });
    await standAtTwo();
    const organiser = await createPerson(test, 'organiser', 1);
    expect(await problemOf(await askAs(test, organiser, 'POST', `${base}/wipe`, { reason: 'x' }))).toBe(
      '409 gate-in-other-event',
    );
  });

  it('is not another gate’s to confirm', async () => {
    await ask();
    const { order } = await heardBy();
    const other = await enrolTestGate(test, 1, 'gate-b');
    const said = await other.request('POST', wipedPath, Buffer.from(JSON.stringify({ order })), {
      'Content-Type': 'application/json',
    });
    expect(await problemOf(said)).toBe('404 order-unknown');
    expect(await wipeOf()).toMatchObject({ state: 'asked' });
  });
});
