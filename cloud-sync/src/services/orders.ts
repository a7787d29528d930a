// Orders to a venue from the cloud, in two steps as at a gate: the press answers with what it would do and a token that is good for
// its person for a short time, the confirmation writes the marks. They travel to gates as any mark does; what came back from each
// gate says who has not acknowledged. The token is signed and kept nowhere, so that any process of a deployment may be asked.
import {
  centralGate,
  confirmWithinMs,
  err,
  liftable,
  ok,
  orderQuestion,
  orderRequestSchema,
  orderStatuses,
  ordersInForce,
  toOrderView,
  markKey,
  type Clock,
  type Mark,
  type MarkDraft,
  type OrderConfirmation,
  type OrderRequest,
  type OrderView,
  type Result,
} from '@postern/shared';
import { timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { Database } from '../store/database.ts';
import { readOrderMarks } from '../store/order-marks.ts';
import type { Actor } from './actor.ts';
import type { EntryOf } from './audit.ts';
import { readEvent } from './events.ts';
import type { Keys } from './keys.ts';
import { operatorOf } from './operators.ts';
import { parseJson } from './parse-json.ts';
import type { Failure } from './problems.ts';
import { workingStore, type StoreOf } from './working-store.ts';

export interface Orders {
  /** In force, and the last lifts. */
  readonly list: (event: number) => Promise<Result<readonly OrderView[], Failure>>;
  /** Changes nothing. `zone-unknown`, `order-in-force`, `order-not-in-force`. */
  readonly ask: (event: number, request: OrderRequest, by: Actor) => Promise<Result<OrderConfirmation, Failure>>;
  /** As `ask`, `confirmation-gone` for a token that is not this person's or too old, or `store-unavailable`. */
  readonly confirm: (
    event: number,
    token: string,
    by: Actor,
    entry?: EntryOf,
  ) => Promise<Result<readonly OrderView[], Failure>>;
}

export interface OrdersDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly keys: Pick<Keys, 'serverHash'>;
  readonly storeOf: StoreOf;
}

const askedSchema = z.tuple([orderRequestSchema, z.number().int()]);

export function createOrders({ database, clock, keys, storeOf }: OrdersDeps): Orders {
  /** Gates that are enrolled, with their names. */
  const readGates = (
    event: number,
  ): Promise<readonly { readonly id: string; readonly name: string; readonly zone: string }[]> =>
    database
      .selectFrom('gate')
      .select(['id', 'name', 'zone'])
      .where('event', '=', event)
      .where('public_key', 'is not', null)
      .orderBy('id')
      .execute();

  const list: Orders['list'] = async (event) => {
    if ((await readEvent(database, event)) === undefined) return err({ type: 'event-unknown' });
    const gates = await readGates(event);
    const names = new Map([[centralGate, 'Cloud'], ...gates.map(({ id, name }) => [id, name] as const)]);
    const statuses = orderStatuses(await readOrderMarks(database, event), gates);
    return ok(statuses.map((status) => toOrderView(status, (id) => names.get(id) ?? id)));
  };

  const check = async (
    event: number,
    { lift, order, zone }: OrderRequest,
  ): Promise<Result<readonly Mark[], Failure>> => {
    const inForce = ordersInForce(await readOrderMarks(database, event));
    const standing = liftable(inForce, order, zone);
    if (lift) return standing.length > 0 ? ok(standing) : err({ type: 'order-not-in-force' });
    return standing.some((mark) => mark.zone === zone) ? err({ type: 'order-in-force' }) : ok([]);
  };

  const signatureOf = (event: number, { kind, id }: Actor, asked: string): string =>
    keys.serverHash('order', `${event}/${kind}/${id}/${asked}`);

  /** What `token` asks for, if it is `by`'s and still good. */
  const readToken = (event: number, token: string, by: Actor): OrderRequest | undefined => {
    const [asked = '', signature = ''] = token.split('.');
    const [given, right] = [Buffer.from(signature), Buffer.from(signatureOf(event, by, asked))];
    if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
    const [request, expiresAtMs] = askedSchema.parse(parseJson(Buffer.from(asked, 'base64url').toString()));
    return clock.wallMs() < expiresAtMs ? request : undefined;
  };

  return {
    list,
    ask: async (event, request, by) => {
      const policy = (await readEvent(database, event))?.policy;
      if (policy === undefined) return err({ type: 'event-unknown' });
      const zone = policy.zones.find(({ id }) => id === request.zone);
      if (zone === undefined && request.zone !== '') return err({ type: 'zone-unknown' });
      const possible = await check(event, request);
      if (!possible.ok) return possible;
      const told = (await readGates(event)).filter((gate) => request.zone === '' || gate.zone === request.zone);
      const expiresAtMs = clock.wallMs() + confirmWithinMs;
      const asked = Buffer.from(JSON.stringify([request, expiresAtMs])).toString('base64url');
      return ok({
        ...request,
        text: orderQuestion(request, zone?.name, told.length, 'en'),
        gates: told.map(({ id, name }) => ({ id, name })),
        token: `${asked}.${signatureOf(event, by, asked)}`,
        expiresAtMs,
      });
    },

    confirm: async (event, token, by, entry) => {
      const request = readToken(event, token, by);
      if (request === undefined) return err({ type: 'confirmation-gone' });
      const { lift, order, zone } = request;
      const possible = await check(event, request);
      if (!possible.ok) return possible;
      const common = { event, lane: '', operator: operatorOf(keys, by, event) };
      const drafts: readonly MarkDraft[] = lift
        ? possible.value.map(({ gate, boot, sequence }) => ({
            kind: 'lifted',
            ...common,
            of: { gate, boot, sequence },
          }))
        : [{ kind: 'ordered', ...common, order, zone }];
      for (const [index, draft] of drafts.entries()) {
        // One request is one entry, with its first mark.
        const store = await workingStore(storeOf, event, (_decision, mark) =>
          index > 0 || mark === undefined
            ? undefined
            : {
                audit: entry?.({
                  action: lift ? 'order-lifted' : 'order-given',
                  event,
                  reason: order,
                  mark: markKey(mark),
                  details: { zone, marks: drafts.length },
                }),
              },
        );
        const written = await store?.append(draft);
        if (written?.ok !== true) return err({ type: 'store-unavailable' });
      }
      return list(event);
    },
  };
}
