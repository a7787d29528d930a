// Gives wristbands to tickets at a gate, without any network: whoever shows a ticket gets the band that is held to a reader, as a `bound`
// mark that every gate learns of. A band that belongs to somebody else is not taken from them by accident.
import { draftBindings, type Bindings, type BoundMark } from '../binding.ts';
import type { Claim, Refusal } from '../decision.ts';
import type { Mark, MarkDraft } from '../mark.ts';
import type { Presentation } from '../presentation.ts';
import { assert, err, ok, type Result } from '../result.ts';
import type { TagMedium } from '../tag.ts';
import type { Ticket } from '../ticket.ts';
import { placeInTime } from '../time-step.ts';
import type { Operator } from './lane-api.ts';
import type { LaneContext, Store, StoreError } from './ports.ts';
import type { MethodRegistry } from './registry.ts';

/** A code was of now when it was shown to the desk: nobody takes longer to hold up a band. */
export const shownWithinMs = 2 * 60_000;

/** One of the gate's events as the desk uses it. */
export interface BandDeskEvent {
  readonly event: number;
  readonly context: Pick<LaneContext, 'policy' | 'time'>;
  readonly store: Store;
  readonly ticket: (ticketId: string) => Ticket | undefined;
  /** Undefined before the first ticket list, which brings the key. */
  readonly tagHash: (medium: TagMedium, id: Uint8Array) => string | undefined;
  /** All that is known of a band and a ticket; an empty ticket id is of no ticket. */
  readonly bindings: (tagHash: string, ticketId: string) => Bindings;
}

export interface BandDeskDeps {
  /** The gate's own one first. */
  readonly events: readonly BandDeskEvent[];
  readonly registry: MethodRegistry;
  /** Asks who may know more than this gate; undefined where they have nothing against it, or do not answer in bounded time. */
  readonly foresee?: (asked: ForeseenBinding, signal: AbortSignal) => Promise<BandDeskError | undefined>;
}

/** A band that is about to be given to a ticket. */
export interface ForeseenBinding {
  readonly ticket: Ticket;
  readonly medium: TagMedium;
  readonly id: Uint8Array;
  readonly by: Operator;
  /** The ticket's band, by its hash, whose place it takes. */
  readonly lost: string | undefined;
  /** Whether it is taken from another ticket. */
  readonly takesOver: boolean;
}

export type BandAction =
  | {
      readonly type: 'bind-band';
      /** The ticket, by a code of its own. */
      readonly presentation: Presentation;
      readonly medium: TagMedium;
      readonly id: Uint8Array;
      /** `lost-band`: the ticket's earlier bands are lost; `other-ticket`: the band is taken from whoever has it. */
      readonly replace?: 'lost-band' | 'other-ticket';
    }
  /** Takes a band from the ticket that it belongs to. */
  | { readonly type: 'unbind-band'; readonly medium: TagMedium; readonly id: Uint8Array };

export const isBandAction = <A extends { readonly type: string }>(action: A): action is A & BandAction =>
  action.type === 'bind-band' || action.type === 'unbind-band';

export type BandDeskError =
  | StoreError
  | { readonly type: 'refused'; readonly refusal: Refusal }
  | { readonly type: 'role-too-low' }
  /** Nothing can be said of a band before the first ticket list. */
  | { readonly type: 'no-ticket-list' }
  | { readonly type: 'band-of-another-ticket' }
  /** Another desk is just giving it away. */
  | { readonly type: 'band-reserved' }
  | { readonly type: 'ticket-has-its-bands'; readonly bands: number }
  | { readonly type: 'band-unbound' };

export interface BandOutcome {
  /** The ticket that the band belongs to now, or did. */
  readonly ticketId: string;
  /** Absent where it was so already. */
  readonly mark?: Mark;
}

export interface BandDesk {
  readonly act: (by: Operator, action: BandAction, signal: AbortSignal) => Promise<Result<BandOutcome, BandDeskError>>;
}

