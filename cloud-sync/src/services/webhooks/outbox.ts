// Tells the webhooks of an event what happens, in the transaction in which it happens: a message is there exactly if the thing is. Sent it is
// afterwards (deliver.ts), with the same id however often. Messages name tickets, marks and cases by their ids and nobody by name.
import {
  bytesToHex,
  webhookTypes,
  type Clock,
  type Mark,
  type Random,
  type Timer,
  type WebhookType,
} from '@postern/shared';
import type { Queries } from '../../store/database.ts';

/** Things of one message. */
export const itemsPerMessageMax = 500;
const messageBytes = 15;
const rowsPerStatementMax = 100;
/** Another process hears of a new endpoint within this. */
const endpointsKnownForMs = 1_000;
/** Delivery begins this long after something was told, when it is likely to be committed. */
const wakeAfterMs = 200;

type Item = Readonly<Record<string, string | number | boolean>>;
interface Endpoint {
  readonly id: string;
  readonly types: ReadonlySet<string>;
}

export interface Outbox {
  /** Tickets of one event, by id. */
  readonly tellTickets: (
    queries: Queries,
    event: number,
    type: Extract<WebhookType, `ticket.${string}`>,
    tickets: readonly string[],
  ) => Promise<void>;
  /** Marks of one event that have just been stored for the first time. */
  readonly tellMarks: (queries: Queries, event: number, marks: readonly Mark[]) => Promise<void>;
  /** The cases of these tickets that were opened since then; told of once, however often it is asked. */
  readonly tellOpenedCases: (
    queries: Queries,
    event: number,
    tickets: readonly string[],
    sinceMs: number,
  ) => Promise<void>;
  readonly tellChangedCase: (queries: Queries, event: number, found: Item) => Promise<void>;
  /** Endpoints of an event have changed. */
  readonly forget: (event: number) => void;
  /** Something to deliver may be there. */
  readonly wake: () => void;
}

export interface OutboxDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly timer: Timer;
  /** Begins a delivery. */
  readonly deliver: () => void;
}

export function createOutbox({ clock, random, timer, deliver }: OutboxDeps): Outbox {
  const known = new Map<number, { readonly atMs: number; readonly endpoints: readonly Endpoint[] }>();
  let isWaking = false;

  const wake = (): void => {
    if (isWaking) return;
    isWaking = true;
    timer.after(wakeAfterMs, () => {
      isWaking = false;
      deliver();
    });
  };

  const endpointsOf = async (queries: Queries, event: number): Promise<readonly Endpoint[]> => {
    const before = known.get(event);
    if (before !== undefined && clock.monotonicMs() - before.atMs < endpointsKnownForMs) return before.endpoints;
    const rows = await queries
      .selectFrom('webhook_endpoint')
      .select(['id', 'types'])
      .where('event', '=', event)
      .where('disabled', 'is', null)
      .execute();
    const endpoints = rows.map(({ id, types }) => ({ id, types: new Set(JSON.parse(types) as string[]) }));
    known.set(event, { atMs: clock.monotonicMs(), endpoints });
    return endpoints;
  };

  const tell = async (
    queries: Queries,
    event: number,
    type: WebhookType,
    what: 'tickets' | 'marks' | 'cases',
    items: readonly Item[],
    /** Makes two messages about the same thing one. */
    name?: string,
  ): Promise<void> => {
    const endpoints = (await endpointsOf(queries, event)).filter(({ types }) => types.has(type));
    if (endpoints.length === 0) return;
    const nowMs = clock.wallMs();
    const rows: ReturnType<typeof newDelivery>[] = [];
    for (let start = 0; start < items.length; start += itemsPerMessageMax) {
      const data = { event, [what]: items.slice(start, start + itemsPerMessageMax) };
      const message = `msg_${name ?? bytesToHex(random(messageBytes))}`;
      for (const { id } of endpoints) rows.push(newDelivery({ endpoint: id, message, type, data, nowMs }));
    }
    for (let start = 0; start < rows.length; start += rowsPerStatementMax)
      await queries
        .insertInto('webhook_delivery')
        .values(rows.slice(start, start + rowsPerStatementMax))
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    wake();
  };

  return {
    tellTickets: (queries, event, type, tickets) =>
      tell(
        queries,
        event,
        type,
        'tickets',
        tickets.map((id) => ({ id })),
      ),
    tellMarks: async (queries, event, marks) => {
      if (marks.length === 0 || (await endpointsOf(queries, event)).length === 0) return;
      for (const type of webhookTypes) {
        const items = marks.filter(({ kind }) => `mark.${kind}` === type).map(toItem);
        if (items.length > 0) await tell(queries, event, type, 'marks', items);
      }
    },
    tellOpenedCases: async (queries, event, tickets, sinceMs) => {
      if (tickets.length === 0 || (await endpointsOf(queries, event)).length === 0) return;
      const opened = await queries
        .selectFrom('case')
        .select(['id', 'ticket', 'day', 'cause'])
        .where('event', '=', event)
        .where('ticket', 'in', tickets)
        .where('opened_at_ms', '>=', sinceMs)
        .where('holds', '=', 1)
        .execute();
      for (const found of opened)
        await tell(queries, event, 'case.opened', 'cases', [found], `opened_${event}_${found.id}`);
    },
    tellChangedCase: (queries, event, found) => tell(queries, event, 'case.changed', 'cases', [found]),
    forget: (event) => void known.delete(event),
    wake,
  };
}

/** One message for one endpoint, to be sent at once. */
export const newDelivery = ({
  endpoint,
  message,
  type,
  data,
  nowMs,
}: {
  readonly endpoint: string;
  readonly message: string;
  readonly type: string;
  readonly data: unknown;
  readonly nowMs: number;
}) => ({
  endpoint,
  message,
  type,
  body: JSON.stringify({ type, timestamp: new Date(nowMs).toISOString(), data }),
  created_at_ms: nowMs,
  state: 'waiting',
  attempts: 0,
  next_at_ms: nowMs,
  ended_at_ms: null,
  last_status: null,
  last_failure: null,
});

/** Without who was on duty. */
function toItem(mark: Mark): Item {
  const { gate, boot, sequence, lane, at } = mark;
  return {
    gate,
    boot,
    sequence,
    lane,
    atMs: at.ms,
    ...('ticketId' in mark && mark.ticketId !== '' ? { ticket: mark.ticketId } : {}),
    ...('method' in mark && mark.method !== '' ? { method: mark.method } : {}),
    ...('zone' in mark ? { zone: mark.zone } : {}),
    ...('uses' in mark ? { persons: mark.uses } : {}),
    ...(mark.kind === 'refused' ? { code: mark.code, count: mark.count } : {}),
    ...(mark.kind === 'overridden' || mark.kind === 'undone' ? { reason: mark.reason } : {}),
  };
}
