// Goal: tickets of another system come in once, whatever they are run beside and however often: what is here already is left alone or
// changed as far as it may be, a dry run says exactly that and writes nothing, and gates hear of all of it at once.
import fc from 'fast-check';
import { foreignTicketId, type TicketResponse } from '@postern/shared';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemActor } from '../../../cloud-sync/src/services/audit.ts';
import type { TicketImportOptions } from '../../../cloud-sync/src/services/ticket-import.ts';
import type { TicketImportReport } from '../../../cloud-sync/src/services/ticket-import-report.ts';
import type { RefusedTicket, WantedTicket } from '../../../cloud-sync/src/services/ticket-import-plan.ts';
import { withDatabase } from '../../../scripts/lib/cloud-database.ts';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud } from '../../support/cloud.ts';
import { aMark } from '../../support/marks.ts';

let test: TestCloud;
/** Another one for every test: events share nothing. */
let event: number;
beforeAll(async () => {
  test = await createTestCloud();
});
beforeEach(async () => {
  event = (await test.json<{ event: number }>('POST', '/api/events', someEvent)).event;
});
afterAll(() => test.close());

type Some = readonly (WantedTicket | RefusedTicket)[];
const run = async (wanted: Some, options: Partial<TicketImportOptions> = {}): Promise<TicketImportReport> => {
  const done = await test.cloud.ticketImports.run(event, wanted, {
    dryRun: false,
    by: systemActor,
    source: 'test',
    ...options,
  });
  if (!done.ok) throw new Error(done.error.type);
  return done.value;
};
/** Rows count from 2, as behind a header. */
const coded = (codes: readonly string[], fields: WantedTicket['fields'] = { type: 1 }): WantedTicket[] =>
  codes.map((code, index) => ({ row: index + 2, key: { code }, fields }));
const read = (code: string): Promise<TicketResponse> =>
  test.json('GET', `/api/tickets/${foreignTicketId(event, code)}`);
const counts = ({ created, changed, unchanged, refused }: TicketImportReport): readonly number[] => [
  created,
  changed,
  unchanged,
  refused,
];
const publish = async (options = {}): Promise<{ version: number; tickets: number }> => {
  const published = await test.cloud.feed.publish(event, options);
  if (!published.ok) throw new Error(published.error.type);
  return published.value;
};

