// Who holds a ticket: name, e-mail address, order number, and their account here. Personal fields live in this one table of the cloud and are never read by
// what makes feeds or marks; taking all of them away removes the row.
import type { Holder, TicketChange } from '@postern/shared';
import type { Insertable, Selectable } from 'kysely';
import type { Queries } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import type { Failure } from './problems.ts';

/** Accounts looked up in one statement. */
const rowsPerStatementMax = 2_000;

/** As names, addresses and order numbers are compared: Unicode forms, capital letters and runs of spaces make no difference. */
export const searchKey = (text: string): string =>
  isPlain.test(text) ? text.toLowerCase() : text.normalize('NFKC').toLowerCase().replace(/\s+/gu, ' ').trim();
/** Nothing but its capital letters has another form. */
const isPlain = /^[!-~]+(?: [!-~]+)*$/;

export function toHolderRow(event: number, ticket: string, holder: Holder): Insertable<Schema['ticket_holder']> {
  const keyOf = (text: string | undefined): string | null => (text === undefined ? null : searchKey(text));
  return {
    event,
    ticket,
    name: holder.name ?? null,
    email: holder.email ?? null,
    order_reference: holder.order ?? null,
    account: holder.account ?? null,
    name_key: keyOf(holder.name),
    surname_key: surnameKey(keyOf(holder.name)),
    email_key: keyOf(holder.email),
    order_key: keyOf(holder.order),
  };
}

/** Null for a name of one word, which is found as it is. */
function surnameKey(nameKey: string | null): string | null {
  const space = nameKey?.lastIndexOf(' ') ?? -1;
  return nameKey === null || space < 0 ? null : nameKey.slice(space + 1);
}

export const isEmptyHolder = (holder: Holder): boolean => Object.values(holder).every((value) => value === undefined);

/** `user-unknown` when a holder has an account that does not exist. */
export async function checkAccounts(
  queries: Queries,
  holders: readonly (Holder | undefined)[],
): Promise<Failure | undefined> {
  const accounts = [...new Set(holders.flatMap((holder) => holder?.account ?? []))];
  for (let start = 0; start < accounts.length; start += rowsPerStatementMax) {
    const some = accounts.slice(start, start + rowsPerStatementMax);
    const known = await queries.selectFrom('user').select('id').where('id', 'in', some).execute();
    const missing = some.find((account) => !known.some(({ id }) => id === account));
    if (missing !== undefined) return { type: 'user-unknown', detail: `There is no account ${missing}.` };
  }
  return undefined;
}

/** Replaces all that is known of the holder. */
export async function storeHolder(queries: Queries, event: number, ticket: string, holder: Holder): Promise<void> {
  await queries.deleteFrom('ticket_holder').where('event', '=', event).where('ticket', '=', ticket).execute();
  if (isEmptyHolder(holder)) return;
  await queries
    .insertInto('ticket_holder')
    .values(toHolderRow(event, ticket, holder))
    .execute();
}

/** By ticket id; tickets of which nothing is known are left out. */
export async function readHolders(
  queries: Queries,
  event: number,
  tickets: readonly string[],
): Promise<ReadonlyMap<string, Holder>> {
  const rows = await queries
    .selectFrom('ticket_holder')
    .select(['ticket', 'name', 'email', 'order_reference', 'account'])
    .where('event', '=', event)
    .where('ticket', 'in', tickets)
    .execute();
  return new Map(rows.map((row) => [row.ticket, toHolder(row)]));
}

export const toHolder = (
  row: Pick<Selectable<Schema['ticket_holder']>, 'name' | 'email' | 'order_reference' | 'account'>,
): Holder => ({
  ...(row.name === null ? {} : { name: row.name }),
  ...(row.email === null ? {} : { email: row.email }),
  ...(row.order_reference === null ? {} : { order: row.order_reference }),
  ...(row.account === null ? {} : { account: row.account }),
});

/** What is absent stays, `null` takes away. */
export function mergeHolder(holder: Holder, change: NonNullable<TicketChange['holder']>): Holder {
  const merged = { ...holder, ...change };
  return Object.fromEntries(
    Object.entries(merged).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
