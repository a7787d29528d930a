// Goal: messages reach every process on a database, and a connection that is lost comes back with the news that some may be missing.
import { afterEach, expect, it, vi } from 'vitest';
import { sql } from 'kysely';
import { openPostgresChannel, type Channel } from '../../cloud-sync/src/store/postgres.ts';
import { silentLog } from '../support/cloud.ts';
import { postgresUrl } from '../support/database.ts';
import { describeOrReport } from '../support/not-run.ts';
import { missingPostgres } from '../../scripts/lib/postgres-programs.ts';
import { withDatabase } from '../../scripts/lib/cloud-database.ts';
import { createPostgresDatabase } from '../support/postgres.ts';

interface Process {
  readonly channel: Channel;
  readonly heard: string[];
  missed: number;
}

const opened: Channel[] = [];
afterEach(() => Promise.all(opened.splice(0).map((channel) => channel.close())));

function openProcess(url: string): Process {
  const heard: string[] = [];
  const channel = openPostgresChannel(url, {
    log: silentLog,
    received: (message) => heard.push(message),
    missed: () => (process.missed += 1),
  });
  const process: Process = { channel, heard, missed: 0 };
  opened.push(channel);
  return process;
}

describeOrReport('the channel between processes', missingPostgres(), () => {
  it('carries messages to all, in order', async () => {
    const url = await createPostgresDatabase(postgresUrl());
    const [a, b] = [openProcess(url), openProcess(url)];
    // Whoever has heard itself listens.
    await a.channel.send('hello');
    await vi.waitFor(() => expect(a.heard).toContain('hello'));
    await b.channel.send('one');
    await b.channel.send('two');
    await vi.waitFor(() =>
      expect([a.heard.slice(-2), b.heard.slice(-2)]).toEqual([
        ['one', 'two'],
        ['one', 'two'],
      ]),
    );
  });

  it('listens again after its connection was cut, and says that it was deaf', async () => {
    const url = await createPostgresDatabase(postgresUrl());
    const a = openProcess(url);
    await a.channel.send('before');
    await vi.waitFor(() => expect(a.heard).toEqual(['before']));
    await withDatabase(url, (database) =>
      sql`select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and query like '%pg_notify%' and pid <> pg_backend_pid()`.execute(
        database,
      ),
    );
    await vi.waitFor(() => expect(a.missed).toBe(1), { timeout: 20_000 });
    await a.channel.send('after');
    await vi.waitFor(() => expect(a.heard).toEqual(['before', 'after']));
  });

  it('closes without waiting for a database that is not there', async () => {
    const nowhere = openProcess('postgres://postern@127.0.0.1:1/none');
    await nowhere.channel.send('lost');
    expect(nowhere.heard).toEqual([]);
  });
});
