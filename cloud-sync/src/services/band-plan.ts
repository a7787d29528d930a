// The rule for giving a wristband to a ticket, pure: one band has one ticket, a ticket has a band for each of its party, and whoever takes
// a band from another ticket says so. The desk asks it when it reserves and again before the mark, an import for each of its lines.
import { err, ok, type Result, type Ticket } from '@postern/shared';
import type { LiveBinding } from '../store/bindings.ts';
import type { Failure } from './problems.ts';

export interface BandQuestion {
  readonly ticket: Pick<Ticket, 'id' | 'epoch' | 'party'>;
  /** Bindings of the band that hold. */
  readonly ofTag: readonly LiveBinding[];
  /** All of the band that nothing has replaced: one that is dead by its epoch holds again once that epoch's own are replaced. */
  readonly claims: readonly LiveBinding[];
  /** Bindings, to this ticket, of the lost band whose place this one takes; undefined where there is none. */
  readonly lost?: readonly LiveBinding[] | undefined;
  /** Other bands that the ticket has or that are kept for it, without lost ones. */
  readonly others: number;
  /** Tickets from which it may be taken; `all` where nobody has seen yet which. */
  readonly takeFrom: 'all' | readonly string[];
}

export interface BandPlan {
  /** What the mark replaces; of a band that belongs to the ticket already, nothing. */
  readonly replaces: readonly LiveBinding[];
  /** The binding that says it already. */
  readonly existing?: LiveBinding;
  readonly takenFrom: readonly string[];
}

/** `band-bound` names the other ticket; `bands-too-many`; `band-unknown` where the ticket does not have the lost band. */
export function planBinding(question: BandQuestion): Result<BandPlan, Failure> {
  const { ticket, ofTag, claims, lost, others, takeFrom } = question;
  const takenFrom = ticketsOf(ofTag).filter((id) => id !== ticket.id);
  const other = takenFrom.find((id) => takeFrom !== 'all' && !takeFrom.includes(id));
  if (other !== undefined)
    return err({ type: 'band-bound', ticket: other, detail: `The band belongs to ticket ${other}.` });
  if (lost?.length === 0) return err({ type: 'band-unknown' });
  const bandsMax = bandsMaxOf(ticket);
  if (others >= bandsMax)
    return err({
      type: 'bands-too-many',
      detail: `One for each of ${bandsMax}: name the one that was lost, or unbind one.`,
    });
  const existing = ofTag.find((binding) => binding.ticket === ticket.id && isOfEpoch(ticket, binding));
  const isAlone = ofTag.every((binding) => binding.ticket === ticket.id);
  if (existing !== undefined && isAlone && lost === undefined) return ok({ replaces: [], existing, takenFrom });
  return ok({ replaces: onceEach([...ofTag, ...claims, ...(lost ?? [])]), takenFrom });
}

/** One for each of the party. */
export const bandsMaxOf = ({ party }: Pick<Ticket, 'party'>): number => Math.max(1, party);

/** A binding for an earlier epoch of the ticket opens nothing any more. */
export const isOfEpoch = (ticket: Pick<Ticket, 'epoch'>, { epoch }: Pick<LiveBinding, 'epoch'>): boolean =>
  epoch >= ticket.epoch;

/** By the names of their marks. */
export const onceEach = (bindings: readonly LiveBinding[]): readonly LiveBinding[] => [
  ...new Map(bindings.map((one) => [`${one.gate}/${one.boot}/${one.sequence}`, one])).values(),
];

/** Those that claim a band, without whoever took it from all. */
export const ticketsOf = (bindings: readonly LiveBinding[]): readonly string[] => [
  ...new Set(bindings.flatMap(({ ticket }) => (ticket === '' ? [] : [ticket]))),
];
