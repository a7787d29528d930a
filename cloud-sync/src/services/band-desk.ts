// Gives wristbands to tickets, step by step as a desk works: a band is kept for a ticket (band-keeping.ts), written if it can be and is ours
// to write, read back, and then bound by a mark.
import {
  bytesToHex,
  err,
  ok,
  sha256,
  type BandList,
  type BandReservation,
  type BandReserve,
  type BandToWrite,
  type BandView,
  type BandWrite,
  type BoundMark,
  type Clock,
  type Result,
  type Ticket,
} from '@postern/shared';
import { readKept, storeBands, withBands, type BandRow } from '../store/band-reservations.ts';
import type { LiveBinding } from '../store/bindings.ts';
import type { Database } from '../store/database.ts';
import type { Actor } from './actor.ts';
import type { Audit, EntryOf } from './audit.ts';
import { bandMethod, bandOf } from './band-id.ts';
import { createBandKeeping, type BandPlace } from './band-keeping.ts';
import { bandsMaxOf, isOfEpoch, onceEach, ticketsOf, type BandPlan } from './band-plan.ts';
import { claimsOnTag, disputedAmong, holdingOfTicket } from './band-states.ts';
import { bindBand, unbindBand } from './bind-band.ts';
import { holdingOfTag, readBound } from './binding-rows.ts';
import type { EventRecord } from './events.ts';
import type { Keys } from './keys.ts';
import { operatorOf } from './operators.ts';
import type { Failure } from './problems.ts';
import { noteSignedPasses } from './signed-passes.ts';
import type { FindTicket } from './ticket-of-event.ts';
import type { StoreOf } from './working-store.ts';

export interface BandDesk {
  /**
   * Keeps a band for a ticket; the same asker again prolongs it. `band-bound` and `band-reserved` name the other ticket,
   * `role-too-low` for who may not take it from there.
   */
  readonly reserve: (
    ticketId: string,
    request: BandReserve,
    by: Actor,
    entry?: EntryOf,
  ) => Promise<Result<BandReservation, Failure>>;
  /** What has to be written onto the band and be read back. */
  readonly write: (
    ticketId: string,
    band: string,
    request: BandWrite,
    by: Actor,
    entry?: EntryOf,
  ) => Promise<Result<BandToWrite, Failure>>;
  /** `read-back-differs` unless it is that, to the byte. */
  readonly readBack: (
    ticketId: string,
    band: string,
    read: Uint8Array,
    by: Actor,
  ) => Promise<Result<BandReservation, Failure>>;
  /** Binds the band; a second time it says the same. */
  readonly confirm: (ticketId: string, band: string, by: Actor, entry?: EntryOf) => Promise<Result<BandView, Failure>>;
  /** For a gate, whose own mark binds the band: `readBack`, and where it is the same the band is kept no longer. */
  readonly written: (
    ticketId: string,
    band: string,
    read: Uint8Array,
    by: Actor,
    entry?: EntryOf,
  ) => Promise<Result<void, Failure>>;
  /** Takes the band from the ticket, or gives up keeping it. */
  readonly unbind: (ticketId: string, band: string, by: Actor, entry?: EntryOf) => Promise<Result<void, Failure>>;
  /** The first hundred. */
  readonly list: (ticketId: string) => Promise<Result<BandList, Failure>>;
  /** All steps at once, without anything to write. */
  readonly bindAtOnce: (
    about: { readonly event: EventRecord; readonly ticket: Ticket; readonly method: string; readonly tag: string },
    by: Actor,
    entry?: EntryOf,
  ) => Promise<Result<{ readonly writable: boolean }, Failure>>;
}

export interface BandDeskDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly keys: Keys;
  readonly audit: Pick<Audit, 'record'>;
  readonly findTicket: FindTicket;
  /** Writes the cloud's own marks. */
  readonly storeOf: StoreOf;
}

