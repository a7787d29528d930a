// What the tables say, in the words of the API: counts of an event, and the history of one ticket. Only reads.
import {
  compareMarks,
  err,
  ok,
  type Clock,
  type ReplicaStore,
  type Result,
  type Summary,
  type TicketHistory,
} from '@postern/shared';
import type { Selectable } from 'kysely';
import type { Database } from '../store/database.ts';
import { readMark } from '../store/mark-rows.ts';
import type { Schema } from '../store/schema.ts';
import type { Cases } from './cases.ts';
import type { CoverageService } from './coverage.ts';
import { readEvent } from './events.ts';
import { countEvent } from './live-figures.ts';
import { toMarkView } from './mark-view.ts';
import type { Failure } from './problems.ts';
import { foldTickets } from './stories.ts';
import { rowView } from './ticket-views.ts';

const historyMarksMax = 2_000;

export interface Reports {
  readonly summary: (event: number) => Promise<Result<Summary, Failure>>;
  readonly history: (ticketId: string) => Promise<Result<TicketHistory, Failure>>;
}

export interface ReportsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly replica: ReplicaStore;
  readonly coverage: CoverageService;
  readonly cases: Cases;
  readonly feedVersion: (event: number) => Promise<number>;
}

export function createReports({ database, clock, replica, coverage, cases, feedVersion }: ReportsDeps): Reports {
  return {
    summary: async (event) => {
      if ((await readEvent(database, event)) === undefined) return err({ type: 'event-unknown' });
      const { completeUpToMs } = await coverage.read(event);
      return ok({
        event,
        ...(await countEvent(database, event)),
        ...(completeUpToMs === undefined ? {} : { completeUpToMs }),
        historyHash: await replica.contentHash(event),
        feedVersion: await feedVersion(event),
        atMs: clock.wallMs(),
      });
    },
    history: async (ticketId) => {
      const row = await database.selectFrom('ticket').selectAll().where('id', '=', ticketId).executeTakeFirst();
      const event =
        row?.event ??
        (await database.selectFrom('mark').select('event').where('ticket', '=', ticketId).executeTakeFirst())?.event;
      const policy = event === undefined ? undefined : (await readEvent(database, event))?.policy;
      if (event === undefined || policy === undefined) return err({ type: 'ticket-unknown' });
      const history = (await foldTickets(database, policy, [ticketId])).get(ticketId);
      const rows = await database
        .selectFrom('mark')
        .select(['event', 'gate', 'boot', 'bytes'])
        .where('event', '=', event)
        .where('ticket', '=', ticketId)
        .orderBy('at_ms')
        .limit(historyMarksMax)
        .execute();
      const marks = rows.flatMap((stored) => readMark(stored) ?? []).toSorted(compareMarks);
      return ok({
        ticket: row === undefined ? { id: ticketId, event } : publicTicket(row),
        usesSpent: history?.usesSpent ?? 0,
        inside: history?.inside ?? 0,
        marks: marks.map(toMarkView),
        cases: [...(await cases.ofTicket(event, ticketId))],
      });
    },
  };
}

function publicTicket(row: Selectable<Schema['ticket']>): TicketHistory['ticket'] {
  const { version: _version, ...ticket } = rowView(row);
  return ticket;
}
