// Keeps wristbands for tickets while a desk works on them: a row in the database that one asker has, so that whoever else would give the
// band away is told for whom it is kept, in whatever process. It ends by itself.
import { err, ok, type Clock, type Result, type Ticket } from '@postern/shared';
import {
  forgetFreeBands,
  freeBands,
  readBands,
  readKept,
  storeBands,
  type BandRow,
} from '../store/band-reservations.ts';
import type { Database, Queries } from '../store/database.ts';
import { isOfEpoch, planBinding, type BandPlan, type BandQuestion } from './band-plan.ts';
import { bandsOfTicket, claimsOnTag } from './band-states.ts';
import { holdingOfTag } from './binding-rows.ts';
import type { EventRecord } from './events.ts';
import type { Failure } from './problems.ts';

/** A band is kept so long from the last step of its desk on. */
export const bandKeptMs = 5 * 60_000;

/** Which band, for which ticket, and who asks. */
export interface BandPlace {
  readonly event: EventRecord;
  readonly ticket: Ticket;
  readonly tag: string;
  /** As marks name them. */
  readonly operator: string;
}

export interface BandWish extends Pick<BandQuestion, 'takeFrom'> {
  /** The ticket's band whose place it takes. */
  readonly instead?: string | undefined;
  /** The asker has the band in hand, and whatever they have kept it for before: they may turn to another ticket with it. */
  readonly mayTurn?: boolean;
}

/** All but `free` within `withBands`. */
export interface BandKeeping {
  /** What giving the band to the ticket comes to now. */
  readonly plan: (queries: Queries, at: BandPlace, asked: BandWish) => Promise<Result<BandPlan, Failure>>;
  /** Keeps the band, anew where who asks has it already; else says who has, or why the ticket cannot have it. */
  readonly keep: (
    queries: Queries,
    at: BandPlace,
    method: string,
    asked: BandWish & { readonly writable: boolean },
  ) => Promise<Result<{ readonly row: BandRow; readonly plan: BandPlan }, Failure>>;
  /** The band as it is kept for who asks, for some time more; else `reservation-gone`. */
  readonly kept: (queries: Queries, at: BandPlace) => Promise<Result<BandRow, Failure>>;
  /** Keeps a band that the ticket has, while it is taken from it. */
  readonly hold: (queries: Queries, at: BandPlace, method: string) => Promise<Result<void, Failure>>;
  readonly isKept: (queries: Queries, at: BandPlace) => Promise<boolean>;
  readonly free: (at: BandPlace) => Promise<void>;
}

export function createBandKeeping({
  database,
  clock,
}: {
  readonly database: Database;
  readonly clock: Clock;
}): BandKeeping {
  const read = async (queries: Queries, { event, tag }: BandPlace): Promise<BandRow | undefined> =>
    (await readBands(queries, event.id, [tag])).get(tag);
  const isMine = (row: BandRow | undefined, { ticket, operator }: BandPlace): row is BandRow =>
    row?.ticket === ticket.id && row.reserved_by === operator && row.until_ms > clock.wallMs();
  const keptByOther = (row: BandRow | undefined, at: BandPlace, mayTurn = false): Failure | undefined => {
    const leftMs = (row?.until_ms ?? 0) - clock.wallMs();
    const ticket = row?.ticket ?? undefined;
    const isTurning = mayTurn && row?.reserved_by === at.operator;
    if (ticket === undefined || leftMs <= 0 || isMine(row, at) || isTurning) return undefined;
    const detail = `It is kept for ticket ${ticket}.`;
    return { type: 'band-reserved', ticket, detail, retryAfterS: Math.ceil(leftMs / 1_000) };
  };
  const rowFor = (
    { event, ticket, tag, operator }: BandPlace,
    rest: Pick<BandRow, 'method' | 'writable' | 'take_from' | 'instead'>,
  ): BandRow => ({
    event: event.id,
    tag,
    ticket: ticket.id,
    reserved_by: operator,
    until_ms: clock.wallMs() + bandKeptMs,
    write_hash: null,
    read_back: 0,
    ...rest,
  });

  const plan: BandKeeping['plan'] = async (queries, { event, ticket, tag }, { instead, takeFrom }) => {
    const kept = await readKept(queries, event.id, [ticket.id], clock.wallMs());
    const elsewhere = kept.filter((row) => row.tag !== tag);
    const others = new Set([...(await bandsOfTicket(queries, event.id, ticket)), ...elsewhere.map((row) => row.tag)]);
    for (const gone of [tag, instead, ...elsewhere.map((row) => row.instead)]) others.delete(gone ?? '');
    const ofLost = instead === undefined ? undefined : await holdingOfTag(queries, event.id, instead);
    return planBinding({
      ticket,
      ofTag: await holdingOfTag(queries, event.id, tag),
      claims: await claimsOnTag(queries, event.id, tag),
      lost: ofLost?.filter((binding) => binding.ticket === ticket.id && isOfEpoch(ticket, binding)),
      others: others.size,
      takeFrom,
    });
  };

  return {
    plan,
    keep: async (queries, at, method, { writable, mayTurn, ...asked }) => {
      await forgetFreeBands(queries, at.event.id, clock.wallMs());
      const before = await read(queries, at);
      const other = keptByOther(before, at, mayTurn);
      if (other !== undefined) return err(other);
      const planned = await plan(queries, at, asked);
      if (!planned.ok) return planned;
      const row = rowFor(at, {
        method,
        writable: writable && before?.writable !== 0 ? 1 : 0,
        take_from: JSON.stringify(planned.value.takenFrom),
        instead: asked.instead ?? null,
      });
      await storeBands(queries, [row]);
      return ok({ row, plan: planned.value });
    },
    kept: async (queries, at) => {
      const row = await read(queries, at);
      if (!isMine(row, at)) return err({ type: 'reservation-gone' });
      const longer = { ...row, until_ms: clock.wallMs() + bandKeptMs };
      await storeBands(queries, [longer]);
      return ok(longer);
    },
    hold: async (queries, at, method) => {
      const before = await read(queries, at);
      const other = keptByOther(before, at);
      if (other !== undefined) return err(other);
      const row = rowFor(at, { method, writable: before?.writable ?? 1, take_from: '[]', instead: null });
      await storeBands(queries, [row]);
      return ok(undefined);
    },
    isKept: async (queries, at) => isMine(await read(queries, at), at),
    free: ({ event, tag, operator }) =>
      database.transaction().execute((queries) => freeBands(queries, event.id, [tag], operator)),
  };
}
