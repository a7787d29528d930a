// In which language a ticket's visitor is spoken to, where whoever sold it has said so.
import type { Kysely, Migration } from 'kysely';

export const ticketLanguage: Migration = {
  up: async (db: Kysely<never>) => {
    await db.schema.alterTable('ticket').addColumn('language', 'text').execute();
  },
};
