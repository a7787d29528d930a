// The connection of an event with a pretix server as people see it: made and proved, shown, taken away; and what did not go back.
import {
  err,
  ok,
  pretixProblemsMax,
  type PretixCheckInPage,
  type PretixCheckInQuery,
  type PretixConnect,
  type PretixView,
  type Result,
} from '@postern/shared';
import { z } from 'zod';
import type { Database, Queries } from '../../store/database.ts';
import { transact } from '../../store/transact.ts';
import { cursorText, readPage } from '../cursor.ts';
import { readEvent } from '../events.ts';
import { parseJson } from '../parse-json.ts';
import type { Failure } from '../problems.ts';
import { createPretixClient } from './client.ts';
import {
  openToken,
  readConnectionRow,
  readLists,
  removeConnection,
  storeConnection,
  type ConnectionDeps,
} from './connections.ts';
import { isServerAllowed } from './http.ts';
import { readItems, storeItems, warningsOf, type ConnectedList } from './items.ts';
import type { CheckInRow } from './outbox.ts';
import { countProblems } from './sync.ts';

export interface Pretix {
  /**
   * Asks the server whether all of it is so, then keeps it. `pretix-connected` where tickets of another event came in, and what a server can
   * fail with. `anywhere`: who asks runs the service, and knows what is in its own networks.
   */
  readonly connect: (
    event: number,
    request: PretixConnect,
    options: { readonly signal: AbortSignal; readonly anywhere: boolean },
  ) => Promise<Result<PretixView, Failure>>;
  readonly view: (event: number) => Promise<Result<PretixView, Failure>>;
  /** Forgets token and settings; the tickets stay. */
  readonly disconnect: (event: number) => Promise<Result<void, Failure>>;
  readonly checkIns: (event: number, query: PretixCheckInQuery) => Promise<Result<PretixCheckInPage, Failure>>;
  /** What the server has refused is sent again; answers how much. `during` goes into the same transaction. */
  readonly retry: (event: number, during?: (queries: Queries) => Promise<void>) => Promise<Result<number, Failure>>;
}

export interface PretixDeps extends ConnectionDeps {
  /** Tells the feed that rules of an event have changed. */
  readonly changed: (event: number) => void;
}

