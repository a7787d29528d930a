// Reads a pretix event: its products, then its orders, then the secrets it has listed as dead. The first time in the order in which orders were
// made, going on where it was cut off; afterwards what has changed since the server's time of the last complete pass, less an overlap for
// what it had not committed by then. A pass that saw fewer orders than there were is not complete, and moves nothing forward.
import { err, keyId, ok, type Clock, type Random, type Result } from '@postern/shared';
import type { Database, Queries } from '../../store/database.ts';
import { transact } from '../../store/transact.ts';
import { systemActor, type Audit, type AuditActor } from '../audit.ts';
import { readEvent, type EventRecord } from '../events.ts';
import type { Keys } from '../keys.ts';
import { applyOrders } from './apply.ts';
import { fromTheBeginning, type Held } from './connections.ts';
import { keyOf, readItems, storeItems, type ConnectedList } from './items.ts';
import type { MappingRules } from './mapping.ts';
import {
  blockedSecretSchema,
  orderCodeSchema,
  orderSchema,
  revokedSecretSchema,
  type PretixOrder,
} from './messages.ts';
import type { Pass } from './pages.ts';
import { applySecrets, type ListedSecret } from './secrets.ts';
import { addApplied, nothingApplied, type Applied, type ApplyDeps } from './state.ts';
import type { Failure } from '../problems.ts';

export interface ImportDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly keys: Pick<Keys, 'current'>;
  readonly audit: Pick<Audit, 'record'>;
  /** Tells the feed that tickets of an event have changed. */
  readonly changed: (event: number) => void;
  readonly tell: ApplyDeps['tell'];
}

export interface ImportOptions {
  readonly full: boolean;
  readonly by: AuditActor | undefined;
  /** Orders that have come in, of so many. */
  readonly progress?: ((orders: number, count: number) => void) | undefined;
}

export interface Imported {
  readonly orders: number;
  readonly applied: Applied;
}

/** Before the server's time: a change that was under way then may be committed with an earlier time. */
export const overlapMs = 120_000;
/** Products and check-in lists are asked for again this often, and whenever an order names one that is not known. */
const itemsEveryMs = 600_000;
/** Passes over a list that changes while it is read, before it is left to the next run. */
const passesMax = 3;

const timeText = (ms: number): string => new Date(ms).toISOString();

export interface PretixImporter {
  readonly run: () => Promise<Result<void, Failure>>;
  /** What has come in until now, also where `run` failed. */
  readonly imported: () => Imported;
  /** One order again, now. */
  readonly refresh: (code: string) => Promise<Result<void, Failure>>;
}

