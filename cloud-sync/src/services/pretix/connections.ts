// With which event of which pretix server an event here is connected: stored with its secrets sealed, and opened to be asked. One process at
// a time works on a connection, under a lease that it renews; a page is stored only by who still has it.
import {
  bytesToHex,
  err,
  ok,
  utf8,
  type Clock,
  type Logger,
  type PretixConnect,
  type Random,
  type Result,
  type Timer,
} from '@postern/shared';
import { sql, type Selectable, type Updateable } from 'kysely';
import { z } from 'zod';
import type { Database, Queries } from '../../store/database.ts';
import { inTransaction } from '../../store/locks.ts';
import type { PretixSchema } from '../../store/schema-pretix.ts';
import type { Schema } from '../../store/schema.ts';
import { parseJson } from '../parse-json.ts';
import { createPretixClient, type PretixClient } from './client.ts';
import { chosenTypesSchema, connectedListSchema, type ChosenTypes, type ConnectedList } from './items.ts';
import type { Failure } from '../problems.ts';
import type { Reach } from './reach.ts';
import { createVault, type Vault, type VaultError } from '../vault.ts';

export type ConnectionRow = Selectable<Schema['pretix_connection']>;

export interface Connection {
  readonly row: ConnectionRow;
  readonly lists: readonly ConnectedList[];
  readonly chosen: ChosenTypes;
  readonly client: PretixClient;
  /** Seals and opens the secrets of positions. */
  readonly secrets: Vault;
  readonly key: Uint8Array;
}

/** What somebody who works on a connection has of it. */
export interface Held {
  readonly connection: Connection;
  /** Ends when the work is to end, and when the lease is lost. */
  readonly signal: AbortSignal;
  /** Changes the row in `queries`' transaction; false when somebody else has the lease by now: then nothing may be stored. */
  readonly update: (queries: Queries, changes: Updateable<Schema['pretix_connection']>) => Promise<boolean>;
}

export interface ConnectionDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly timer: Timer;
  readonly log: Logger;
  readonly vault: Vault;
  readonly reach: Reach;
}

/** Rows of one transaction. */
const rowsAtOnceMax = 5_000;
const keyBytes = 32;
const leaseBytes = 8;
const leaseMs = 120_000;
const renewEveryMs = 30_000;
const tokenLabel = 'pretix-token';
const keyLabel = 'pretix-key';

const labelOf = (label: string, event: number): string => `${label}/${event}`;
const connectionLock = (event: number): string => `pretix/${event}`;

export const readConnectionRow = (queries: Queries, event: number): Promise<ConnectionRow | undefined> =>
  queries.selectFrom('pretix_connection').selectAll().where('event', '=', event).executeTakeFirst();

export const readLists = (row: Pick<ConnectionRow, 'lists'>): readonly ConnectedList[] =>
  z.array(connectedListSchema).parse(parseJson(row.lists));

/** `vault-unreadable` is a master key that does not belong to this database, which would not have started. */
export function openToken({ vault }: Pick<ConnectionDeps, 'vault'>, row: ConnectionRow): string {
  return Buffer.from(openSealed(vault, row.sealed_token, labelOf(tokenLabel, row.event))).toString();
}

function openSealed(vault: Vault, sealed: string, label: string): Uint8Array {
  const opened = vault.open(sealed, label);
  if (!opened.ok) throw new Error(opened.error.cause);
  return opened.value;
}

/** Replaces what is stored, but for what has come in, all of which is read once more. */
export async function storeConnection(
  { database, clock, random, vault }: ConnectionDeps,
  event: number,
  { server, organizer, slug, names, allowHttp, types }: PretixConnect,
  { token, lists }: { readonly token: string; readonly lists: readonly ConnectedList[] },
): Promise<void> {
  const values = {
    server,
    organizer,
    slug,
    sealed_token: vault.seal(utf8(token), labelOf(tokenLabel, event)),
    lists: JSON.stringify(lists),
    chosen_types: JSON.stringify(types),
    names: names ? 1 : 0,
    allow_http: allowHttp ? 1 : 0,
    connected_at_ms: clock.wallMs(),
    wait_until_ms: 0,
    items_at_ms: clock.wallMs(),
    last_error: null,
    // Whoever works by the old settings stores nothing more.
    lease: null,
    lease_until_ms: 0,
  };
  await inTransaction(database, connectionLock(event), (queries) =>
    queries
      .insertInto('pretix_connection')
      .values({ event, ...values, sealed_key: vault.seal(random(keyBytes), labelOf(keyLabel, event)) })
      .onConflict((conflict) => conflict.column('event').doUpdateSet({ ...values, ...fromTheBeginning }))
      .execute(),
  );
}

/** Everything is read again. */
export const fromTheBeginning = {
  orders_since_ms: null,
  revoked_since_ms: null,
  blocked_since_ms: null,
  begun_at_ms: null,
  resume_from_ms: null,
} as const;

/** Nothing is left but the tickets; what has not gone back will not. */
export async function removeConnection(database: Database, event: number): Promise<void> {
  const remove = (queries: Queries): Promise<number> => forgetConnection(queries, event, rowsAtOnceMax);
  while ((await inTransaction(database, connectionLock(event), remove)) > 0);
}

