// The marks of the cloud's own writers as a journal, from which they go into signed segments like those of any gate. They are in the
// table of all marks already; what is drained is only their signed form for the gates.
import { centralGate, type JournalReader, type WriterId } from '@postern/shared';
import { livingBoots } from './central-writer.ts';
import type { Database } from './database.ts';
import { writerColumns } from './segment-rows.ts';

export interface CentralJournalDeps {
  readonly database: Database;
  /** This process start, whose segments stay open, and the events it has written marks of. */
  readonly own: () => { readonly boot: string; readonly events: ReadonlySet<number> };
}

export function createCentralJournal({ database, own }: CentralJournalDeps): JournalReader {
  /** Earlier starts of which nothing is left to do. */
  const finished = new Set<string>();

  const eventsOf = async (boot: string): Promise<readonly number[]> => {
    const rows = await database
      .selectFrom('event')
      .select('id')
      .where((eb) =>
        eb.exists(
          eb
            .selectFrom('mark')
            .select('sequence')
            .whereRef('mark.event', '=', 'event.id')
            .where('gate', '=', centralGate)
            .where('boot', '=', boot),
        ),
      )
      .execute();
    return rows.map(({ id }) => id);
  };

  const isFinished = async (writer: WriterId): Promise<boolean> => {
    const latest = await database
      .selectFrom('segment')
      .select(['first_sequence', 'count', 'closed'])
      .where((where) => where.and(writerColumns(writer)))
      .orderBy('segment', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (latest === undefined || latest.closed === 0) return false;
    const behind = await database
      .selectFrom('mark')
      .select('sequence')
      .where((where) => where.and(writerColumns(writer)))
      .where('sequence', '>=', latest.first_sequence + latest.count)
      .limit(1)
      .executeTakeFirst();
    return behind === undefined;
  };

  /** What process starts that have ended left to be drained or closed. */
  const leftBehind = async (): Promise<readonly WriterId[]> => {
    const ended = await database
      .selectFrom('central_writer')
      .select('boot')
      .where('ended', '=', 1)
      .where('boot', '!=', own().boot)
      .execute();
    const left: WriterId[] = [];
    for (const { boot } of ended) {
      if (finished.has(boot)) continue;
      const before = left.length;
      for (const event of await eventsOf(boot)) {
        const writer = { event, gate: centralGate, boot };
        if (!(await isFinished(writer))) left.push(writer);
      }
      if (left.length === before) finished.add(boot);
    }
    return left;
  };

  return {
    writers: async () => {
      const { boot, events } = own();
      return [...[...events].map((event) => ({ event, gate: centralGate, boot })), ...(await leftBehind())];
    },
    isBusy: async ({ boot }) => (await livingBoots(database)).has(boot),
    marksAfter: async (writer, sequence, limit) => {
      const rows = await database
        .selectFrom('mark')
        .select('bytes')
        .where((where) => where.and(writerColumns(writer)))
        .where('sequence', '>', sequence)
        .orderBy('sequence')
        .limit(limit)
        .execute();
      return rows.map(({ bytes }) => new Uint8Array(bytes));
    },
  };
}