export function createBandDesk({ events, registry, foresee }: BandDeskDeps): BandDesk {
  const write = async (
    store: Store,
    drafts: readonly MarkDraft[],
    ticketId: string,
  ): Promise<Result<BandOutcome, BandDeskError>> => {
    let mark: Mark | undefined;
    for (const draft of drafts) {
      const written = await store.append(draft);
      if (!written.ok) return written;
      mark = written.value;
    }
    assert(mark !== undefined, 'something is written');
    return ok({ ticketId, mark });
  };

  /** The ticket as it is now, if the code is not an old one; whether it was used does not matter. */
  const prove = async (
    presentation: Presentation,
    signal: AbortSignal,
  ): Promise<Result<{ readonly claim: Claim; readonly ticket: Ticket; readonly of: BandDeskEvent }, BandDeskError>> => {
    const verified = await registry.verify(presentation, signal);
    const refuse = (refusal: Refusal): Result<never, BandDeskError> => err({ type: 'refused', refusal });
    if (!verified.ok) return refuse(verified.error);
    const claim = verified.value;
    const of = events.find(({ event }) => event === claim.event);
    if (of === undefined) return refuse({ type: 'other-event' });
    const ticket = of.ticket(claim.ticketId);
    if (ticket === undefined) return refuse({ type: 'ticket-unknown' });
    if (claim.epoch !== ticket.epoch) return refuse({ type: 'replaced' });
    if (ticket.status !== 'valid') return refuse({ type: ticket.status });
    return ok({ claim, ticket, of });
  };

  const bind = async (
    by: Operator,
    { presentation, medium, id, replace }: Extract<BandAction, { type: 'bind-band' }>,
    signal: AbortSignal,
  ): Promise<Result<BandOutcome, BandDeskError>> => {
    const proved = await prove(presentation, signal);
    if (!proved.ok) return proved;
    const { claim, ticket, of } = proved.value;
    const tagHash = of.tagHash(medium, id);
    if (tagHash === undefined) return err({ type: 'no-ticket-list' });
    const bindings = of.bindings(tagHash, ticket.id);
    const state = bindings.tag(tagHash);
    if (state.type === 'bound' && state.ticketId === ticket.id && state.epoch === ticket.epoch)
      return ok({ ticketId: ticket.id });
    const worthless = refusalOfShown(claim, of.context);
    if (worthless !== undefined) return err({ type: 'refused', refusal: worthless });
    const ofTag = bindings.holding({ tagHash });
    if (ofTag.some(({ ticketId }) => ticketId !== '' && ticketId !== ticket.id)) {
      if (replace !== 'other-ticket') return err({ type: 'band-of-another-ticket' });
      if (by.role !== 'supervisor') return err({ type: 'role-too-low' });
    }
    const others = bindings.holding({ ticketId: ticket.id }).filter((mark) => mark.tagHash !== tagHash);
    const bands = new Set(others.map((mark) => mark.tagHash)).size;
    if (bands >= ticket.party && replace !== 'lost-band') return err({ type: 'ticket-has-its-bands', bands });
    const known = await foresee?.(
      {
        ticket,
        medium,
        id,
        by,
        lost: replace === 'lost-band' ? others[0]?.tagHash : undefined,
        takesOver: replace === 'other-ticket',
      },
      signal,
    );
    if (known !== undefined) return err(known);
    const replaced: readonly BoundMark[] = [...bindings.claims(tagHash), ...(replace === 'lost-band' ? others : [])];
    const place = { event: of.event, lane: '', method: medium, operator: by.operator };
    return write(
      of.store,
      draftBindings(place, { tagHash, ticketId: ticket.id, epoch: claim.epoch }, replaced),
      ticket.id,
    );
  };

  const unbind = async (
    by: Operator,
    { medium, id }: Extract<BandAction, { type: 'unbind-band' }>,
  ): Promise<Result<BandOutcome, BandDeskError>> => {
    for (const of of events) {
      const tagHash = of.tagHash(medium, id);
      if (tagHash === undefined) continue;
      const bindings = of.bindings(tagHash, '');
      const claims = bindings.claims(tagHash);
      const bound = bindings.holding({ tagHash }).findLast(({ ticketId }) => ticketId !== '');
      if (bound === undefined) continue;
      const place = { event: of.event, lane: '', method: medium, operator: by.operator };
      return write(of.store, draftBindings(place, { tagHash, ticketId: '', epoch: 0 }, claims), bound.ticketId);
    }
    return err({ type: 'band-unbound' });
  };

  return {
    act: (by, action, signal) => (action.type === 'bind-band' ? bind(by, action, signal) : unbind(by, action)),
  };
}

/** A band outlives the code that it is given for: what is worth nothing at a lane any more, such as the picture of a code that rotates, buys none. */
function refusalOfShown(
  { method, issuedAtS, expiresS }: Claim,
  { policy, time: timeNow }: BandDeskEvent['context'],
): Refusal | undefined {
  const time = timeNow();
  if (policy().methodsOff.includes(method)) return { type: 'method-off' };
  if (time.trusted && expiresS !== undefined && time.nowMs >= expiresS * 1_000)
    return { type: 'expired', detail: { whenMs: expiresS * 1_000 } };
  if (issuedAtS === undefined) return undefined;
  if (!time.trusted) return { type: 'clock-untrusted' };
  const detail = { codeOffS: Math.abs(Math.floor(time.nowMs / 1_000) - issuedAtS) };
  if (placeInTime(issuedAtS, time) === 'future') return { type: 'not-yet-valid', detail };
  const isPast = placeInTime(issuedAtS, { ...time, nowMs: time.nowMs - shownWithinMs }) === 'past';
  return isPast ? { type: 'expired', detail } : undefined;
}
