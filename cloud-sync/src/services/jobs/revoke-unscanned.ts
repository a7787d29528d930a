// Revokes, at the time that an event's deadlines name, every ticket that nobody has been let in with. Some hundred tickets a transaction,
// each with its entry in the audit log; broken off in the middle it goes on where it was, since what is revoked is not found again.
import { err, gatesNotHeard, ok, type Clock, type Coverage } from '@postern/shared';
import { z } from 'zod';
import type { Database } from '../../store/database.ts';
import { systemActor, type Audit } from '../audit.ts';
import { readEvent } from '../events.ts';
import { revokeUnscanned } from '../ticket-batches.ts';
import type { Outbox } from '../webhooks/outbox.ts';
import { defineJob, type JobKind } from './job-kind.ts';

const ticketsPerTransaction = 500;
/** A gate in reach is heard every few seconds. */
const heardWithinMs = 5 * 60_000;

export interface RevokeUnscannedDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly audit: Pick<Audit, 'record'>;
  readonly readCoverage: (event: number) => Promise<Coverage>;
  /** Tells webhooks, in the transaction of the change. */
  readonly tell: Outbox['tellTickets'];
  /** Tells the feed that tickets of an event have changed. */
  readonly changed: (event: number) => void;
}

export const revokeUnscannedName = 'revoke-unscanned';

export const revokeUnscannedTickets = ({
  database,
  clock,
  audit,
  readCoverage,
  tell,
  changed,
}: RevokeUnscannedDeps): JobKind =>
  defineJob({
    name: revokeUnscannedName,
    title: 'Revokes the tickets of an event that nobody has been let in with',
    about: 'event',
    runNow: true,
    parameters: z.strictObject({}),
    run: async ({ event, signal, report, fence }) => {
      if ((await readEvent(database, event)) === undefined)
        return err({ type: 'event-unknown', detail: 'There is no such event any more.' });
      const { total } = await unscannedOf(database, event)
        .select(({ fn }) => fn.countAll<number>().as('total'))
        .executeTakeFirstOrThrow();
      let [revoked, done, after] = [0, 0, ''];
      while (!signal.aborted) {
        report(done, total);
        const page = await unscannedOf(database, event)
          .select('id')
          .where('id', '>', after)
          .orderBy('id')
          .limit(ticketsPerTransaction)
          .execute();
        if (page.length === 0) break;
        const tickets = await database.transaction().execute(async (queries) => {
          await fence(queries);
          const found = await revokeUnscanned(
            queries,
            event,
            page.map(({ id }) => id),
          );
          await tell(
            queries,
            event,
            'ticket.revoked',
            found.map(({ id }) => id),
          );
          const entry = { action: 'ticket-revoked', actor: systemActor, event, reason: 'unscanned' } as const;
          await audit.record(
            queries,
            found.map(({ id }) => ({ ...entry, ticket: id })),
          );
          return found;
        });
        if (tickets.length > 0) changed(event);
        revoked += tickets.length;
        done += page.length;
        after = page.at(-1)?.id ?? after;
      }
      const unheard = gatesNotHeard(await readCoverage(event), clock.wallMs() - heardWithinMs).length;
      const warning =
        unheard === 0 || revoked === 0
          ? ''
          : ` ${unheard} gates have not been heard for a while: what they have scanned may be among them.`;
      return ok({
        counts: { tickets: revoked, gatesNotHeard: unheard },
        summary: `Revoked ${revoked} tickets that nobody was let in with.${warning}`,
      });
    },
  });

const unscannedOf = (database: Database, event: number) =>
  database
    .selectFrom('ticket')
    .where('event', '=', event)
    .where('status', '=', 'valid')
    .where((where) =>
      where.not(
        where.exists(
          where
            .selectFrom('entry')
            .select('entry.ticket')
            .whereRef('entry.event', '=', 'ticket.event')
            .whereRef('entry.ticket', '=', 'ticket.id'),
        ),
      ),
    );