interface Planned {
  readonly method: string;
  readonly plan: BandPlan;
}

export function createBandDesk({ database, clock, keys, audit, findTicket, storeOf }: BandDeskDeps): BandDesk {
  const keeping = createBandKeeping({ database, clock });

  const place = async (ticketId: string, tag: string, by: Actor): Promise<Result<BandPlace, Failure>> => {
    const found = await findTicket(ticketId);
    if (!found.ok) return found;
    return ok({ ...found.value, tag, operator: operatorOf(keys, by, found.value.event.id) });
  };

  /** Writes the mark of a band that is kept, and keeps it no longer; of a band that is bound already, neither. */
  const bind = async (
    at: BandPlace,
    { method, plan: { replaces, takenFrom, existing } }: Planned,
    entry: EntryOf | undefined,
  ): Promise<Result<BoundMark, Failure>> => {
    const { event, ticket, tag, operator } = at;
    if (existing !== undefined) {
      await keeping.free(at);
      const [mark] = await readBound(database, event.id, [existing]);
      return mark === undefined ? err({ type: 'reservation-gone' }) : ok(mark);
    }
    const bound = await bindBand(
      storeOf,
      ticket.id,
      { event: event.id, tag, method, operator, replaces, nowMs: clock.wallMs() },
      { entry, details: { replaced: replaces.length, ...namedTickets(takenFrom) } },
    );
    if (bound.ok) await keeping.free(at);
    return bound;
  };

  const readBack: BandDesk['readBack'] = async (ticketId, band, read, by) => {
    const at = await place(ticketId, band, by);
    if (!at.ok) return at;
    return withBands(database, at.value.event.id, async (queries): Promise<Result<BandReservation, Failure>> => {
      const row = await keeping.kept(queries, at.value);
      if (!row.ok) return row;
      if (row.value.write_hash === null) return err({ type: 'band-not-written' });
      const isSame = bytesToHex(sha256(read)) === row.value.write_hash;
      await storeBands(queries, [{ ...row.value, read_back: isSame ? 1 : 0 }]);
      return isSame ? ok(toReservation(row.value)) : err({ type: 'read-back-differs' });
    });
  };

  return {
    readBack,
    written: async (ticketId, band, read, by, entry) => {
      const same = await readBack(ticketId, band, read, by);
      if (!same.ok) return same;
      const at = await place(ticketId, band, by);
      if (!at.ok) return at;
      await keeping.free(at.value);
      const made = entry?.({ event: at.value.event.id, subject: band });
      if (made !== undefined)
        await database
          .transaction()
          .execute((queries) => audit.record(queries, { ...made, method: same.value.method }));
      return ok(undefined);
    },

    reserve: async (ticketId, { method: methodId, uid, writable, instead, replace, reason }, by, entry) => {
      const found = await findTicket(ticketId);
      if (!found.ok) return found;
      const { event, ticket } = found.value;
      const method = bandMethod(methodId, event);
      if (!method.ok) return method;
      if (ticket.status !== 'valid') return err({ type: 'ticket-not-valid' });
      if (replace && !mayTakeFromOthers(by, event.id)) return err({ type: 'role-too-low' });
      const tag = bandOf(event, method.value, uid);
      if (!tag.ok) return tag;
      const at = { event, ticket, tag: tag.value, operator: operatorOf(keys, by, event.id) };
      return withBands(database, event.id, async (queries): Promise<Result<BandReservation, Failure>> => {
        // Before a gate's desk lies one band at a time; programs and people may ask for several tickets at once.
        const mayTurn = by.kind === 'gate';
        const asked = { instead, takeFrom: replace ? ('all' as const) : [], writable, mayTurn };
        const kept = await keeping.keep(queries, at, methodId, asked);
        if (!kept.ok) return kept;
        const details = { replace, ...namedTickets(kept.value.plan.takenFrom) };
        const made = entry?.({ event: event.id, subject: at.tag, details });
        if (made !== undefined)
          await audit.record(queries, { ...made, method: methodId, ...(reason === undefined ? {} : { note: reason }) });
        return ok(toReservation(kept.value.row));
      });
    },

    write: async (ticketId, band, { uid, ...options }, by, entry) => {
      const at = await place(ticketId, band, by);
      if (!at.ok) return at;
      const { event, ticket } = at.value;
      const row = await withBands(database, event.id, (queries) => keeping.kept(queries, at.value));
      if (!row.ok) return row;
      const method = bandMethod(row.value.method, event);
      if (!method.ok) return method;
      const tag = bandOf(event, method.value, uid);
      if (!tag.ok) return tag;
      if (tag.value !== band) return err({ type: 'options-invalid', detail: 'uid: that is another band.' });
      if (row.value.writable === 0) return err({ type: 'band-not-writable' });
      const { issuer } = await keys.current();
      await noteSignedPasses(database, clock, issuer, [{ ...ticket, event: event.id }]);
      const request = { event: event.id, ticket, options: { ...options, uid }, nowMs: clock.wallMs() };
      const made = await method.value.generate(request, issuer);
      if (!made.ok)
        return err({ type: made.error.type, ...('cause' in made.error ? { detail: made.error.cause } : {}) });
      const { toWrite } = made.value;
      if (toWrite === undefined) return err({ type: 'nothing-to-generate' });
      return withBands(database, event.id, async (queries): Promise<Result<BandToWrite, Failure>> => {
        const still = await keeping.kept(queries, at.value);
        if (!still.ok) return still;
        await storeBands(queries, [{ ...still.value, write_hash: bytesToHex(sha256(toWrite)), read_back: 0 }]);
        if (entry !== undefined)
          await audit.record(queries, { ...entry({ event: event.id, subject: band }), method: method.value.id });
        return ok({ band, write: bytesToHex(toWrite), bytes: toWrite.length });
      });
    },

    confirm: async (ticketId, band, by, entry) => {
      const at = await place(ticketId, band, by);
      if (!at.ok) return at;
      const planned = await withBands(
        database,
        at.value.event.id,
        async (queries): Promise<Result<Planned, Failure>> => {
          const row = await keeping.kept(queries, at.value);
          if (!row.ok) {
            // Asked again after an answer that was lost.
            const before = await keeping.plan(queries, at.value, { instead: undefined, takeFrom: [] });
            return before.ok && before.value.existing !== undefined ? ok({ method: '', plan: before.value }) : row;
          }
          const { method, instead, take_from: takeFrom, write_hash: written, read_back: isReadBack } = row.value;
          if (written !== null && isReadBack === 0) return err({ type: 'band-not-read-back' });
          const made = await keeping.plan(queries, at.value, {
            instead: instead ?? undefined,
            takeFrom: JSON.parse(takeFrom) as readonly string[],
          });
          return made.ok ? ok({ method, plan: made.value }) : made;
        },
      );
      if (!planned.ok) return planned;
      const bound = await bind(at.value, planned.value, entry);
      return bound.ok ? ok(toBoundView(bound.value, 'bound')) : bound;
    },

    unbind: async (ticketId, band, by, entry) => {
      const at = await place(ticketId, band, by);
      if (!at.ok) return at;
      const { event, ticket, operator } = at.value;
      const found = await withBands(database, event.id, async (queries): Promise<Result<Unbinding, Failure>> => {
        const holding = await holdingOfTag(queries, event.id, band);
        const own = holding.filter((binding) => binding.ticket === ticket.id);
        if (own.length === 0)
          return (await keeping.isKept(queries, at.value)) ? ok(nothingBound) : err({ type: 'band-unknown' });
        if (ticketsOf(holding).length > 1) return err({ type: 'band-disputed' });
        const [mark] = await readBound(queries, event.id, own);
        const method = mark?.method ?? '';
        // Nobody gives it away until the mark is there.
        const held = await keeping.hold(queries, at.value, method);
        if (!held.ok) return held;
        return ok({ method, replaces: onceEach([...holding, ...(await claimsOnTag(queries, event.id, band))]) });
      });
      if (!found.ok) return found;
      const { method, replaces } = found.value;
      if (replaces.length > 0) {
        const binding = { event: event.id, tag: band, method, operator, replaces, nowMs: clock.wallMs() };
        const unbound = await unbindBand(storeOf, ticket.id, binding, { entry });
        if (!unbound.ok) return unbound;
      }
      await keeping.free(at.value);
      return ok(undefined);
    },

    list: async (ticketId) => {
      const found = await findTicket(ticketId);
      if (!found.ok) return found;
      const { event, ticket } = found.value;
      const marks = await readBound(database, event.id, await holdingOfTicket(database, event.id, ticket.id));
      const disputed = await disputedAmong(database, event.id, [
        { kind: 'ticket', subject: ticket.id },
        ...marks.map(({ tagHash: subject }) => ({ kind: 'tag', subject }) as const),
      ]);
      const kept = await readKept(database, event.id, [ticket.id], clock.wallMs());
      return ok({
        ticket: ticket.id,
        event: event.id,
        bandsMax: bandsMaxOf(ticket),
        bands: [
          ...marks.map((mark) => {
            const isDisputed = disputed.has(mark.tagHash) || disputed.has(ticket.id);
            return toBoundView(mark, !isOfEpoch(ticket, mark) ? 'replaced' : isDisputed ? 'disputed' : 'bound');
          }),
          ...kept.filter(({ tag }) => !marks.some((mark) => mark.tagHash === tag)).map(toReservedView),
        ],
      });
    },

    bindAtOnce: async ({ event, ticket, method, tag }, by, entry) => {
      const at = { event, ticket, tag, operator: operatorOf(keys, by, event.id) };
      const asked = { instead: undefined, takeFrom: [], writable: true };
      const kept = await withBands(database, event.id, (queries) => keeping.keep(queries, at, method, asked));
      if (!kept.ok) return kept;
      const bound = await bind(at, { method, plan: kept.value.plan }, entry);
      return bound.ok ? ok({ writable: kept.value.row.writable === 1 }) : bound;
    },
  };
}

