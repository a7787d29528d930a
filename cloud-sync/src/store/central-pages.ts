// What one transaction of the central store knows of each event that it is about, and what it has made there so far: later requests of the same
// transaction see what earlier ones have done.
import {
  centralGate,
  foldRehearsal,
  foldTicketHistory,
  isRefusal,
  rehearsalAt,
  type AdmissionPolicy,
  type AdmitView,
  type Clock,
  type EncodedMark,
  type History,
  type Mark,
  type MarkDraft,
  type Ticket,
} from '@postern/shared';
import type { Queries } from './database.ts';
import type { RowBatch } from './insert-rows.ts';
import { lockTickets } from './locks.ts';
import { readMarksOfTickets, toMarkRow } from './mark-rows.ts';
import { countZonePersons } from './zone-persons.ts';

/** Half-width of the interval that contains the true time, as far as a server that keeps time can say. */
export const serverUncertaintyMs = 20;

export interface CentralPagesDeps {
  readonly clock: Clock;
  /** An event's rules as they are at this instant; undefined when there is no such event. */
  readonly policyOf: (queries: Queries, event: number) => Promise<AdmissionPolicy | undefined>;
  /** Tickets by id, as they are at this instant. */
  readonly ticketsOf: (
    queries: Queries,
    event: number,
    ticketIds: readonly string[],
  ) => Promise<ReadonlyMap<string, Ticket>>;
  /**
   * Writes down what histories and new marks come to, in the same transaction, through `batch` where it can wait; the tickets of both are
   * locked. `known` are the tickets of which there were marks before it.
   */
  readonly keep: (
    queries: Queries,
    batch: RowBatch,
    event: number,
    histories: ReadonlyMap<string, History>,
    marks: readonly Mark[],
    known: ReadonlySet<string>,
  ) => Promise<void>;
}

/** Something that is to be decided. */
export interface Wanted {
  readonly event: number;
  readonly ticketId: string;
}

/** What one event's part of a transaction knows and has made so far. */
export interface Page {
  readonly event: number;
  readonly policy: AdmissionPolicy;
  /** Of the event's rehearsal, while there is one. */
  readonly session: string | undefined;
  readonly tickets: ReadonlyMap<string, Ticket>;
  readonly marksByTicket: Map<string, readonly Mark[]>;
  /** Tickets that had marks before this transaction. */
  readonly known: ReadonlySet<string>;
  readonly personsByZone: Map<string, number>;
  readonly made: EncodedMark[];
}

/** Of all events that something is wanted of, with the tickets that are to be decided on. */
export async function readPages(
  deps: CentralPagesDeps,
  queries: Queries,
  jobs: readonly Wanted[],
  drafts: readonly MarkDraft[],
): Promise<ReadonlyMap<number, Page>> {
  const pages = new Map<number, Page>();
  const time = { nowMs: deps.clock.wallMs(), trusted: true, uncertaintyMs: serverUncertaintyMs } as const;
  // In the order of their numbers, and tickets in that of their ids, so that two processes never wait for each other.
  for (const event of [...new Set([...jobs, ...drafts].map((one) => one.event))].toSorted((a, b) => a - b)) {
    const policy = await deps.policyOf(queries, event);
    if (policy === undefined) continue;
    const ids = [...new Set(jobs.filter((job) => job.event === event).map((job) => job.ticketId))].toSorted();
    const refused = drafts.flatMap((draft) =>
      draft.event === event && 'ticketId' in draft && draft.ticketId !== '' ? [draft.ticketId] : [],
    );
    const unmarked = await lockTickets(queries, event, [...ids, ...refused]);
    const marked = ids.filter((id) => !unmarked.has(id));
    const session = rehearsalAt([], policy, time)?.session;
    const marksByTicket = new Map(
      marked.length === 0 ? [] : await readMarksOfTickets(queries, event, marked, 'practised-too'),
    );
    pages.set(event, {
      event,
      policy,
      session,
      tickets: ids.length === 0 ? new Map() : await deps.ticketsOf(queries, event, ids),
      marksByTicket,
      known: new Set(marksByTicket.keys()),
      personsByZone: await countPersons(queries, policy),
      made: [],
    });
  }
  return pages;
}

/** Everything that was made on this page, and what follows from it. */
export async function writePage(
  deps: CentralPagesDeps,
  queries: Queries,
  batch: RowBatch,
  page: Page,
  boot: string,
): Promise<void> {
  if (page.made.length === 0) return;
  const writer = { event: page.event, gate: centralGate, boot };
  batch.add(
    'mark',
    page.made.map((mark) => toMarkRow(writer, mark, deps.clock.wallMs())),
  );
  const touched = new Set(
    page.made.flatMap(({ mark }) => (!isRefusal(mark) && 'ticketId' in mark ? [mark.ticketId] : [])),
  );
  const histories = new Map([...touched].map((id) => [id, historyOf(page, id)]));
  await deps.keep(
    queries,
    batch,
    page.event,
    histories,
    page.made.map(({ mark }) => mark),
    page.known,
  );
}

const historyOf = ({ policy, tickets, marksByTicket }: Page, ticketId: string): History =>
  foldTicketHistory(marksByTicket.get(ticketId) ?? [], policy, tickets.get(ticketId));

export const viewOf = (page: Page, ticketId: string): AdmitView => ({
  ticket: page.tickets.get(ticketId),
  history: historyOf(page, ticketId),
  practised: (session) =>
    foldRehearsal(
      page.marksByTicket.get(ticketId) ?? [],
      session,
      page.policy,
      page.tickets.get(ticketId),
      historyOf(page, ticketId),
    ),
  // The cloud is never out of touch with itself.
  occupancy: (zone) => ({ known: Math.max(0, page.personsByZone.get(zone) ?? 0), spentOutOfTouch: 0 }),
});

/** Later requests of the same transaction see what earlier ones have done. */
export function noteMade(page: Page, made: EncodedMark): void {
  page.made.push(made);
  const { mark } = made;
  if (!('ticketId' in mark)) return;
  const before = page.personsByZone.size === 0 ? undefined : historyOf(page, mark.ticketId).insideByZone;
  page.marksByTicket.set(mark.ticketId, [...(page.marksByTicket.get(mark.ticketId) ?? []), mark]);
  if (before === undefined) return;
  for (const [zone, persons] of historyOf(page, mark.ticketId).insideByZone)
    page.personsByZone.set(zone, (page.personsByZone.get(zone) ?? 0) + persons - (before.get(zone) ?? 0));
}

/** Persons in the zones that have a limit; nothing where none has one. */
function countPersons(queries: Queries, { event, zones }: AdmissionPolicy): Promise<Map<string, number>> {
  const limited = zones.filter(({ capacity }) => capacity !== undefined).map(({ id }) => id);
  return countZonePersons(queries, event, limited);
}
