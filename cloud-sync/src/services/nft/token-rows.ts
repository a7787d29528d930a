// Tokens as the chain's events make them: applied in bulk, each with what it undoes, and taken back where the chain was reorganised. Events of
// tokens that stand for no ticket here are nobody's. Whatever changes raises the event's revision, so that gates hear of it.
import { sql } from 'kysely';
import { z } from 'zod';
import type { Queries } from '../../store/database.ts';
import { insertRows } from '../../store/insert-rows.ts';
import { raiseRevision } from '../events.ts';
import { groupBy } from '../group-by.ts';
import { parseJson } from '../parse-json.ts';
import { eventOfToken, type TokenEvent } from './logs.ts';

/** Rows that one statement reads or writes: SQLite takes 32,766 values, PostgreSQL looks at the whole table for each statement. */
const rowsPerStatementMax = 5_000;
const nobody = `0x${'00'.repeat(20)}`;

/** What the chain says of a token: `[owner, locked, consumed, block]`. */
const chainStateSchema = z.tuple([z.string().nullable(), z.number(), z.number(), z.number().nullable()]);
type ChainState = z.infer<typeof chainStateSchema>;

interface TokenRow {
  readonly event: number;
  readonly token: string;
  readonly state: ChainState;
  /** The owner whose ticket it is: at first to whom it is minted. */
  readonly followed: string;
}

export interface Applied {
  /** Events about tokens of ours. */
  readonly events: number;
  /** Those of other tokens of the contract. */
  readonly strangers: number;
  /** Events (with gates and tickets) whose tokens have changed. */
  readonly changed: ReadonlySet<number>;
}

/** `events` in their order. */
export async function applyEvents(queries: Queries, chain: string, events: readonly TokenEvent[]): Promise<Applied> {
  const rows = await readRows(queries, chain, new Set(events.map(({ token }) => token)));
  const changes: Parameters<typeof insertRows<'nft_change'>>[2][number][] = [];
  const touched = new Set<string>();
  for (const event of events) {
    const row = rows.get(event.token);
    if (row === undefined) continue;
    const before = JSON.stringify(row.state);
    changes.push({ chain, block: event.block, position: event.position, event: row.event, token: row.token, before });
    rows.set(row.token, { ...row, state: follow(row.state, event) });
    touched.add(row.token);
  }
  await insertRows(queries, 'nft_change', changes, 'replace');
  const changed = await writeRows(
    queries,
    chain,
    [...touched].flatMap((token) => rows.get(token) ?? []),
  );
  return { events: changes.length, strangers: events.length - changes.length, changed };
}

/** Makes tokens what they were before everything above `block`; answers with the events concerned. */
export async function takeBack(queries: Queries, chain: string, block: number): Promise<ReadonlySet<number>> {
  const changes = await queries
    .selectFrom('nft_change')
    .select(['token', 'before'])
    .where('chain', '=', chain)
    .where('block', '>', block)
    .orderBy('block')
    .orderBy('position')
    .execute();
  const firsts = new Map<string, ChainState>();
  for (const { token, before } of changes)
    if (!firsts.has(token)) firsts.set(token, chainStateSchema.parse(parseJson(before)));
  const rows = await readRows(queries, chain, new Set(firsts.keys()));
  const changed = await writeRows(
    queries,
    chain,
    [...rows.values()].map((row) => ({ ...row, state: firsts.get(row.token) ?? row.state })),
  );
  await queries.deleteFrom('nft_change').where('chain', '=', chain).where('block', '>', block).execute();
  await queries.deleteFrom('nft_block').where('chain', '=', chain).where('number', '>', block).execute();
  // What was final above is looked up again: it may have to be sent again.
  await queries
    .updateTable('nft_transaction')
    .set({ state: 'sent', block: null })
    .where('chain', '=', chain)
    .where('block', '>', block)
    .execute();
  return changed;
}

const untouched: ChainState = [null, 0, 0, null];

/** Everything is read anew: nothing is known of any token. */
export async function forgetAll(queries: Queries, chain: string): Promise<ReadonlySet<number>> {
  const known = await queries
    .selectFrom('nft_token')
    .select('token')
    .where('chain', '=', chain)
    .where('block', 'is not', null)
    .execute();
  const rows = await readRows(queries, chain, new Set(known.map(({ token }) => token)));
  const changed = await writeRows(
    queries,
    chain,
    [...rows.values()].map((row) => ({ ...row, state: untouched })),
  );
  await queries.deleteFrom('nft_change').where('chain', '=', chain).execute();
  await queries.deleteFrom('nft_block').where('chain', '=', chain).execute();
  await queries
    .updateTable('nft_transaction')
    .set({ state: 'sent', block: null })
    .where('chain', '=', chain)
    .where('block', 'is not', null)
    .execute();
  return changed;
}

function follow([owner, locked, consumed]: ChainState, { block, what }: TokenEvent): ChainState {
  switch (what.type) {
    case 'transfer':
      return [what.to === nobody ? null : what.to, locked, consumed, block];
    case 'consumed':
      return [owner, locked, 1, block];
    case 'locked':
      return [owner, what.locked ? 1 : 0, consumed, block];
  }
}

async function readRows(queries: Queries, chain: string, tokens: ReadonlySet<string>): Promise<Map<string, TokenRow>> {
  const rows = new Map<string, TokenRow>();
  for (const [event, own] of groupBy(tokens, eventOfToken))
    for (let start = 0; start < own.length; start += rowsPerStatementMax) {
      const found = await queries
        .selectFrom('nft_token')
        .select(['token', 'owner', 'locked', 'consumed', 'block', 'followed', 'wallet'])
        .where('event', '=', event)
        .where('chain', '=', chain)
        .where('token', 'in', own.slice(start, start + rowsPerStatementMax))
        .execute();
      for (const { token, owner, locked, consumed, block, followed, wallet } of found)
        rows.set(token, { event, token, state: [owner, locked, consumed, block], followed: followed ?? wallet });
    }
  return rows;
}

/** Columns that only the reader of the chain writes: those of the sender stay as they are. */
async function writeRows(queries: Queries, chain: string, rows: readonly TokenRow[]): Promise<ReadonlySet<number>> {
  const byEvent = groupBy(rows, ({ event }) => event);
  // In one order everywhere, since each locks its event.
  for (const event of [...byEvent.keys()].toSorted((a, b) => a - b)) {
    const own = byEvent.get(event) ?? [];
    const revision = (await raiseRevision(queries, event)) ?? 0;
    for (let start = 0; start < own.length; start += rowsPerStatementMax) {
      const values = own
        .slice(start, start + rowsPerStatementMax)
        .map(
          ({ token, state: [owner, locked, consumed, block], followed }) =>
            sql`(${token}, cast(${owner} as text), cast(${locked} as bigint), cast(${consumed} as bigint), cast(${block} as bigint), cast(${isHandedOn(owner, followed) ? 1 : 0} as bigint))`,
        );
      // Both databases call the columns of VALUES so.
      await sql`
        update nft_token set owner = changed.column2, locked = changed.column3, consumed = changed.column4,
          block = changed.column5, handed_on = changed.column6,
          revision = ${revision}
        from (values ${sql.join(values)}) as changed
        where nft_token.event = ${event} and nft_token.chain = ${chain} and nft_token.token = changed.column1`.execute(
        queries,
      );
    }
  }
  return new Set(byEvent.keys());
}

/** The ticket has to follow. */
const isHandedOn = (owner: string | null, followed: string): boolean => owner !== null && owner !== followed;
