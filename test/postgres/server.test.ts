// Goal: the cloud's suites run on a real PostgreSQL here, or the summary says why not.
import { expect } from 'vitest';
import { sql } from 'kysely';
import { postgresUrl } from '../support/database.ts';
import { missingPostgres } from '../../scripts/lib/postgres-programs.ts';
import { withDatabase } from '../../scripts/lib/cloud-database.ts';
import { createPostgresDatabase } from '../support/postgres.ts';
import { runOrReport } from '../support/not-run.ts';

runOrReport(
  'commits are durable and text is ordered by bytes, whatever the database says',
  missingPostgres(),
  async () => {
    const url = await createPostgresDatabase(postgresUrl());
    await withDatabase(url, (database) =>
      sql`alter database ${sql.id(new URL(url).pathname.slice(1))} set synchronous_commit = off`.execute(database),
    );
    await withDatabase(url, async (database) => {
      const settings = await sql<Record<string, string>>`select current_setting('synchronous_commit') as commit,
      version() as version`.execute(database);
      expect(settings.rows).toEqual([{ commit: 'on', version: expect.stringMatching(/^PostgreSQL \d/) }]);
      const collations = await sql`select distinct collation_name from information_schema.columns
      where table_schema = 'public' and data_type = 'text' and table_name not like 'kysely%'`.execute(database);
      expect(collations.rows).toEqual([{ collation_name: 'C' }]);
    });
  },
);