interface Unbinding {
  readonly method: string;
  readonly replaces: readonly LiveBinding[];
}
const nothingBound: Unbinding = { method: '', replaces: [] };

/** Programs never, and stewards neither: they call somebody. A gate has the role of who works at it. */
const mayTakeFromOthers = ({ kind, admin, memberships }: Actor, event: number): boolean =>
  kind !== 'client' && (admin || memberships.get(event) === 'supervisor' || memberships.get(event) === 'organiser');

/** Tickets of a disputed band that an entry of the audit log names. */
const namedTicketsMax = 5;
const namedTickets = (tickets: readonly string[]): Readonly<Record<string, string>> =>
  tickets.length === 0 ? {} : { takenFrom: tickets.slice(0, namedTicketsMax).join(' ') };

const toReservation = ({ tag, ticket, method, writable, until_ms }: BandRow): BandReservation => ({
  band: tag,
  ticket: ticket ?? '',
  method,
  writable: writable === 1,
  expiresAtMs: until_ms,
});

const toReservedView = ({ tag, ticket, method, until_ms }: BandRow): BandView => ({
  band: tag,
  ticket: ticket ?? '',
  method,
  state: 'reserved',
  expiresAtMs: until_ms,
});

const toBoundView = (
  { tagHash, ticketId, method, epoch, gate, boot, sequence, at }: BoundMark,
  state: BandView['state'],
): BandView => ({
  band: tagHash,
  ticket: ticketId,
  method,
  state,
  epoch,
  mark: { gate, boot, sequence },
  atMs: at.ms,
});
