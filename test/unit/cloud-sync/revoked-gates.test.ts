// Revoking a gate at the cloud: what had come in stays, the rest is put aside and listed, every gate hears of it with the feed, and a
// person may let it in after all.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  keyId,
  verifyManifest,
  type CaseView,
  type Manifest,
  type Mark,
  type QuarantinePage,
  type Summary,
  type TicketResponse,
} from '@postern/shared';
import { withDatabase } from '../../../scripts/lib/cloud-database.ts';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud, type TestGate } from '../../support/cloud.ts';
import { aMark } from '../../support/marks.ts';

const event = 7;
const doorsMs = Date.UTC(2026, 8, 21, 19, 2, 11);

let test: TestCloud;
let gateA: TestGate;
let gateB: TestGate;
let tickets: readonly TicketResponse[];

beforeEach(async () => {
  test = await createTestCloud();
  await test.json('POST', '/api/events', { ...someEvent, event });
  const made = await test.json<{ tickets: TicketResponse[] }>('POST', '/api/tickets/batch', {
    event,
    tickets: Array.from({ length: 6 }, () => ({ type: 1 })),
  });
  tickets = made.tickets;
  gateA = await enrolTestGate(test, event, 'gate-a');
  gateB = await enrolTestGate(test, event, 'gate-b');
  await test.cloud.feed.publish(event);
});
afterEach(() => test.close());

/** The first marks of one process start of gate A, each of another ticket. */
const entries = (count: number): readonly Mark[] =>
  tickets.slice(0, count).map(({ id }, index) =>
    aMark({
      event,
      gate: 'gate-a',
      ticketId: id,
      sequence: index + 1,
      at: { ms: doorsMs + index * 1_000, counter: 0 },
    }),
  );
const summary = (): Promise<Summary> => test.json('GET', `/api/events/${event}/summary`);
const quarantine = (): Promise<QuarantinePage> => test.json('GET', `/api/events/${event}/quarantine`);
const revoke = (status = 200): Promise<Record<string, unknown>> =>
  test.json('POST', `/admin/events/${event}/gates/gate-a/revoke`, { reason: 'stolen at the bar' }, status);
const release = (id: string, status = 200): Promise<Record<string, unknown>> =>
  test.json('POST', `/api/events/${event}/quarantine/${id}/release`, undefined, status);
async function manifest(): Promise<Manifest> {
  const published = await test.cloud.feed.publish(event);
  if (!published.ok) throw new Error(published.error.type);
  const { feed } = await test.cloud.keys.current();
  const verified = verifyManifest(published.value.manifest, [
    { keyId: keyId(feed.publicKey), publicKey: feed.publicKey },
  ]);
  if (!verified.ok) throw new Error(verified.error.type);
  return verified.value;
}

describe('a revoked gate', () => {
  it('keeps what had come in of it, and the feed says so to every gate', async () => {
    const chunk = await gateA.chunk(entries(2));
    await gateA.push([chunk]);
    const before = await summary();
    expect(await revoke()).toMatchObject({ event, gate: 'gate-a', marks: 2 });
    expect(await summary()).toMatchObject({ admitted: 2, marks: 2, historyHash: before.historyHash, aside: 0 });
    const { gates, revokedGates } = await manifest();
    expect(gates.map(({ id }) => id)).toEqual(['gate-b', 'cloud']);
    const { boot, segment, count, hash } = chunk.head;
    expect(revokedGates).toMatchObject([{ id: 'gate-a', name: 'Gate A', heads: [{ boot, segment, count, hash }] }]);
  });

  it('is nobody any more: it gets no feed, exchanges no marks, and its id is not given again', async () => {
    await revoke();
    expect((await gateA.request('GET', `/feed/${event}/manifest`)).status).toBe(409);
    await expect(gateA.push([await gateA.chunk(entries(1))])).rejects.toThrow(/409/);
    await revoke(409);
    const again = { id: 'gate-a', name: 'Gate A', zone: 'arena', lanes: [{ id: 'lane-1' }] };
    expect(await test.json('POST', `/admin/events/${event}/gates`, again, 409)).toMatchObject({ type: 'gate-revoked' });
    const { gates } = await test.json<{ gates: object[] }>('GET', `/api/events/${event}/gates`);
    expect(gates).toContainEqual(expect.objectContaining({ id: 'gate-a', revokedAtMs: expect.any(Number) as number }));
  });

  it('has what others bring of it put aside once, with who brought it, whatever time it claims', async () => {
    await gateA.push([await gateA.chunk(entries(2))]);
    await revoke();
    const { historyHash } = await summary();
    const later = await gateA.chunk(entries(4));
    for (let turn = 0; turn < 2; turn++)
      expect((await gateB.push([later])).refusals).toEqual([{ index: 0, code: 'gate-revoked' }]);
    expect(await summary()).toMatchObject({ marks: 2, historyHash, aside: 1 });
    expect((await quarantine()).chunks).toMatchObject([
      { gate: 'gate-a', segment: 0, marks: 4, from: 'gate-b', reason: 'gate-revoked: its gate is revoked' },
    ]);
  });

  it('still has taken in what lies under its accepted head', async () => {
    const chunk = await gateA.chunk(entries(2));
    await gateA.push([chunk]);
    await revoke();
    expect((await gateB.push([chunk])).refusals).toEqual([]);
    expect((await gateB.push([await gateA.chunk(entries(1))])).refusals).toEqual([]);
    expect((await quarantine()).chunks).toEqual([]);
  });

  it('leaves no mark of a segment that had only half come in, and nothing of what followed from it', async () => {
    await gateA.push([await gateA.chunk(entries(3))]);
    const double = aMark({
      event,
      gate: 'gate-b',
      ticketId: tickets[0]?.id ?? '',
      at: { ms: doorsMs + 60_000, counter: 0 },
    });
    await gateB.push([await gateB.chunk([double])]);
    const cases = async (): Promise<readonly CaseView[]> =>
      (await test.json<{ cases: CaseView[] }>('GET', `/api/events/${event}/cases`)).cases;
    expect((await cases()).length).toBe(1);
    // As after a crash between the first marks of a chunk and its head.
    await withDatabase(test.databaseUrl, async (database) => {
      for (const table of ['segment', 'chunk'] as const)
        await database.deleteFrom(table).where('gate', '=', 'gate-a').execute();
    });
    expect(await revoke()).toMatchObject({ marks: 0 });
    expect(await summary()).toMatchObject({ admitted: 1, marks: 1 });
    expect(await cases()).toEqual([]);
    const usage = await test.json<{ entries: { gate: string }[] }>('GET', `/audits/usage?event=${event}`);
    expect(usage.entries.map(({ gate }) => gate)).toEqual(['gate-b']);
    const { suspicions } = await test.json<{ suspicions: object[] }>('GET', `/api/events/${event}/suspicions`);
    expect(suspicions).toEqual([]);
  });
});