/** Removes at most so many rows; answers how many. The connection goes first, so that nobody adds to what is left. */
export async function forgetConnection(queries: Queries, event: number, rowsMax: number): Promise<number> {
  const connection = await queries.deleteFrom('pretix_connection').where('event', '=', event).executeTakeFirst();
  let removed = Number(connection.numDeletedRows);
  for (const [table, key] of Object.entries(tableKeys)) {
    const columns = sql.join(key.map((column) => sql.ref(column)));
    const { numAffectedRows = 0n } = await sql`
      delete from ${sql.table(table)} where event = ${event} and (${columns}) in (
        select ${columns} from ${sql.table(table)} where event = ${event} limit ${rowsMax}
      )`.execute(queries);
    removed += Number(numAffectedRows);
  }
  return removed;
}

/** What belongs to a connection, with what tells its rows apart within an event. */
const tableKeys = {
  pretix_item: ['item', 'variation'],
  pretix_position: ['position'],
  pretix_secret: ['hash'],
  pretix_problem: ['order_code', 'position'],
  pretix_writer: ['gate', 'boot'],
  pretix_check_in: ['gate', 'boot', 'sequence'],
} as const satisfies { readonly [T in keyof PretixSchema as Exclude<T, 'pretix_connection'>]: readonly string[] };

/**
 * Runs `work` alone among all processes. `pretix-unconnected`; `pretix-running` while somebody else works; `pretix-busy` while the server
 * has asked to wait.
 */
export async function withConnection<T>(
  deps: ConnectionDeps,
  event: number,
  signal: AbortSignal,
  work: (held: Held) => Promise<Result<T, Failure>>,
): Promise<Result<T, Failure>> {
  const { database, clock, random, timer, log } = deps;
  const lease = bytesToHex(random(leaseBytes));
  const row = await takeLease(deps, event, lease);
  if (!row.ok) return row;
  const lost = new AbortController();
  const both = AbortSignal.any([signal, lost.signal]);
  let cancel = (): void => undefined;
  const renew = async (): Promise<void> => {
    try {
      if (await update(database, {})) renewLater();
      else lost.abort();
    } catch (cause) {
      log.warn({ event, cause: String(cause) }, 'the lease on a pretix connection could not be renewed');
      lost.abort();
    }
  };
  const renewLater = (): void => {
    if (!both.aborted) cancel = timer.after(renewEveryMs, () => void renew());
  };
  const update: Held['update'] = async (queries, changes) => {
    const updated = await queries
      .updateTable('pretix_connection')
      .set({ ...changes, lease_until_ms: clock.wallMs() + leaseMs })
      .where('event', '=', event)
      .where('lease', '=', lease)
      .returning('event')
      .executeTakeFirst();
    return updated !== undefined;
  };
  renewLater();
  try {
    return await work({ connection: open(deps, row.value, both), signal: both, update });
  } finally {
    cancel();
    lost.abort();
    await database
      .updateTable('pretix_connection')
      .set({ lease: null, lease_until_ms: 0 })
      .where('event', '=', event)
      .where('lease', '=', lease)
      .execute();
  }
}

const takeLease = (
  { database, clock }: ConnectionDeps,
  event: number,
  lease: string,
): Promise<Result<ConnectionRow, Failure>> =>
  inTransaction(database, connectionLock(event), async (queries): Promise<Result<ConnectionRow, Failure>> => {
    const row = await readConnectionRow(queries, event);
    const nowMs = clock.wallMs();
    if (row === undefined) return err({ type: 'pretix-unconnected' });
    if (row.lease !== null && row.lease_until_ms > nowMs) return err({ type: 'pretix-running' });
    if (row.wait_until_ms > nowMs)
      return err({ type: 'pretix-busy', retryAfterS: Math.ceil((row.wait_until_ms - nowMs) / 1_000) });
    await queries
      .updateTable('pretix_connection')
      .set({ lease, lease_until_ms: nowMs + leaseMs, last_run_at_ms: nowMs })
      .where('event', '=', event)
      .execute();
    return ok({ ...row, lease });
  });

function open(deps: ConnectionDeps, row: ConnectionRow, signal: AbortSignal): Connection {
  const key = openSealed(deps.vault, row.sealed_key, labelOf(keyLabel, row.event));
  return {
    row,
    lists: readLists(row),
    chosen: chosenTypesSchema.parse(parseJson(row.chosen_types)),
    client: createPretixClient({
      server: row.server,
      organizer: row.organizer,
      slug: row.slug,
      names: row.names === 1,
      token: openToken(deps, row),
      reach: deps.reach,
      clock: deps.clock,
      timer: deps.timer,
      signal,
    }),
    secrets: createVault(key, deps.random),
    key,
  };
}

/** Under another master key: the token, and the key of everything else. */
export async function resealConnections(queries: Queries, from: Vault, to: Vault): Promise<Result<number, VaultError>> {
  const rows = await queries.selectFrom('pretix_connection').select(['event', 'sealed_token', 'sealed_key']).execute();
  for (const { event, sealed_token, sealed_key } of rows) {
    const token = from.open(sealed_token, labelOf(tokenLabel, event));
    const key = from.open(sealed_key, labelOf(keyLabel, event));
    if (!token.ok) return token;
    if (!key.ok) return key;
    await queries
      .updateTable('pretix_connection')
      .set({
        sealed_token: to.seal(token.value, labelOf(tokenLabel, event)),
        sealed_key: to.seal(key.value, labelOf(keyLabel, event)),
      })
      .where('event', '=', event)
      .execute();
  }
  return ok(2 * rows.length);
}
