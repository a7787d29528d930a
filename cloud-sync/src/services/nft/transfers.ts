// A token that has changed hands on the chain takes its ticket with it: the ticket's epoch rises as with any transfer, so that the passes of
// whoever has sold it are dead, and what was known of that person goes. A token that its ticket has left behind before takes nothing along.
import { ok, type Clock } from '@postern/shared';
import { sql } from 'kysely';
import type { Database, Queries } from '../../store/database.ts';
import { transact } from '../../store/transact.ts';
import { systemActor, type Audit } from '../audit.ts';
import { changeTicket, type Planner } from '../ticket-changes.ts';
import type { Outbox } from '../webhooks/outbox.ts';
import type { Reading } from './mirror.ts';

const tokensAtOnceMax = 200;

export interface TransfersDeps {
  readonly database: Database;
  readonly clock: Clock;
  /** How rows name the chain. */
  readonly chain: string;
  readonly audit: Pick<Audit, 'record'>;
  /** Tells webhooks, in the transaction of the change. */
  readonly tell: Outbox['tellTickets'];
  readonly issuerKeyId: () => Promise<string>;
  readonly changed: (event: number) => void;
}

/** Answers with the number of tickets that have followed. */
export async function followTransfers(
  { database, clock, chain, audit, tell, issuerKeyId, changed }: TransfersDeps,
  { signal, fence }: Pick<Reading, 'signal' | 'fence'>,
): Promise<number> {
  let followed = 0;
  for (;;) {
    const waiting = await database
      .selectFrom('nft_token')
      .select(['event', 'token', 'ticket', 'epoch'])
      .where('chain', '=', chain)
      // As it stands in the index.
      .where('handed_on', '=', sql.lit(1))
      .limit(tokensAtOnceMax)
      .execute();
    const keyId = waiting.length === 0 ? '' : await issuerKeyId();
    for (const { event, token, ticket, epoch } of waiting) {
      if (signal.aborted) return followed;
      const plan: Planner = (view) =>
        view.epoch === epoch
          ? ok({ columns: { epoch: epoch + 1, transferred_at_ms: clock.wallMs() }, holder: {} })
          : ok({});
      const done = await transact(database, async (queries) => {
        await fence(queries);
        const made = await changeTicket(queries, clock, { ticketId: ticket, issuerKeyId: keyId, plan });
        if (!made.ok) return made;
        await settle(queries, { event, chain, token }, made.value.inFeed ? epoch + 1 : epoch);
        if (!made.value.inFeed) return ok(false);
        await tell(queries, event, 'ticket.transferred', [ticket]);
        await audit.record(queries, {
          action: 'transfer',
          actor: systemActor,
          event,
          ticket,
          method: 'nft',
          reason: 'chain',
        });
        return ok(true);
      });
      if (done.ok && done.value) {
        followed += 1;
        changed(event);
      }
      // A ticket that is gone follows nobody.
      if (!done.ok) await settle(database, { event, chain, token }, epoch);
    }
    if (waiting.length < tokensAtOnceMax) return followed;
  }
}

/** The token stands for the ticket as it is now. The event's revision is the ticket's: its row is locked by who has raised it. */
async function settle(
  queries: Queries,
  { event, chain, token }: { readonly event: number; readonly chain: string; readonly token: string },
  epoch: number,
): Promise<void> {
  await queries
    .updateTable('nft_token')
    .set((where) => ({
      handed_on: 0,
      followed: where.ref('owner'),
      epoch,
      revision: where.selectFrom('event').select('revision').where('id', '=', event).$asScalar(),
    }))
    .where('event', '=', event)
    .where('chain', '=', chain)
    .where('token', '=', token)
    .execute();
}
