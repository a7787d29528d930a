// Phones that have a ticket, or had it: found by the id that they give, and proved by the key that they hold (requireHolder in routes/auth.ts).
// One that was moved, given on or replaced is still found, so that it can be told so; `isCurrent` says whether the ticket is here.
import { hexToBytes } from '@postern/shared';
import type { Selectable } from 'kysely';
import type { Database, Queries } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import type { TicketReader } from '../store/ticket-reads.ts';

export type HolderRow = Selectable<Schema['holder']>;

/** However the ticket came onto the phone. */
export interface PhoneRow extends Omit<HolderRow, 'link' | 'created_at_ms'> {
  /** Decimal: where the wallet that holds it has said that this phone may show the ticket. */
  readonly token?: string;
}

export interface Holder {
  readonly row: PhoneRow;
  readonly publicKey: Uint8Array;
  /** False once somebody else has the ticket, or it was issued again. What it may be used for is for its status to say. */
  readonly isCurrent: boolean;
}

export interface Holders {
  readonly find: (id: string) => Promise<Holder | undefined>;
}

export const createHolders = (database: Database, readTicket: TicketReader): Holders => ({
  find: async (id) => {
    const row =
      (await database.selectFrom('holder').selectAll().where('id', '=', id).executeTakeFirst()) ??
      (await findNamedByWallet(database, id));
    const publicKey = hexToBytes(row?.public_key ?? '');
    if (row === undefined || publicKey === undefined) return undefined;
    const ticket = await readTicket(row.ticket);
    return { row, publicKey, isCurrent: ticket?.event === row.event && ticket.epoch === row.epoch };
  },
});

/** Its ticket is passed on with the token, and not here. */
async function findNamedByWallet(database: Database, id: string): Promise<PhoneRow | undefined> {
  const row = await database
    .selectFrom('wallet_binding')
    .select(['event', 'ticket', 'epoch', 'public_key', 'token'])
    .where('holder', '=', id)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return { ...row, id, public_key: row.public_key ?? '', transferable: 0, ended_as: null };
}

/** The phone that a link has brought a ticket to at an epoch. */
export const readHolderAt = (
  queries: Queries,
  { event, ticket, epoch }: Pick<HolderRow, 'event' | 'ticket' | 'epoch'>,
): Promise<HolderRow | undefined> =>
  queries
    .selectFrom('holder')
    .selectAll()
    .where('event', '=', event)
    .where('ticket', '=', ticket)
    .where('epoch', '=', epoch)
    .executeTakeFirst();
