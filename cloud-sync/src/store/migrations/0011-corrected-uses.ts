// Uses carry the times that clock corrections give them: those of events with a correction are dropped, and made anew at the start.
import { sql, type Kysely, type Migration } from 'kysely';

export const correctedUses: Migration = {
  up: async (db: Kysely<never>) => {
    await sql`delete from usage where event in (select event from correction)`.execute(db);
  },
};
