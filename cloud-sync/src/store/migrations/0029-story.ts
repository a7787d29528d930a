// What went back to pretix, by ticket: for the story of one.
import type { Kysely, Migration } from 'kysely';

export const story: Migration = {
  up: async (db: Kysely<never>) => {
    await db.schema
      .createIndex('pretix_check_in_by_ticket')
      .on('pretix_check_in')
      .columns(['event', 'ticket'])
      .execute();
  },
};
