// What a position of a pretix order is as a ticket here: pure, and the same whenever it is asked about the same order. Pretix's own rules say
// who may enter; a test compares the two.
import {
  err,
  languageOf,
  ok,
  ticketReissueSchema,
  type Language,
  type Result,
  type TicketStatus,
} from '@postern/shared';
import type { PretixOrder, PretixPosition } from './messages.ts';

/** What an order makes of a ticket. */
export interface TicketState {
  readonly type: number;
  /** As the order says; what secrets are listed for comes on top (`withSecret`). */
  readonly status: TicketStatus;
  readonly validFromS: number | null;
  readonly validUntilS: number | null;
  /** Null for one that gates do not speak. */
  readonly language: Language | null;
}

export interface PositionProblem {
  readonly type: 'secret-unusable' | 'item-unknown' | 'window-empty';
}

export interface MappingRules {
  /** The ticket type of a product; null: it opens no gate; undefined: not known yet. */
  readonly typeOf: (item: number, variation: number | null) => number | null | undefined;
  /** Dates of an event series that the check-in lists are about; undefined: all. */
  readonly subevents?: ReadonlySet<number> | undefined;
}

/** Undefined for what opens no gate here. */
export function toTicketState(
  order: PretixOrder,
  position: PretixPosition,
  { typeOf, subevents }: MappingRules,
): Result<TicketState | undefined, PositionProblem> {
  const type = typeOf(position.item, position.variation ?? null);
  if (type === undefined) return err({ type: 'item-unknown' });
  if (type === null) return ok(undefined);
  if (subevents !== undefined && !subevents.has(position.subevent ?? 0)) return ok(undefined);
  if (!isUsableSecret(position.secret)) return err({ type: 'secret-unusable' });
  const window = toWindow(position);
  if (window === undefined) return err({ type: 'window-empty' });
  const language = languageOf(order.locale ?? '') ?? null;
  return ok({ type, status: statusOf(order, position), ...window, language });
}

export const isUsableSecret = (secret: string): boolean =>
  secret !== '' && ticketReissueSchema.shape.code.safeParse(secret).success;

/** In the order in which pretix looks: cancelled, blocked, approved, paid. */
function statusOf(order: PretixOrder, position: PretixPosition): TicketStatus {
  if (position.canceled || (order.status !== 'p' && order.status !== 'n')) return 'revoked';
  if ((position.blocked ?? []).length > 0) return 'blocked';
  if (order.status === 'p') return 'valid';
  return order.valid_if_pending === true && !order.require_approval ? 'valid' : 'unpaid';
}

const secondsMax = 253_402_300_799;

/**
 * Pretix lets in from `valid_from` to `valid_until`, both inclusive and to the microsecond; here a window has whole seconds and ends before its
 * last one. Undefined where nothing is inside.
 */
function toWindow({
  valid_from: from,
  valid_until: until,
}: PretixPosition): Pick<TicketState, 'validFromS' | 'validUntilS'> | undefined {
  const bounded = (seconds: number): number => Math.min(secondsMax, Math.max(0, seconds));
  const validFromS = typeof from === 'string' ? bounded(Math.ceil(Date.parse(from) / 1_000)) : null;
  const validUntilS = typeof until === 'string' ? bounded(Math.floor(Date.parse(until) / 1_000) + 1) : null;
  return validFromS !== null && validUntilS !== null && validUntilS <= validFromS
    ? undefined
    : { validFromS, validUntilS };
}

/** What the server's lists say of a secret. */
export interface SecretState {
  readonly revoked: boolean;
  readonly blocked: boolean;
}

export function withSecret(status: TicketStatus, secret: SecretState | undefined): TicketStatus {
  if (status === 'revoked' || secret?.revoked === true) return 'revoked';
  return secret?.blocked === true ? 'blocked' : status;
}