/** For one run on a connection. */
export function createPretixImporter(
  deps: ImportDeps,
  { connection, update }: Held,
  { full, by, progress }: ImportOptions,
): PretixImporter {
  const { database, clock, keys, audit, changed } = deps;
  const { client, row, chosen } = connection;
  const eventId = row.event;
  let lists = connection.lists;
  let rules: MappingRules = { typeOf: () => undefined };
  let total: Imported = { orders: 0, applied: nothingApplied };
  let isItemsFresh = false;
  /** Found on the way: what opens a gate has changed, and orders that were read before are to be read again. */
  let isRereadDue = false;

  /** Answers whether all orders have to be read again: what opens a gate has changed. */
  const readProducts = async (): Promise<Result<boolean, Failure>> => {
    const fresh: ConnectedList[] = [];
    for (const { id, zone } of lists) {
      const list = await client.checkInList(id);
      if (!list.ok) return list;
      fresh.push({ ...list.value, ...(zone === undefined ? {} : { zone }) });
    }
    const items = await client.items();
    if (!items.ok) return items;
    lists = fresh;
    const stored = await storeItems(database, eventId, items.value, { lists, chosen });
    if (!stored.ok) return stored;
    isItemsFresh = true;
    if (!(await update(database, { lists: JSON.stringify(lists), items_at_ms: clock.wallMs() }))) return lost;
    if (stored.value.isPolicyChanged) changed(eventId);
    return ok(stored.value.isRereadDue);
  };

  const readRules = async (): Promise<void> => {
    const types = new Map(
      (await readItems(database, eventId)).map((item) => [keyOf(item.item, item.variation), item.type]),
    );
    const subevents = lists.map(({ subevent }) => subevent ?? undefined);
    rules = {
      typeOf: (item, variation) => types.get(keyOf(item, variation)),
      subevents: subevents.includes(undefined) ? undefined : new Set(subevents.flatMap((id) => id ?? [])),
    };
  };

  /** Stores what a page brings, and how far that is, together. */
  const store = async (
    changes: Parameters<Held['update']>[1],
    work: (queries: Queries, apply: ApplyDeps) => Promise<Result<Applied, Failure>>,
  ): Promise<Result<Applied, Failure>> => {
    const { issuer } = await keys.current();
    const stored = await transact(database, async (queries): Promise<Result<Applied, Failure>> => {
      if (!(await update(queries, changes))) return lost;
      const event = await readEvent(queries, eventId);
      if (event === undefined) return err({ type: 'event-unknown' });
      const applied = await work(queries, toApplyDeps(event, keyId(issuer.publicKey)));
      if (applied.ok && isAnything(applied.value))
        await audit.record(queries, {
          action: 'pretix-imported',
          actor: by ?? systemActor,
          event: eventId,
          details: { created: applied.value.created, changed: applied.value.changed },
        });
      return applied;
    });
    if (stored.ok && isAnything(stored.value)) changed(eventId);
    return stored;
  };
  const toApplyDeps = (event: EventRecord, issuerKeyId: string): ApplyDeps => ({
    ...deps,
    issuerKeyId,
    event,
    rules,
    names: row.names === 1,
    secrets: connection.secrets,
    key: connection.key,
  });

  /** What can be read of a page goes in; what cannot is noted. Answers with a name for each entry. */
  const takePage = async (
    results: readonly unknown[],
    changesOf: (orders: readonly PretixOrder[]) => Parameters<Held['update']>[1],
  ): Promise<Result<readonly string[], Failure>> => {
    const read = results.map((result) => orderSchema.safeParse(result).data);
    const orders = read.filter((order) => order !== undefined && !order.testmode) as readonly PretixOrder[];
    const codes = results.map((result) => orderCodeSchema.safeParse(result).data?.code);
    const malformed = codes.filter((_, index) => read[index] === undefined);
    if (!isItemsFresh && orders.some(hasUnknownItem)) {
      const again = await readProducts();
      if (!again.ok) return again;
      isRereadDue ||= again.value;
      await readRules();
    }
    const applied = await store(changesOf(orders), async (queries, apply) => {
      const done = await applyOrders(queries, apply, orders);
      if (done.ok) await noteMalformed(queries, malformed);
      return done;
    });
    if (!applied.ok) return applied;
    total = { orders: total.orders + orders.length, applied: addApplied(total.applied, applied.value) };
    return ok(codes.map((code, index) => code ?? `unread ${total.orders}/${index}`));
  };
  const hasUnknownItem = (order: PretixOrder): boolean =>
    order.positions.some(({ item, variation }) => rules.typeOf(item, variation ?? null) === undefined);
  const noteMalformed = async (queries: Queries, codes: readonly (string | undefined)[]): Promise<void> => {
    for (const code of new Set(codes))
      await queries
        .insertInto('pretix_problem')
        .values({ event: eventId, order_code: code ?? '', position: 0, problem: 'malformed' })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
  };

  /** Reads a list until a pass has seen as much as there was at its beginning. */
  const untilComplete = async (
    pass: (seen: Set<string>) => Promise<Result<Pass, Failure>>,
  ): Promise<Result<Pass, Failure>> => {
    for (let passes = 1; ; passes++) {
      const seen = new Set<string>();
      const read = await pass(seen);
      if (!read.ok || seen.size >= read.value.count) return read;
      if (passes === passesMax)
        return err({
          type: 'pretix-answer-wrong',
          detail: `The pages show ${seen.size} of ${read.value.count} entries, time and again.`,
        });
    }
  };

  /** From the oldest order on, or from where the last attempt came to. */
  const readAll = async (begunAtMs: number | null, resumeFromMs: number | null): Promise<Result<number, Failure>> => {
    let begunAt = begunAtMs;
    let from = resumeFromMs;
    const read = await untilComplete(async (seen) => {
      const createdSince = from === null ? undefined : timeText(from);
      let isSteady = true;
      const pass = await client.orders({ createdSince }, async (results, { count, generatedAtMs }, countNow) => {
        begunAt ??= generatedAtMs;
        // Of a list that shrinks, entries may move to pages that have been read.
        isSteady &&= countNow >= count;
        const taken = await takePage(results, (orders) => {
          if (isSteady) from = Math.max(from ?? 0, ...orders.map(({ datetime }) => Date.parse(datetime)));
          return { begun_at_ms: begunAt, resume_from_ms: from };
        });
        if (!taken.ok) return taken;
        for (const code of taken.value) seen.add(code);
        progress?.(seen.size, count);
        return ok(undefined);
      });
      if (!pass.ok || seen.size >= pass.value.count) return pass;
      // What this pass has missed may lie before where it came to: the next one begins at the beginning.
      from = null;
      return (await update(database, { resume_from_ms: null })) ? pass : lost;
    });
    return read.ok ? ok(begunAt ?? read.value.generatedAtMs) : read;
  };

  const readChanges = async (sinceMs: number): Promise<Result<number, Failure>> => {
    const read = await untilComplete((seen) =>
      client.orders({ modifiedSince: timeText(sinceMs - overlapMs) }, async (results) => {
        const taken = await takePage(results, () => ({}));
        if (!taken.ok) return taken;
        for (const code of taken.value) seen.add(code);
        return ok(undefined);
      }),
    );
    return read.ok ? ok(read.value.generatedAtMs) : read;
  };

  const readSecrets = async (which: 'revoked' | 'blocked', sinceMs: number | null): Promise<Result<void, Failure>> => {
    const since = sinceMs === null ? undefined : timeText(sinceMs - overlapMs);
    const read = await untilComplete((seen) =>
      client.secrets(which, since, async (results) => {
        const listed = results.flatMap((result) => toListed(which, result));
        const stored = await store({}, async (queries, apply) => {
          const applied = await applySecrets(queries, apply, listed);
          return applied.ok ? ok({ ...nothingApplied, changed: applied.value }) : applied;
        });
        if (!stored.ok) return stored;
        total = { ...total, applied: addApplied(total.applied, stored.value) };
        for (const { id } of listed) seen.add(String(id));
        for (let index = listed.length; index < results.length; index++) seen.add(`unread ${seen.size}`);
        return ok(undefined);
      }),
    );
    // Servers that do not have such a list yet answer 404.
    if (!read.ok) return read.error.type === 'pretix-unknown' ? ok(undefined) : read;
    const changes =
      which === 'revoked'
        ? { revoked_since_ms: read.value.generatedAtMs }
        : { blocked_since_ms: read.value.generatedAtMs };
    return (await update(database, changes)) ? ok(undefined) : lost;
  };

  return {
    run: async () => {
      let { orders_since_ms: sinceMs, begun_at_ms: begunAtMs, resume_from_ms: resumeFromMs } = row;
      let isAgain = full;
      if (full || sinceMs === null || clock.wallMs() - row.items_at_ms >= itemsEveryMs) {
        const products = await readProducts();
        if (!products.ok) return products;
        isAgain ||= products.value;
      }
      await readRules();
      if (isAgain) {
        [sinceMs, begunAtMs, resumeFromMs] = [null, null, null];
        if (!(await update(database, fromTheBeginning))) return lost;
      }
      if (sinceMs === null) {
        const all = await readAll(begunAtMs, resumeFromMs);
        if (!all.ok) return all;
        sinceMs = all.value;
        if (!(await update(database, { ...fromTheBeginning, orders_since_ms: sinceMs }))) return lost;
      }
      const changes = await readChanges(sinceMs);
      if (!changes.ok) return changes;
      if (!(await update(database, { orders_since_ms: changes.value }))) return lost;
      for (const which of ['revoked', 'blocked'] as const) {
        const secretsSinceMs = which === 'revoked' ? row.revoked_since_ms : row.blocked_since_ms;
        const secrets = await readSecrets(which, isAgain ? null : secretsSinceMs);
        if (!secrets.ok) return secrets;
      }
      return isRereadDue && !(await update(database, fromTheBeginning)) ? lost : ok(undefined);
    },
    imported: () => total,

    refresh: async (code) => {
      await readRules();
      const order = await client.order(code);
      if (!order.ok) return order;
      const taken = await takePage([order.value], () => ({}));
      return taken.ok ? ok(undefined) : taken;
    },
  };
}

/** Somebody else works on the connection by now. */
const lost: Result<never, Failure> = err({ type: 'pretix-stopped' });

const isAnything = ({ created, changed }: Applied): boolean => created + changed > 0;

function toListed(which: 'revoked' | 'blocked', result: unknown): readonly ListedSecret[] {
  if (which === 'revoked') {
    const read = revokedSecretSchema.safeParse(result).data;
    return read === undefined ? [] : [{ id: read.id, secret: read.secret, state: { revoked: true } }];
  }
  const read = blockedSecretSchema.safeParse(result).data;
  return read === undefined ? [] : [{ id: read.id, secret: read.secret, state: { blocked: read.blocked } }];
}
