// Goal: what an organiser has set a time for happens then: tickets that nobody came with are revoked, also at the gates; and so many days
// after the event nothing in the database names a visitor.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EventDeadlines, type JobKindList, type JobPage, type JobRun, type TicketResponse } from '@postern/shared';
import { revokeUnscannedName } from '../../../cloud-sync/src/services/jobs/revoke-unscanned.ts';
import { withDatabase } from '../../../scripts/lib/cloud-database.ts';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud } from '../../support/cloud.ts';
import { aMark } from '../../support/marks.ts';
import { virtualStartMs } from '../../support/virtual-time.ts';

const dayMs = 86_400_000;
let test: TestCloud;
beforeEach(async () => {
  test = await createTestCloud();
  await test.json('POST', '/api/events', someEvent);
});
afterEach(() => test.close());

const issue = (body: object = {}): Promise<TicketResponse> =>
  test.json('POST', '/api/tickets', { event: 1, type: 1, ...body });
const statusOf = async (ticket: TicketResponse): Promise<string> =>
  (await test.json<TicketResponse>('GET', `/api/tickets/${ticket.id}`)).status;
const setDeadlines = (deadlines: object, status = 200): Promise<EventDeadlines> =>
  test.json('PUT', '/api/events/1/deadlines', deadlines, status);
const runs = async (): Promise<readonly JobRun[]> =>
  (await test.json<JobPage>('GET', `/api/events/1/jobs?kind=${revokeUnscannedName}`)).runs;
/** Runs what waits, as the service does once it is due. */
async function perform(): Promise<JobRun | undefined> {
  const [waiting] = await runs();
  await test.cloud.jobs.perform(waiting?.id ?? '');
  return (await runs())[0];
}

describe('tickets that nobody came with', () => {
  it('are revoked at the time that was set and not before; those scanned here or at a gate stay', async () => {
    const [unscanned, scannedHere, scannedThere, unpaid] = [
      await issue(),
      await issue(),
      await issue(),
      await issue({ status: 'unpaid' }),
    ];
    await test.json(
      'POST',
      `/api/tickets/${scannedHere.id}/methods/qr/verify`,
      { presented_data: scannedHere.text },
      200,
    );
    const gate = await enrolTestGate(test, 1, 'gate-a');
    await gate.push([
      await gate.chunk([
        aMark({ event: 1, gate: 'gate-a', ticketId: scannedThere.id, at: { ms: virtualStartMs, counter: 0 } }),
      ]),
    ]);
    const before = await test.json<{ version: number }>('POST', '/admin/events/1/publish');
    await setDeadlines({ revokeUnscannedAtMs: virtualStartMs + 60_000 });
    expect(await perform()).toMatchObject({ state: 'waiting', dueAtMs: virtualStartMs + 60_000 });
    test.time.jump(60_000);
    expect(await perform()).toMatchObject({ state: 'done', result: { counts: { tickets: 1, gatesNotHeard: 0 } } });
    expect([
      await statusOf(unscanned),
      await statusOf(scannedHere),
      await statusOf(scannedThere),
      await statusOf(unpaid),
    ]).toEqual(['revoked', 'used', 'used', 'unpaid']);
    const after = await test.json<{ version: number }>('POST', '/admin/events/1/publish');
    expect(after.version).toBe(before.version + 1);
    const { entries } = await test.json<{ entries: object[] }>('GET', '/audits/log?event=1&action=ticket-revoked');
    expect(entries).toMatchObject([{ ticket: unscanned.id, actorKind: 'system', reason: 'unscanned' }]);
  });

  it('are all found, in however many transactions, and once', async () => {
    await test.json('POST', '/api/tickets/batch', {
      event: 1,
      tickets: Array.from({ length: 1_203 }, () => ({ type: 1 })),
    });
    await setDeadlines({ revokeUnscannedAtMs: virtualStartMs - dayMs });
    expect(await perform()).toMatchObject({ result: { counts: { tickets: 1_203 } } });
    test.time.jump(1);
    const again = await test.json<JobRun>('POST', '/api/events/1/jobs', { kind: revokeUnscannedName }, 202);
    await test.cloud.jobs.perform(again.id);
    expect((await runs())[0]).toMatchObject({ state: 'done', result: { counts: { tickets: 0 } } });
  });

  it('are told with a warning when a gate has not been heard up to then', async () => {
    await issue();
    await enrolTestGate(test, 1, 'gate-a');
    await setDeadlines({ revokeUnscannedAtMs: virtualStartMs });
    expect((await perform())?.result).toMatchObject({
      counts: { tickets: 1, gatesNotHeard: 1 },
      summary: expect.stringContaining('1 gates have not been heard'),
    });
  });

  it('keep their tag when the time is moved, and nothing happens once it is taken back', async () => {
    await setDeadlines({ revokeUnscannedAtMs: virtualStartMs + 1_000 });
    await setDeadlines({ revokeUnscannedAtMs: virtualStartMs + 2_000, endsAtMs: virtualStartMs });
    expect((await runs()).map(({ dueAtMs }) => dueAtMs)).toEqual([virtualStartMs + 2_000]);
    await setDeadlines({ endsAtMs: virtualStartMs });
    expect((await runs()).map(({ state }) => state)).toEqual(['cancelled']);
    expect(await test.json('GET', '/api/events/1/deadlines')).toEqual({ endsAtMs: virtualStartMs });
  });
});