describe('an import', () => {
  it('makes tickets that are found by their code, with holder, and does nothing a second time', async () => {
    const holder = { name: 'Ada Löwe', email: 'ada@example.org', order: 'A-1' };
    const wanted = coded(['first', 'second'], { type: 2, party: 3, hold: 'vip', validUntilS: 2_000, holder });
    expect(counts(await run(wanted))).toEqual([2, 0, 0, 0]);
    const ticket = await read('first');
    expect(ticket).toMatchObject({ type: 2, party: 3, hold: 'vip', validUntilS: 2_000, holder, status: 'valid' });
    expect(ticket.text).toBeUndefined();
    const found = await test.json<{ tickets: TicketResponse[] }>('GET', `/api/tickets?event=${event}&search=second`);
    expect(found.tickets.map(({ id }) => id)).toEqual([foreignTicketId(event, 'second')]);
    expect(counts(await run(wanted))).toEqual([0, 0, 2, 0]);
    expect(await read('first')).toEqual(ticket);
  });

  it('changes what differs, counts in what, and leaves what the source does not speak of', async () => {
    await run(coded(['a', 'b', 'c'], { type: 1, hold: 'vip', holder: { name: 'Ada', order: 'A-1' } }));
    const report = await run([
      { row: 2, key: { code: 'a' }, fields: { type: 2 } },
      { row: 3, key: { code: 'b' }, fields: { status: 'revoked', hold: null, holder: { name: 'Grace', order: null } } },
      { row: 4, key: { code: 'c' }, fields: { holder: { name: null, order: null } } },
    ]);
    expect(counts(report)).toEqual([0, 3, 0, 0]);
    expect(report.changes).toEqual({ type: 1, status: 1, hold: 1, holder: 2 });
    expect(await read('a')).toMatchObject({ type: 2, hold: 'vip', holder: { name: 'Ada', order: 'A-1' } });
    const b = await read('b');
    expect([b.status, b.hold, b.holder]).toEqual(['revoked', undefined, { name: 'Grace' }]);
    expect((await read('c')).holder).toBeUndefined();
  });

  it('finds a ticket of ours by its id and changes it, but makes none of an id', async () => {
    const ours = await test.json<TicketResponse>('POST', '/api/tickets', { event, type: 1 });
    const report = await run([
      { row: 2, key: { ticket: ours.id }, fields: { holder: { name: 'Ada' } } },
      { row: 3, key: { ticket: 'ab'.repeat(16) }, fields: { type: 1 } },
    ]);
    expect(counts(report)).toEqual([0, 1, 0, 1]);
    expect(report.errors[0]).toMatchObject({ row: 3, problem: expect.stringContaining('no ticket of this event') });
    expect(await test.json('GET', `/api/tickets/${ours.id}`)).toMatchObject({
      text: ours.text,
      holder: { name: 'Ada' },
    });
  });

  it('refuses what cannot be, each with its row, and does the rest', async () => {
    await run(coded(['gone', 'passed on']));
    await test.api('POST', `/api/tickets/${foreignTicketId(event, 'gone')}/revoke`);
    await test.api('POST', `/api/tickets/${foreignTicketId(event, 'passed on')}/reissue`, { code: 'new one' });
    const report = await run([
      { row: 2, key: { code: 'gone' }, fields: { status: 'valid' } },
      { row: 3, key: { code: 'passed on' }, fields: { type: 1 } },
      { row: 4, key: { code: 'x' }, fields: { type: 9 } },
      { row: 5, key: { code: 'y' }, fields: {} },
      { row: 6, key: { code: 'z' }, fields: { type: 1, validFromS: 20, validUntilS: 10 } },
      { row: 7, line: 9, problem: 'the source cannot read it' },
      { row: 8, key: { code: 'good' }, fields: { type: 1 } },
      { row: 9, key: { code: ' good\r' }, fields: { type: 2 } },
      { row: 10, key: { code: 'new one' }, fields: { type: 1 } },
    ]);
    expect(counts(report)).toEqual([1, 0, 1, 7]);
    expect(report.errors).toEqual([
      { row: 2, problem: expect.stringContaining('is revoked here') },
      { row: 3, problem: expect.stringContaining('was replaced') },
      { row: 4, problem: 'the event has no ticket type 9: it has 1 (Standing), 2 (Under 18)' },
      { row: 5, problem: 'no ticket type: the event has 1 (Standing), 2 (Under 18)' },
      { row: 6, problem: expect.stringContaining('would end before it begins') },
      { row: 7, line: 9, problem: 'the source cannot read it' },
      { row: 9, problem: 'the same ticket as row 8: keep one of the two' },
    ]);
    expect((await read('good')).type).toBe(1);
  });

  it('makes cancelled tickets valid again only where it is asked to', async () => {
    await run(coded(['a'], { type: 1, status: 'revoked' }));
    expect(counts(await run(coded(['a'], { status: 'valid' }), { reinstates: true }))).toEqual([0, 1, 0, 0]);
    expect((await read('a')).status).toBe('valid');
  });

  it('counts a million refusals and lists a hundred', async () => {
    function* refusals(): Generator<RefusedTicket> {
      for (let row = 2; row < 1_000_002; row++) yield { row, problem: 'wrong' };
    }
    const done = await test.cloud.ticketImports.run(event, refusals(), {
      dryRun: true,
      by: systemActor,
      source: 'test',
    });
    expect(done).toMatchObject({ ok: true, value: { rows: 1_000_000, refused: 1_000_000 } });
    if (done.ok)
      expect(done.value.errors.map(({ row }) => row)).toEqual(Array.from({ length: 100 }, (_, at) => at + 2));
  });

  it('reads the marks of a used ticket anew when its type changes', async () => {
    await run(coded(['used'], { type: 1 }));
    const gate = await enrolTestGate(test, event, `gate-${event}`);
    await gate.push([await gate.chunk([aMark({ event, gate: gate.id, ticketId: foreignTicketId(event, 'used') })])]);
    expect((await read('used')).usesSpent).toBe(1);
    await run(coded(['used'], { type: 2, party: 2 }));
    expect(await read('used')).toMatchObject({ type: 2, party: 2, usesSpent: 1 });
  });

  it('leaves one act in the audit log, with counts and without codes', async () => {
    const report = await run(coded(['secret code 1', 'secret code 2']));
    expect(report.created).toBe(2);
    const { entries } = await test.json<{ entries: { details: unknown; subject: string }[] }>(
      'GET',
      `/audits/log?event=${event}&action=tickets-imported`,
    );
    expect(entries.map(({ details }) => details)).toEqual([
      { source: 'test', state: 'done', rows: 2, created: 2, changed: 0, unchanged: 0, refused: 0 },
      { source: 'test', state: 'begun' },
    ]);
    expect(new Set(entries.map(({ subject }) => subject)).size).toBe(1);
    expect((await test.stored()).includes('secret code 1')).toBe(false);
  });
});