describe('what was put aside', () => {
  it('comes in once a person releases it, and the gates may take it too', async () => {
    await gateA.push([await gateA.chunk(entries(2))]);
    await revoke();
    const later = await gateA.chunk(entries(5));
    await gateB.push([later]);
    const [aside] = (await quarantine()).chunks;
    expect(await release(aside?.id ?? '')).toEqual({ marks: 3 });
    expect(await summary()).toMatchObject({ admitted: 5, marks: 5, aside: 0 });
    expect((await manifest()).revokedGates).toMatchObject([{ heads: [{ count: 5, hash: later.head.hash }] }]);
    expect((await gateB.push([later])).refusals).toEqual([]);
    expect(await release(aside?.id ?? '', 409)).toMatchObject({ type: 'chunk-released' });
    expect(await release('ab'.repeat(32), 404)).toMatchObject({ type: 'chunk-unknown' });
  });

  it('leaves who revoked and who released in the audit log', async () => {
    await revoke();
    await gateB.push([await gateA.chunk(entries(1))]);
    const [aside] = (await quarantine()).chunks;
    await release(aside?.id ?? '');
    const { entries: log } = await test.json<{ entries: { action: string }[] }>('GET', `/audits/log?event=${event}`);
    expect(log.slice(0, 2)).toMatchObject([
      { action: 'chunk-released', actorKind: 'user', subject: aside?.id, details: { gate: 'gate-a', count: 1 } },
      { action: 'gate-revoked', actorKind: 'user', gate: 'gate-a', details: { why: 'stolen at the bar', marks: 0 } },
    ]);
  });

  it('stays there when it contradicts what is known', async () => {
    await gateA.push([await gateA.chunk(entries(2))]);
    const [first, second] = entries(2);
    if (first === undefined || second === undefined) throw new Error('two marks');
    const other = await gateA.chunk([first, { ...second, at: { ms: doorsMs + 1_500, counter: 0 } }]);
    expect((await gateA.push([other])).refusals).toEqual([{ index: 0, code: 'equivocation' }]);
    const [aside] = (await quarantine()).chunks;
    expect(aside?.reason).toMatch(/^equivocation: /);
    expect(await release(aside?.id ?? '', 409)).toMatchObject({ type: 'chunk-not-releasable' });
    await revoke();
    expect(await release(aside?.id ?? '', 409)).toMatchObject({ type: 'chunk-not-releasable' });
    expect(await summary()).toMatchObject({ marks: 2, aside: 1 });
  });

  it('is listed a page at a time', async () => {
    await revoke();
    for (const count of [1, 2, 3]) {
      await test.time.advance(1_000);
      await gateB.push([await gateA.chunk(entries(count))]);
    }
    const page = await test.json<QuarantinePage>('GET', `/api/events/${event}/quarantine?limit=2`);
    expect(page.chunks.map(({ marks }) => marks)).toEqual([3, 2]);
    const rest = await test.json<QuarantinePage>('GET', `/api/events/${event}/quarantine?cursor=${page.next ?? ''}`);
    expect(rest.chunks.map(({ marks }) => marks)).toEqual([1]);
    expect(rest.next).toBeUndefined();
  });
});