describe('what names visitors', () => {
  const secrets = ['Ada Lovelace', 'ada@example.org', 'ORDER-4711'];
  const erase = async (): Promise<JobRun> => {
    const { id } = await test.json<JobRun>('POST', '/admin/jobs/runs', { kind: 'erase-visitors' }, 202);
    await test.cloud.jobs.perform(id);
    return test.json('GET', `/admin/jobs/runs/${id}`);
  };
  /** Rows, not bytes: what a database has deleted may lie in its file until it is written over. */
  const isKept = async (secret: string): Promise<boolean> =>
    withDatabase(test.databaseUrl, async (database) => {
      const tables = await database.introspection.getTables();
      const rows = await Promise.all(
        tables.map(({ name }) =>
          database
            .selectFrom(name as 'user')
            .selectAll()
            .execute(),
        ),
      );
      return JSON.stringify(rows).includes(secret);
    });

  it('goes so many days after the end, from every table, and what is no visitor’s stays', async () => {
    const ticket = await issue({ holder: { name: 'Ada Lovelace', email: 'ada@example.org', order: 'ORDER-4711' } });
    await test.json('POST', '/api/events', { ...someEvent, name: 'Another night' });
    await test.json('POST', '/api/tickets', { event: 2, type: 1, holder: { name: 'Grace Hopper' } });
    await test.api('POST', `/api/tickets/${ticket.id}/revoke`, undefined, { 'User-Agent': 'Ada Lovelace phone' });
    await setDeadlines({ endsAtMs: virtualStartMs, keepPersonalDataDays: 30 });
    for (const secret of secrets) expect(await isKept(secret)).toBe(true);
    test.time.jump(30 * dayMs - 1);
    expect((await erase()).result?.summary).toBe('Nothing was to be erased.');
    test.time.jump(1);
    expect(await erase()).toMatchObject({ state: 'done', result: { counts: { events: 1, holders: 1 } } });
    for (const secret of secrets) expect(await isKept(secret)).toBe(false);
    expect(await isKept('Grace Hopper')).toBe(true);
    expect(await statusOf(ticket)).toBe('revoked');
    expect(await test.json('GET', '/api/events/1/deadlines')).toMatchObject({
      personalDataErasedAtMs: virtualStartMs + 30 * dayMs,
    });
    const proof = await test.cloud.auditTools.verify();
    expect(proof).toMatchObject({ value: { flaw: undefined } });
  });

  it('that came in later goes the next night', async () => {
    await setDeadlines({ endsAtMs: virtualStartMs - dayMs, keepPersonalDataDays: 0 });
    await erase();
    await issue({ holder: { name: 'Ada Lovelace' } });
    expect((await erase()).result?.counts).toMatchObject({ holders: 1 });
    expect(await isKept('Ada Lovelace')).toBe(false);
  });

  it('is kept for good where no days are set, and days without an end are refused', async () => {
    await issue({ holder: { name: 'Ada Lovelace' } });
    await setDeadlines({ endsAtMs: virtualStartMs });
    test.time.jump(10_000 * dayMs);
    expect((await erase()).result?.counts).toMatchObject({ events: 0 });
    expect(await isKept('Ada Lovelace')).toBe(true);
    expect(await setDeadlines({ keepPersonalDataDays: 3 }, 422)).toMatchObject({ type: 'options-invalid' });
  });
});

describe('watched work', () => {
  it('says among the kinds what it has done', async () => {
    await issue();
    await test.json('POST', '/admin/events/1/publish');
    await test.cloud.start();
    await expect
      .poll(async () => {
        const { kinds } = await test.json<JobKindList>('GET', '/admin/jobs');
        return kinds.flatMap(({ name, last }) => (last === undefined ? [] : [`${name}: ${last.result?.summary}`]));
      })
      .toEqual([
        'feed-snapshots: Published version 1 as a snapshot of 1 tickets.',
        'key-schedule: No key was due.',
        'audit-heads: Proved and signed what earlier processes had left unsigned.',
      ]);
  });
});