describe('a dry run', () => {
  it('says what the import then does, whatever is here and wanted, and writes nothing', async () => {
    const field = fc.record({
      type: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
      status: fc.option(fc.constantFrom('valid', 'revoked', 'unpaid'), { nil: undefined }),
      party: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined }),
      validUntilS: fc.option(fc.integer({ min: 0, max: 2 }), { nil: null }),
      holder: fc.record({ name: fc.option(fc.constantFrom('Ada', 'Grace'), { nil: null }) }),
    });
    const some = fc.array(fc.record({ code: fc.constantFrom('a', 'b', 'c', 'd', 'e'), fields: field }), {
      maxLength: 8,
    });
    const toWanted = (all: readonly { code: string; fields: WantedTicket['fields'] }[]): WantedTicket[] =>
      all.map(({ code, fields }, index) => ({ row: index + 1, key: { code }, fields }));
    const rows = (): Promise<unknown> =>
      withDatabase(test.databaseUrl, (database) =>
        database.selectFrom('ticket').selectAll().where('event', '=', event).orderBy('id').execute(),
      );
    await fc.assert(
      fc.asyncProperty(some, some, async (first, second) => {
        event = (await test.json<{ event: number }>('POST', '/api/events', someEvent)).event;
        await run(toWanted(first));
        const before = await rows();
        const said = await run(toWanted(second), { dryRun: true });
        expect(await rows()).toEqual(before);
        const done = await run(toWanted(second));
        expect(done).toEqual(said);
        // What was refused stays refused and everything else is as the source says.
        const again = await run(toWanted(second));
        expect(counts(again)).toEqual([0, 0, said.created + said.changed + said.unchanged, said.refused]);
      }),
      { numRuns: 25 },
    );
  });
});

describe('the gates', () => {
  const many = coded(Array.from({ length: 2_500 }, (_, index) => `code ${index}`));

  it('hear of an import once, when all of it is there', async () => {
    const { version } = await publish();
    // Between the batches a gate asks, and whoever publishes finds nothing to publish.
    const meanwhile: Promise<{ version: number }>[] = [];
    const report = await run(many, { progressed: ({ created }) => created < 2_500 && meanwhile.push(publish()) });
    expect(report.created).toBe(2_500);
    expect((await Promise.all(meanwhile)).map((one) => one.version)).toEqual([version, version]);
    const after = await publish();
    expect([after.version, after.tickets]).toEqual([version + 1, 2_500]);
    expect((await publish()).version).toBe(version + 1);
  });

  it('hear of a change on the way at once, and later of everything', async () => {
    const other = await test.json<TicketResponse>('POST', '/api/tickets', { event, type: 1 });
    const { version } = await publish();
    const revokeOther = async (): Promise<{ version: number }> => {
      await test.api('POST', `/api/tickets/${other.id}/revoke`);
      return publish();
    };
    let meanwhile: Promise<{ version: number }> | undefined;
    await run(many, { progressed: () => void (meanwhile ??= revokeOther()) });
    expect((await meanwhile)?.version).toBe(version + 1);
    const all = await publish({ snapshot: true });
    expect([all.version > version + 1, all.tickets]).toEqual([true, 2_501]);
  });

  it('hear of an import that was cut off when it is run again, also where nothing was left to do', async () => {
    await publish();
    const stop = new AbortController();
    await run(many.slice(0, 10));
    await publish();
    // As a process leaves it that dies after its last batch.
    await withDatabase(test.databaseUrl, (database) =>
      database
        .updateTable('ticket')
        .set(({ eb }) => ({ revision: eb('revision', '+', 1) }))
        .where('event', '=', event)
        .execute(),
    );
    const { version } = await publish();
    expect(counts(await run(many.slice(0, 10)))).toEqual([0, 0, 10, 0]);
    expect((await publish()).version).toBe(version + 1);
    const broken = await run(many, { signal: stop.signal, progressed: () => stop.abort() });
    expect(broken.rows).toBe(1_000);
    expect((await publish({ snapshot: true })).tickets).toBe(10 + broken.created);
    expect(counts(await run(many))).toEqual([2_490 - broken.created, 0, 10 + broken.created, 0]);
  });
});
