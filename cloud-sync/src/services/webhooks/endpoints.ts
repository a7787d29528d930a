// The endpoints that are told what happens at an event, and what became of the messages to each: made, changed, tried, read, sent again.
import {
  bytesToHex,
  err,
  ok,
  webhookTestType,
  type Clock,
  type Random,
  type Result,
  type WebhookChange,
  type WebhookCreated,
  type WebhookDelivery,
  type WebhookDeliveryPage,
  type WebhookDeliveryQuery,
  type WebhookDeliveryState,
  type WebhookRequest,
  type WebhookType,
  type WebhookView,
} from '@postern/shared';
import type { Selectable } from 'kysely';
import { isIP } from 'node:net';
import { z } from 'zod';
import type { Database, Queries } from '../../store/database.ts';
import { inTransaction } from '../../store/locks.ts';
import type { Schema } from '../../store/schema.ts';
import { cursorText, readPage } from '../cursor.ts';
import { readEvent } from '../events.ts';
import type { Failure } from '../problems.ts';
import type { Vault, VaultError } from '../vault.ts';
import type { Addresses } from '../network-addresses.ts';
import { newDelivery, type Outbox } from './outbox.ts';
import { secretBytes, secretToText } from './signature.ts';

/** Of one event. */
export const endpointsMax = 20;
const idBytes = 8;
const messageBytes = 15;

const sealLabel = (endpoint: string): string => `webhook/${endpoint}`;
export const openSecret = (vault: Vault, endpoint: string, sealed: string): Result<Uint8Array, VaultError> =>
  vault.open(sealed, sealLabel(endpoint));

export interface Webhooks {
  readonly list: (event: number) => Promise<Result<readonly WebhookView[], Failure>>;
  /** `webhook-url-forbidden`, `too-many-webhooks`. */
  readonly create: (event: number, request: WebhookRequest) => Promise<Result<WebhookCreated, Failure>>;
  /** `webhook-unknown`, here and below. */
  readonly change: (event: number, id: string, change: WebhookChange) => Promise<Result<WebhookView, Failure>>;
  /** With all messages to it. */
  readonly remove: (event: number, id: string) => Promise<Result<void, Failure>>;
  /** Sends a message that tells nothing. */
  readonly test: (event: number, id: string) => Promise<Result<WebhookDelivery, Failure>>;
  readonly deliveries: (
    event: number,
    id: string,
    query: WebhookDeliveryQuery,
  ) => Promise<Result<WebhookDeliveryPage, Failure>>;
  /** Sends one message, or all that were given up, once more from the beginning; answers how many. */
  readonly replay: (event: number, id: string, message?: string) => Promise<Result<number, Failure>>;
}

export interface WebhooksDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly vault: Vault;
  readonly addresses: Addresses;
  readonly outbox: Pick<Outbox, 'forget' | 'wake'>;
}

type EndpointRow = Selectable<Schema['webhook_endpoint']>;
type DeliveryRow = Selectable<Schema['webhook_delivery']>;

