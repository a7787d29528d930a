// A real PostgreSQL for tests: one server a run, with a fresh database for whoever asks.
import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { migrate } from '../../cloud-sync/src/store/database.ts';
import { withDatabase } from '../../scripts/lib/cloud-database.ts';
import { startPostgresServer, type PostgresServer } from '../../scripts/lib/postgres-server.ts';

const templateName = 'template_postern';

/** Starts a server whose template database has the current schema. */
export async function startPostgres(): Promise<PostgresServer> {
  const server = await startPostgresServer({ isDurable: false });
  try {
    await makeTemplate(server.url);
    return server;
  } catch (cause) {
    await server.stop();
    throw cause;
  }
}

/** The migrated database that every other one is a copy of, in a collation that is not ours. */
async function makeTemplate(url: string): Promise<void> {
  await withDatabase(`${url}postgres`, (database) =>
    sql`create database ${sql.id(templateName)} template template0 locale_provider icu icu_locale 'und'`.execute(
      database,
    ),
  );
  await withDatabase(`${url}${templateName}`, async (database) => {
    const migrated = await migrate(database);
    if (!migrated.ok) throw new Error(JSON.stringify(migrated.error));
  });
}

let databases = 0;
/** Databases that nobody uses any more, emptied: making one takes longer than most tests. */
const emptied: string[] = [];
/** What empties one: all have the same tables. */
let emptying: string | undefined;

/** Makes a database with the current schema, or one without any; answers with its URL. */
export async function createPostgresDatabase(serverUrl: string, { isEmpty = false } = {}): Promise<string> {
  const used = isEmpty ? undefined : emptied.pop();
  if (used !== undefined) return used;
  const name = `test_${process.pid}_${databases++}_${randomBytes(4).toString('hex')}`;
  const template = isEmpty ? 'template0' : templateName;
  await withDatabase(`${serverUrl}postgres`, (database) =>
    sql`create database ${sql.id(name)} template ${sql.id(template)}`.execute(database),
  );
  return `${serverUrl}${name}`;
}

/** Takes back a database with the current schema that nobody is connected to. All of them end with the server. */
export async function recyclePostgresDatabase(url: string): Promise<void> {
  await withDatabase(url, async (database) => {
    emptying ??= (await database.introspection.getTables()).map(({ name }) => `delete from "${name}"`).join(';');
    // Several statements at once are one transaction.
    await sql.raw(emptying).execute(database);
  });
  emptied.push(url);
}
