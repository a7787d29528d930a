// Goal: a database gives the same values whichever it is, is brought forward only, and its password is shown to nobody.
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { readConfig } from '../../../cloud-sync/src/config.ts';
import { migrate, redactUrl, type Database } from '../../../cloud-sync/src/store/database.ts';
import { openCloudDatabase } from '../../../scripts/lib/cloud-database.ts';
import { openTestDatabase } from '../../support/database.ts';

let database: Database;
let close: () => Promise<void>;
beforeEach(async () => {
  ({ database, close } = await openTestDatabase());
});
afterEach(() => close());

const anEvent = (id: number, policy = '{}'): Parameters<ReturnType<typeof insert>['values']>[0] => ({
  id,
  policy,
  code_hash_key: '00',
  revision: 2 ** 40 + id,
  rules_revision: 1,
  created_at_ms: 1_700_000_000_000,
});
const insert = (): ReturnType<Database['insertInto']> => database.insertInto('event') as never;

describe('values', () => {
  it('come back as numbers, also counts, sums and the highest of many', async () => {
    await insert()
      .values([anEvent(1), anEvent(2)])
      .execute();
    const totals = await database
      .selectFrom('event')
      .select(({ fn }) => [
        fn.countAll<number>().as('count'),
        fn.sum<number>('revision').as('sum'),
        fn.sum<number>('rules_revision').as('small'),
        fn.max('id').as('highest'),
      ])
      .executeTakeFirstOrThrow();
    expect(totals).toEqual({ count: 2, sum: 2 ** 41 + 3, small: 2, highest: 2 });
    const truth = await sql`select 1 < 2 as yes, 2 < 1 as no`.execute(database);
    expect(truth.rows).toEqual([{ yes: 1, no: 0 }]);
  });

  it('keep every byte and every text', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    const sha256 = 'ab'.repeat(32);
    await database.insertInto('feed_part').values({ sha256, part: 0, bytes }).execute();
    const part = await database.selectFrom('feed_part').selectAll().executeTakeFirstOrThrow();
    expect(part).toEqual({ sha256, part: 0, bytes });
    const text = JSON.stringify({ name: "Zoë 🎟 '; drop table event; -- \u0000 \n" });
    await insert().values(anEvent(1, text)).execute();
    expect((await database.selectFrom('event').select('policy').executeTakeFirstOrThrow()).policy).toBe(text);
  });

  it('are ordered and compared by their bytes', async () => {
    const names = ['a', 'B', 'ä', 'Z', 'aa', 'a-b', 'a b', '_', '1', 'é'];
    for (const [part, sha256] of names.entries())
      await database
        .insertInto('feed_part')
        .values({ sha256, part, bytes: Buffer.alloc(0) })
        .execute();
    const rows = await database.selectFrom('feed_part').select('sha256').orderBy('sha256').execute();
    const byBytes = names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(rows.map((row) => row.sha256)).toEqual(byBytes);
    const after = await database.selectFrom('feed_part').select('sha256').where('sha256', '>', 'a').execute();
    expect(after.map((row) => row.sha256).toSorted()).toEqual(names.filter((name) => name > 'a').toSorted());
  });
});

describe('a statement', () => {
  it('that was asked before sees rows and columns that have come since', async () => {
    const ask = (): Promise<readonly object[]> => database.selectFrom('user').selectAll().execute();
    expect(await ask()).toEqual([]);
    await sql`alter table "user" add column colour text default 'blue'`.execute(database);
    const user = { id: 'a', name: 'A', role: 'person', salt: '', token_hash: '', created_at_ms: 0 };
    await database.insertInto('user').values(user).execute();
    expect(await ask()).toMatchObject([{ id: 'a', colour: 'blue' }]);
    await sql`alter table "user" drop column colour`.execute(database);
  });
});

describe('migrating', () => {
  it('does nothing the second time', async () => {
    expect(await migrate(database)).toEqual({ ok: true, value: [] });
  });

  it('refuses a database that a newer program has changed, and leaves it as it is', async () => {
    await sql`insert into kysely_migration (name, timestamp) values ('9999-future', '2030-01-01')`.execute(database);
    expect(await migrate(database)).toEqual({
      ok: false,
      error: { type: 'database-newer', migrations: ['9999-future'] },
    });
    await sql`delete from kysely_migration where name = '9999-future'`.execute(database);
    expect(await migrate(database)).toEqual({ ok: true, value: [] });
  });
});

describe('the URL of a database', () => {
  it.each([
    'postgres://db/postern',
    'postgresql://postern@db:5433/postern',
    'postgres://postern:secret@[::1]/postern?sslmode=require',
    'sqlite:/var/lib/postern/cloud.db',
  ])('may be %s', (url) => {
    expect(readConfig({ database: url }, {})).toMatchObject({ ok: true, value: { database: url } });
  });

  it.each(['postgres://u:very-secret@h:port/db', 'mysql://db/postern', 'cloud.db', 'sqlite:'])(
    'may not be %s, and what is said repeats nothing of it',
    (url) => {
      const config = readConfig({ database: url }, {});
      expect(config).toMatchObject({ ok: false, error: { type: 'config-invalid' } });
      expect(JSON.stringify(config)).not.toContain('very-secret');
    },
  );

  it('is shown without its password, whatever that is', () => {
    const secret = fc.string({ minLength: 8, unit: 'grapheme-ascii' }).map(encodeURIComponent);
    fc.assert(
      fc.property(secret, (password) => {
        fc.pre(!'postgres://postern:***@db.example:5432/postern?sslmode=require&password='.includes(password));
        const shown = redactUrl(`postgres://postern:${password}@db.example:5432/postern?sslmode=require`);
        expect(shown).toBe('postgres://postern:***@db.example:5432/postern?sslmode=require');
        expect(redactUrl(`postgres://db.example/postern?user=x&password=${password}&a=b`)).not.toContain(password);
      }),
    );
    expect(redactUrl('sqlite:/var/lib/cloud.db')).toBe('sqlite:/var/lib/cloud.db');
  });

  it('does not appear in what a failed connection says', async () => {
    const unreachable = openCloudDatabase('postgres://postern:very-secret@127.0.0.1:1/postern');
    const migrated = await migrate(unreachable);
    await unreachable.destroy();
    expect(migrated).toMatchObject({
      ok: false,
      error: { type: 'database-unusable', cause: expect.stringContaining('ECONNREFUSED') },
    });
    expect(JSON.stringify(migrated)).not.toContain('very-secret');
  });
});

describe('a new SQLite file', () => {
  it('and what lies beside it are for its owner alone, also in a folder that others may read', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'postern-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    chmodSync(folder, 0o755);
    const made = openCloudDatabase(`sqlite:${join(folder, 'cloud.db')}`);
    await migrate(made);
    const files = readdirSync(folder);
    expect(files).toEqual(['cloud.db', 'cloud.db-shm', 'cloud.db-wal']);
    for (const name of files) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    await made.destroy();
  });
});
