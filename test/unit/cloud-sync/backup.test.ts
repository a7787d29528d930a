// Goal: the drill. A backup that was made while the service worked becomes a service on an empty machine, with the same content to the byte;
// what is no good backup becomes nothing at all, and says what to do.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TicketResponse } from '@postern/shared';
import { backupSqlite, restoreSqlite } from '../../../cloud-sync/src/store/backup.ts';
import { readContentHash } from '../../../cloud-sync/src/store/replica.ts';
import { createTableHash } from '../../../cloud-sync/src/store/table-hash.ts';
import { withDatabase } from '../../../scripts/lib/cloud-database.ts';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud, type TestGate } from '../../support/cloud.ts';
import { aMark } from '../../support/marks.ts';
import { virtualStartMs } from '../../support/virtual-time.ts';

let test: TestCloud;
let gate: TestGate;
let ticket: TicketResponse;
let folder: string;
let [file, target] = ['', ''];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'postern-backup-'));
  [file, target] = [join(folder, 'backup.db'), join(folder, 'cloud.db')];
  test = await createTestCloud({ database: 'sqlite' });
  await test.json('POST', '/api/events', someEvent);
  ticket = await test.json('POST', '/api/tickets', { event: 1, type: 1, holder: { name: 'Ada' } });
  gate = await enrolTestGate(test, 1, 'gate-a');
  await gate.push([await gate.chunk([entry(1)])]);
  await test.json('POST', '/admin/events/1/publish');
});
afterEach(async () => {
  await test.close();
  rmSync(folder, { recursive: true });
});

const entry = (sequence: number) =>
  aMark({
    event: 1,
    gate: 'gate-a',
    sequence,
    ticketId: ticket.id,
    at: { ms: virtualStartMs + sequence * 60_000, counter: 0 },
  });
const source = (): string => test.databaseUrl.slice('sqlite:'.length);
const asItIs = async (): Promise<undefined> => undefined;

/** The content of every table, and the history of the event. */
const contentOf = (path: string): Promise<Readonly<Record<string, string>>> =>
  withDatabase(`sqlite:${path}`, async (database) => {
    const hashes: Record<string, string> = { history: await readContentHash(database, 1) };
    for (const { name, columns } of await database.introspection.getTables()) {
      const hash = createTableHash(columns.map((column) => column.name));
      for (const row of await database
        .selectFrom(name as 'user')
        .selectAll()
        .execute())
        hash.add({ ...row });
      hashes[name] = `${hash.rows()} ${hash.digest()}`;
    }
    return hashes;
  });

describe('a backup', () => {
  it('is restored with equal content, and goes on as the service that it was of', async () => {
    expect(await backupSqlite(source(), file)).toMatchObject({ ok: true, value: { file } });
    const content = await contentOf(source());
    expect(Object.keys(content).length).toBeGreaterThan(40);
    expect(await contentOf(file)).toEqual(content);
    expect(await restoreSqlite(file, target, asItIs)).toMatchObject({ ok: true });
    expect(await contentOf(target)).toEqual(content);

    writeFileSync(join(folder, 'master.key'), readFileSync(join(test.folder, 'master.key')), { mode: 0o600 });
    const restored = await createTestCloud({ folder, time: test.time, database: 'sqlite' });
    expect(await restored.json('GET', `/api/tickets/${ticket.id}`)).toMatchObject({
      text: ticket.text,
      status: 'used',
    });
    // The gate brings what it has seen since.
    gate.turnTo(restored);
    await gate.push([await gate.chunk([entry(1), entry(2)])]);
    expect(await restored.json('GET', '/api/events/1/summary')).toMatchObject({ admitted: 2, cases: 1 });
    await restored.cloud.close();
  });

  it('is of one moment, also while tickets are issued and marks come in', async () => {
    let isMade = false;
    const working = (async () => {
      let batches = 0;
      for (; !isMade || batches < 3; batches++)
        await test.json('POST', '/api/tickets/batch', {
          event: 1,
          tickets: Array.from({ length: 500 }, () => ({ type: 1 })),
        });
      return batches;
    })();
    const seen: (readonly [number, number])[] = [];
    const made = await backupSqlite(source(), file, (done, total) => void seen.push([done, total]));
    isMade = true;
    await working;
    expect(made).toMatchObject({ ok: true });
    expect(seen.at(-1)?.[0]).toBe(seen.at(-1)?.[1]);
    const { rows } = await withDatabase(`sqlite:${file}`, (database) =>
      sql<{ tickets: number; revision: number; highest: number }>`
        select count(*) as tickets, (select revision from event) as revision, max(revision) as highest from ticket
      `.execute(database),
    );
    // Whole batches, and the event as it was with the last of them.
    expect((rows[0]?.tickets ?? 0) % 500).toBe(1);
    expect(rows[0]?.highest).toBe(rows[0]?.revision);
  });

  it('is one file that nobody else reads, and takes the place of nothing', async () => {
    await backupSqlite(source(), file);
    expect(readdirSync(folder)).toEqual(['backup.db']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const before = readFileSync(file);
    expect(await backupSqlite(source(), file)).toMatchObject({ error: { type: 'file-exists' } });
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(await backupSqlite(source(), join(folder, 'nowhere', 'backup.db'))).toMatchObject({
      error: { type: 'folder-missing' },
    });
    expect(await restoreSqlite(file, source(), asItIs)).toMatchObject({ error: { type: 'file-exists' } });
  });
});

describe('what is not restored', () => {
  const refusalOf = async (): Promise<unknown> => {
    const restored = await restoreSqlite(file, target, asItIs);
    expect(readdirSync(folder).filter((name) => name !== 'backup.db')).toEqual([]);
    return restored.ok ? undefined : restored.error;
  };

  it('is a backup of a newer schema', async () => {
    await backupSqlite(source(), file);
    await withDatabase(`sqlite:${file}`, (database) =>
      sql`insert into kysely_migration (name, timestamp) values ('9999-future', '')`.execute(database),
    );
    expect(await refusalOf()).toEqual({ type: 'backup-newer', migrations: ['9999-future'] });
  });

  it('is a file that was cut off, or damaged, or is something else', async () => {
    await backupSqlite(source(), file);
    const whole = readFileSync(file);
    truncateSync(file, Math.floor(whole.length / 2));
    expect(await refusalOf()).toMatchObject({ type: 'not-a-backup' });
    const damaged = Buffer.from(whole);
    damaged.fill(0xff, 3 * 4_096, 60 * 4_096);
    writeFileSync(file, damaged);
    expect(await refusalOf()).toMatchObject({ type: 'not-a-backup' });
    writeFileSync(file, 'dear diary');
    expect(await refusalOf()).toMatchObject({ type: 'not-a-backup' });
    writeFileSync(file, '');
    expect(await refusalOf()).toMatchObject({ type: 'not-a-backup' });
    writeFileSync(file, whole);
    writeFileSync(`${file}-wal`, 'pages');
    expect(await restoreSqlite(file, target, asItIs)).toMatchObject({ error: { type: 'not-a-backup' } });
    rmSync(`${file}-wal`);
    rmSync(file);
    expect(await refusalOf()).toMatchObject({ type: 'not-a-backup' });
  });

  it('is one whose last step fails', async () => {
    await backupSqlite(source(), file);
    const failed = await restoreSqlite(file, target, async () => ({ type: 'vault-unreadable' }) as const);
    expect(failed).toEqual({ ok: false, error: { type: 'vault-unreadable' } });
    expect(readdirSync(folder)).toEqual(['backup.db']);
  });
});