export function createWebhooks({ database, clock, random, vault, addresses, outbox }: WebhooksDeps): Webhooks {
  const find = (queries: Queries, event: number, id: string): Promise<EndpointRow | undefined> =>
    queries
      .selectFrom('webhook_endpoint')
      .selectAll()
      .where('event', '=', event)
      .where('id', '=', id)
      .executeTakeFirst();

  const present = async (rows: readonly EndpointRow[]): Promise<readonly WebhookView[]> => {
    const counts =
      rows.length === 0
        ? []
        : await database
            .selectFrom('webhook_delivery')
            .select(['endpoint', 'state', ({ fn }) => fn.countAll<number>().as('messages')])
            .where(
              'endpoint',
              'in',
              rows.map(({ id }) => id),
            )
            .where('state', '!=', 'delivered')
            .groupBy(['endpoint', 'state'])
            .execute();
    const count = (id: string, state: WebhookDeliveryState): number =>
      counts.find((row) => row.endpoint === id && row.state === state)?.messages ?? 0;
    return rows.map((row) => ({
      id: row.id,
      url: row.url,
      types: JSON.parse(row.types) as WebhookType[],
      enabled: row.disabled === null,
      ...(row.disabled === null ? {} : { disabledBecause: row.disabled }),
      ...(row.failing_since_ms === null ? {} : { failingSinceMs: row.failing_since_ms }),
      createdAtMs: row.created_at_ms,
      waiting: count(row.id, 'waiting'),
      dead: count(row.id, 'dead'),
    }));
  };
  const presentOne = async (row: EndpointRow | undefined): Promise<Result<WebhookView, Failure>> => {
    const [view] = row === undefined ? [] : await present([row]);
    return view === undefined ? err({ type: 'webhook-unknown' }) : ok(view);
  };

  /** What can be said without asking anybody for the name's address; the rest is said when it is spoken to. */
  const refusalOf = (text: string): Failure | undefined => {
    const url = new URL(text);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) === 0) return undefined;
    if (!addresses.isAllowed(host)) return { type: 'webhook-url-forbidden' };
    return url.protocol === 'http:' && !addresses.isOwnNetwork(host)
      ? { type: 'webhook-url-forbidden', detail: 'Only a network that the settings name is spoken to without TLS.' }
      : undefined;
  };

  return {
    list: async (event) => {
      if ((await readEvent(database, event)) === undefined) return err({ type: 'event-unknown' });
      const rows = await database
        .selectFrom('webhook_endpoint')
        .selectAll()
        .where('event', '=', event)
        .orderBy('created_at_ms')
        .orderBy('id')
        .execute();
      return ok(await present(rows));
    },

    create: async (event, { url, types }) => {
      const refused = refusalOf(url);
      if (refused !== undefined) return err(refused);
      const id = bytesToHex(random(idBytes));
      const secret = random(secretBytes);
      const made = await inTransaction(
        database,
        `webhooks/${event}`,
        async (queries): Promise<Result<void, Failure>> => {
          if ((await readEvent(queries, event)) === undefined) return err({ type: 'event-unknown' });
          const { endpoints } = await queries
            .selectFrom('webhook_endpoint')
            .select(({ fn }) => fn.countAll<number>().as('endpoints'))
            .where('event', '=', event)
            .executeTakeFirstOrThrow();
          if (endpoints >= endpointsMax)
            return err({ type: 'too-many-webhooks', detail: `An event has at most ${endpointsMax}.` });
          await queries
            .insertInto('webhook_endpoint')
            .values({
              id,
              event,
              url,
              types: JSON.stringify(types),
              sealed_secret: vault.seal(secret, sealLabel(id)),
              disabled: null,
              failing_since_ms: null,
              created_at_ms: clock.wallMs(),
            })
            .execute();
          return ok(undefined);
        },
      );
      if (!made.ok) return made;
      outbox.forget(event);
      const view = await presentOne(await find(database, event, id));
      return view.ok ? ok({ ...view.value, secret: secretToText(secret) }) : view;
    },

    change: async (event, id, { url, types, enabled }) => {
      const refused = url === undefined ? undefined : refusalOf(url);
      if (refused !== undefined) return err(refused);
      const row = await database
        .updateTable('webhook_endpoint')
        .set({
          ...(url === undefined ? {} : { url }),
          ...(types === undefined ? {} : { types: JSON.stringify(types) }),
          ...(enabled === undefined ? {} : { disabled: enabled ? null : 'by-hand' }),
          ...(enabled === true || url !== undefined ? { failing_since_ms: null } : {}),
        })
        .where('event', '=', event)
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirst();
      outbox.forget(event);
      if (enabled === true) outbox.wake();
      return presentOne(row);
    },

    remove: async (event, id) => {
      const removed = await database.transaction().execute(async (queries) => {
        const row = await queries
          .deleteFrom('webhook_endpoint')
          .where('event', '=', event)
          .where('id', '=', id)
          .returning('id')
          .executeTakeFirst();
        if (row !== undefined) await queries.deleteFrom('webhook_delivery').where('endpoint', '=', id).execute();
        return row;
      });
      outbox.forget(event);
      return removed === undefined ? err({ type: 'webhook-unknown' }) : ok(undefined);
    },

    test: async (event, id) => {
      const row = await find(database, event, id);
      if (row === undefined) return err({ type: 'webhook-unknown' });
      const message = `msg_${bytesToHex(random(messageBytes))}`;
      const data = { event };
      const delivery = newDelivery({ endpoint: id, message, type: webhookTestType, data, nowMs: clock.wallMs() });
      await database.insertInto('webhook_delivery').values(delivery).execute();
      outbox.wake();
      return ok(toDelivery(delivery));
    },

    deliveries: async (event, id, query) => {
      if ((await find(database, event, id)) === undefined) return err({ type: 'webhook-unknown' });
      const { state } = query;
      let select = database.selectFrom('webhook_delivery').selectAll().where('endpoint', '=', id);
      if (state !== undefined) select = select.where('state', '=', state);
      const page = await readPage({
        name: 'webhook-deliveries',
        query: { ...query, endpoint: id },
        key: z.tuple([z.number().int(), cursorText]),
        read: (after, limit) =>
          (after === undefined
            ? select
            : select.where((where) => where(where.refTuple('created_at_ms', 'message'), '<', where.tuple(...after)))
          )
            .orderBy('created_at_ms', 'desc')
            .orderBy('message', 'desc')
            .limit(limit)
            .execute(),
        keyOf: (row): [number, string] => [row.created_at_ms, row.message],
      });
      if (!page.ok) return page;
      const { rows, ...rest } = page.value;
      return ok({ deliveries: rows.map(toDelivery), ...rest });
    },

    replay: async (event, id, message) => {
      if ((await find(database, event, id)) === undefined) return err({ type: 'webhook-unknown' });
      let update = database
        .updateTable('webhook_delivery')
        .set({ state: 'waiting', attempts: 0, next_at_ms: clock.wallMs(), ended_at_ms: null })
        .where('endpoint', '=', id);
      update = message === undefined ? update.where('state', '=', 'dead') : update.where('message', '=', message);
      const { numUpdatedRows } = await update.executeTakeFirst();
      if (message !== undefined && numUpdatedRows === 0n) return err({ type: 'message-unknown' });
      outbox.wake();
      return ok(Number(numUpdatedRows));
    },
  };
}

const toDelivery = (row: DeliveryRow): WebhookDelivery => ({
  message: row.message,
  type: row.type,
  state: row.state as WebhookDeliveryState,
  createdAtMs: row.created_at_ms,
  attempts: row.attempts,
  ...(row.state === 'waiting' ? { nextAtMs: row.next_at_ms } : {}),
  ...(row.ended_at_ms === null ? {} : { endedAtMs: row.ended_at_ms }),
  ...(row.last_status === null ? {} : { lastStatus: row.last_status }),
  ...(row.last_failure === null ? {} : { lastFailure: row.last_failure }),
});

/** Seals the secrets of all endpoints under another master key; answers how many. */
export async function resealWebhooks(queries: Queries, from: Vault, to: Vault): Promise<Result<number, VaultError>> {
  const rows = await queries.selectFrom('webhook_endpoint').select(['id', 'sealed_secret']).execute();
  for (const { id, sealed_secret } of rows) {
    const secret = openSecret(from, id, sealed_secret);
    if (!secret.ok) return secret;
    const resealed = to.seal(secret.value, sealLabel(id));
    await queries.updateTable('webhook_endpoint').set({ sealed_secret: resealed }).where('id', '=', id).execute();
  }
  return ok(rows.length);
}
