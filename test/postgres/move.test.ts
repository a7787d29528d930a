// Goal: a SQLite deployment moves to PostgreSQL whole or not at all, every table that the schema has, and goes on there as before.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { trustedFeedKeys, verifyManifest, type Summary, type TicketResponse } from '@postern/shared';
import { migrate, type Database } from '../../cloud-sync/src/store/database.ts';
import { moveDatabase } from '../../cloud-sync/src/store/move.ts';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud } from '../support/cloud.ts';
import { runCloud } from '../support/cloud-process.ts';
import { createTestDatabase } from '../support/database.ts';
import { aMark } from '../support/marks.ts';
import { describeOrReport } from '../support/not-run.ts';
import { missingPostgres } from '../../scripts/lib/postgres-programs.ts';
import { withDatabase } from '../../scripts/lib/cloud-database.ts';

let folder: string;
let old: TestCloud;
let target: string;

/** One row of made-up content in every table that has none, future ones included. */
async function fillEmptyTables(database: Database): Promise<readonly string[]> {
  const tables = await database.introspection.getTables();
  for (const { name, columns } of tables) {
    const { rows } = await sql`select 1 from ${sql.table(name)} limit 1`.execute(database);
    if (rows.length > 0) continue;
    const values = Object.fromEntries(
      columns.map((column, index) => [
        column.name,
        /blob/i.test(column.dataType)
          ? Buffer.from([0, 255, index])
          : /int/i.test(column.dataType)
            ? 2 ** 40 + index
            : `${column.name} 'Zoë' 🎟 \n\\x41`,
      ]),
    );
    await database
      .insertInto(name as 'event')
      .values(values as never)
      .execute();
  }
  return tables.map(({ name }) => name);
}

const countsOf = (url: string): Promise<Readonly<Record<string, number>>> =>
  withDatabase(url, async (database) => {
    const counts: Record<string, number> = {};
    for (const { name } of await database.introspection.getTables()) {
      const { rows } = await sql<{ n: number }>`select count(*) as n from ${sql.table(name)}`.execute(database);
      counts[name] = rows[0]?.n ?? 0;
    }
    return counts;
  });
const move = (): ReturnType<typeof moveDatabase> =>
  withDatabase(old.databaseUrl, (from) => withDatabase(target, (to) => moveDatabase(from, to)));

describeOrReport('moving to PostgreSQL', missingPostgres(), () => {
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'postern-move-'));
    old = await createTestCloud({ database: 'sqlite' });
    ({ url: target } = await createTestDatabase(folder, { kind: 'postgres', isEmpty: true }));
  });
  afterEach(async () => {
    await old.close();
    rmSync(folder, { recursive: true });
  });

  it('brings every row of every table, and proves it', async () => {
    await old.json('POST', '/api/events', someEvent);
    await old.json('POST', '/api/tickets/batch', {
      event: 1,
      tickets: Array.from({ length: 1_000 }, () => ({ type: 1 })),
    });
    await old.json('POST', '/api/tickets/batch', {
      event: 1,
      tickets: Array.from({ length: 501 }, (_, index) => ({ type: 1, code: `code ${index}` })),
    });
    const tables = await withDatabase(old.databaseUrl, fillEmptyTables);
    const moved = await move();
    if (!moved.ok) throw new Error(JSON.stringify(moved.error));
    expect(moved.value.tables.map(({ table }) => table).toSorted()).toEqual([...tables].toSorted());
    expect(moved.value.tables.find(({ table }) => table === 'ticket')?.rows).toBe(1_501);
    expect(Math.min(...moved.value.tables.map(({ rows }) => rows))).toBe(1);
    expect(await countsOf(target)).toEqual(await countsOf(old.databaseUrl));
  });

  it('goes on there: the same passes, history, gates and files', async () => {
    await old.json('POST', '/api/events', someEvent);
    const ticket = await old.json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 1 });
    const gate = await enrolTestGate(old, 1, 'gate-a');
    await gate.push([await gate.chunk([aMark({ event: 1, gate: 'gate-a', ticketId: ticket.id })])], 1);
    await old.json('POST', '/admin/events/1/publish');
    const before = await old.json<Summary>('GET', '/api/events/1/summary');
    await old.cloud.close();
    const done = await runCloud('move', '--from', old.databaseUrl, '--database', target).ended;
    expect([done.code, done.errors]).toEqual([0, '']);
    expect(done.out).toContain(`history of event 1\t${before.historyHash}`);
    expect(done.out + done.errors).not.toContain(new URL(target).password);
    // Its own folder lacks the files of the feed; the master key is the old one.
    const moved = await createTestCloud({
      folder: mkdtempSync(join(folder, 'data-')),
      databaseUrl: target,
      masterKey: readFileSync(join(old.folder, 'master.key'), 'utf8').trim(),
      time: old.time,
    });
    expect(await moved.json('GET', '/api/events/1/summary')).toEqual(before);
    expect(await moved.json('GET', `/api/tickets/${ticket.id}`)).toMatchObject({ text: ticket.text });
    gate.turnTo(moved);
    const bytes = new Uint8Array(await (await gate.request('GET', '/feed/1/manifest')).arrayBuffer());
    const manifest = verifyManifest(bytes, trustedFeedKeys({ keys: gate.enrolment.feedKeys }));
    if (!manifest.ok) throw new Error(manifest.error.type);
    expect((await gate.request('GET', `/feed/files/${manifest.value.snapshot.sha256}`)).status).toBe(200);
    await moved.close();
  });

  it('refuses a database that holds anything, and leaves it as it is', async () => {
    await old.json('POST', '/api/events', someEvent);
    expect(await move()).toMatchObject({ ok: true });
    const before = await countsOf(target);
    expect(await move()).toMatchObject({ ok: false, error: { type: 'target-not-empty' } });
    expect(await countsOf(target)).toEqual(before);
  });

  it('leaves nothing behind when the copy is not equal', async () => {
    await old.json('POST', '/api/events', someEvent);
    await withDatabase(target, async (to) => {
      await migrate(to);
      await sql`create function spoil() returns trigger language plpgsql
        as 'begin new.revision := new.revision + 1; return new; end'`.execute(to);
      await sql`create trigger spoil before insert on event for each row execute function spoil()`.execute(to);
    });
    expect(await move()).toMatchObject({
      ok: false,
      error: { type: 'not-equal', what: expect.stringMatching(/^table event: 1 rows, hash .*, now 1 rows, hash /) },
    });
    expect(new Set(Object.values(await countsOf(target)))).toEqual(new Set([0]));
  });

  it('refuses a source that is not up to date, or newer than the program', async () => {
    await withDatabase(old.databaseUrl, (from) =>
      sql`insert into kysely_migration (name, timestamp) values ('9999-future', '2030')`.execute(from),
    );
    expect(await move()).toMatchObject({ ok: false, error: { type: 'database-newer', migrations: ['9999-future'] } });
    await withDatabase(old.databaseUrl, (from) =>
      sql`delete from kysely_migration where name > '0001-start'`.execute(from),
    );
    expect(await move()).toMatchObject({ ok: false, error: { type: 'source-outdated' } });
  });

  it('says what to give it, and shows no password', async () => {
    const wrong = await runCloud('move', '--from', target, '--database', target).ended;
    expect(wrong).toMatchObject({ code: 2, errors: expect.stringContaining('--from sqlite:FILE') });
    expect(wrong.errors).not.toContain(new URL(target).password);
  });
});
