// The last word of a holder's name, so that tickets are found by it too.
import { PostgresAdapter, sql, type Kysely, type Migration } from 'kysely';

export const surnames: Migration = {
  up: async (db: Kysely<never>) => {
    await db.schema.alterTable('ticket_holder').addColumn('surname_key', 'text').execute();
    const lastWord =
      db.getExecutor().adapter instanceof PostgresAdapter
        ? sql`substring(name_key from '[^ ]*$')`
        : sql`substr(name_key, length(rtrim(name_key, replace(name_key, ' ', ''))) + 1)`;
    await sql`update ticket_holder set surname_key = ${lastWord} where name_key like '% %'`.execute(db);
    await sql`create index ticket_holder_by_surname on ticket_holder (event, surname_key) where surname_key is not null`.execute(
      db,
    );
  },
};