export function createPretix(deps: PretixDeps): Pretix {
  const { database, clock, timer, reach, changed } = deps;

  const view: Pretix['view'] = async (event) => {
    const row = await readConnectionRow(database, event);
    if (row === undefined) return err({ type: 'pretix-unconnected' });
    const lists = readLists(row);
    const problems = await database
      .selectFrom('pretix_problem')
      .selectAll()
      .where('event', '=', event)
      .orderBy('order_code')
      .orderBy('position')
      .limit(pretixProblemsMax)
      .execute();
    const lastError = z
      .object({ type: z.string(), detail: z.string().optional(), atMs: z.number() })
      .optional()
      .parse(row.last_error === null ? undefined : parseJson(row.last_error));
    return ok({
      event,
      server: row.server,
      organizer: row.organizer,
      slug: row.slug,
      lists: lists.map(({ id, name, zone }) => ({ id, name, ...(zone === undefined ? {} : { zone }) })),
      names: row.names === 1,
      connectedAtMs: row.connected_at_ms,
      complete: row.orders_since_ms !== null,
      running: row.lease_until_ms > clock.wallMs(),
      ...(row.last_run_at_ms === null ? {} : { lastRunAtMs: row.last_run_at_ms }),
      ...(row.last_good_at_ms === null ? {} : { lastGoodAtMs: row.last_good_at_ms }),
      ...(lastError === undefined ? {} : { lastError }),
      warnings: [...warningsOf(lists)],
      items: (await readItems(database, event)).map(({ item, variation, name, type }) => ({
        item,
        ...(variation === 0 ? {} : { variation }),
        name,
        type,
      })),
      tickets: await countPositions(database, event),
      problemCount: await countProblems(deps, event),
      problems: problems.map(({ order_code, position, problem }) => ({
        order: order_code,
        ...(position === 0 ? {} : { position }),
        problem,
      })),
      checkIns: await countCheckIns(database, event),
    });
  };

  return {
    connect: async (event, request, { signal, anywhere }) => {
      const server = request.server.replace(/\/+$/, '');
      if (!isServerAllowed(server, request.allowHttp)) return err({ type: 'pretix-unencrypted' });
      const record = await readEvent(database, event);
      if (record === undefined) return err({ type: 'event-unknown' });
      const zone = request.lists.find(
        (list) => list.zone !== undefined && !record.policy.zones.some(({ id }) => id === list.zone),
      );
      if (zone !== undefined) return err({ type: 'zone-unknown' });
      const before = await readConnectionRow(database, event);
      const isSameServer = before?.server === server && before.organizer === request.organizer;
      if (
        before !== undefined &&
        !(isSameServer && before.slug === request.slug) &&
        (await countPositions(database, event)) > 0
      )
        return err({ type: 'pretix-connected' });
      if (!anywhere && before?.server !== server) {
        const named = await reach.mayName(server);
        if (!named.ok) return named;
      }
      // The one that is there was given for that server, and is sent nowhere else.
      const token = request.token ?? (isSameServer && before !== undefined ? openToken(deps, before) : undefined);
      if (token === undefined) return err({ type: 'request-invalid', detail: 'token: the server asks for one.' });
      const { organizer, slug, names } = request;
      const client = createPretixClient({
        server,
        organizer,
        slug,
        names,
        token,
        reach,
        clock,
        timer,
        signal,
        triesMax: 1,
      });
      const lists: ConnectedList[] = [];
      for (const { id, zone: ofZone } of request.lists) {
        const list = await client.checkInList(id);
        if (!list.ok) return list;
        lists.push({ ...list.value, ...(ofZone === undefined ? {} : { zone: ofZone }) });
      }
      const mayRead = await client.mayRead();
      if (!mayRead.ok) return mayRead;
      const mayCheckIn = await client.mayCheckIn(lists.map(({ id }) => id));
      if (!mayCheckIn.ok) return mayCheckIn;
      if (!mayCheckIn.value)
        return err({ type: 'pretix-refused', detail: 'The token may see orders, but not check in on these lists.' });
      const items = await client.items();
      if (!items.ok) return items;
      const stored = await storeItems(database, event, items.value, { lists, chosen: request.types });
      if (!stored.ok) return stored;
      await storeConnection(deps, event, { ...request, server }, { token, lists });
      if (stored.value.isPolicyChanged) changed(event);
      return view(event);
    },

    view,

    disconnect: async (event) => {
      if ((await readConnectionRow(database, event)) === undefined) return err({ type: 'pretix-unconnected' });
      await removeConnection(database, event);
      return ok(undefined);
    },

    checkIns: async (event, query) => {
      if ((await readConnectionRow(database, event)) === undefined) return err({ type: 'pretix-unconnected' });
      const page = await readPage({
        name: 'pretix-check-ins',
        query: { ...query, event },
        key: z.tuple([z.number().int(), cursorText, cursorText, z.number().int()]),
        read: (after, limit) => {
          const rows = database
            .selectFrom('pretix_check_in')
            .leftJoin('pretix_position as sold', (join) =>
              join
                .onRef('sold.event', '=', 'pretix_check_in.event')
                .onRef('sold.position', '=', 'pretix_check_in.position'),
            )
            .selectAll('pretix_check_in')
            .select('order_code')
            .where('pretix_check_in.event', '=', event)
            .where('pretix_check_in.state', '=', query.state)
            .orderBy('at_ms')
            .orderBy('gate')
            .orderBy('boot')
            .orderBy('sequence')
            .limit(limit);
          return (
            after === undefined
              ? rows
              : rows.where((where) =>
                  where(where.refTuple('at_ms', 'gate', 'boot', 'sequence'), '>', where.tuple(...after)),
                )
          ).execute();
        },
        keyOf: (row): [number, string, string, number] => [row.at_ms, row.gate, row.boot, row.sequence],
      });
      if (!page.ok) return page;
      const { rows, ...rest } = page.value;
      return ok({ checkIns: rows.map(toCheckInView), ...rest });
    },

    retry: (event, during) =>
      transact(database, async (queries): Promise<Result<number, Failure>> => {
        if ((await readConnectionRow(queries, event)) === undefined) return err({ type: 'pretix-unconnected' });
        // Tried once: whether the server has taken it after all is not known here.
        const again = await queries
          .updateTable('pretix_check_in')
          .set({ state: 'waiting', tries: 1, next_at_ms: 0, reason: null })
          .where('event', '=', event)
          .where('state', '=', 'failed')
          .executeTakeFirst();
        await during?.(queries);
        return ok(Number(again.numUpdatedRows));
      }),
  };
}

async function countPositions(database: Database, event: number): Promise<number> {
  const { positions } = await database
    .selectFrom('pretix_position')
    .select(({ fn }) => fn.countAll<number>().as('positions'))
    .where('event', '=', event)
    .executeTakeFirstOrThrow();
  return positions;
}

async function countCheckIns(database: Database, event: number): Promise<PretixView['checkIns']> {
  const counts = await database
    .selectFrom('pretix_check_in')
    .select(['state', ({ fn }) => fn.countAll<number>().as('rows')])
    .where('event', '=', event)
    .groupBy('state')
    .execute();
  const of = (state: string): number => counts.find((count) => count.state === state)?.rows ?? 0;
  return { waiting: of('waiting'), sent: of('sent'), failed: of('failed'), skipped: of('skipped') };
}

const toCheckInView = (
  row: CheckInRow & { readonly order_code: string | null },
): PretixCheckInPage['checkIns'][number] => ({
  gate: row.gate,
  boot: row.boot,
  sequence: row.sequence,
  ticket: row.ticket,
  order: row.order_code ?? '',
  kind: row.kind as 'entry' | 'exit' | 'annul',
  atMs: row.at_ms,
  list: row.list,
  state: row.state as PretixCheckInPage['checkIns'][number]['state'],
  tries: row.tries,
  ...(row.reason === null ? {} : { reason: row.reason }),
  ...(row.state === 'waiting' && row.next_at_ms > 0 ? { nextAtMs: row.next_at_ms } : {}),
});
