// A position between two readings: what was made of it then and is now, which columns of its ticket that changes, and its holder, of whom only a keyed
// hash stays here, since people are kept in one place.
import {
  bytesToHex,
  holderSchema,
  keyedHash,
  languages,
  ticketStatuses,
  utf8,
  type Clock,
  type Holder,
  type Random,
  type TicketStatus,
} from '@postern/shared';
import type { Selectable, Updateable } from 'kysely';
import { z } from 'zod';
import type { Queries } from '../../store/database.ts';
import type { Schema } from '../../store/schema.ts';
import type { EventRecord } from '../events.ts';
import { parseJson } from '../parse-json.ts';
import type { TicketRow, TicketView } from '../ticket-views.ts';
import type { Vault } from '../vault.ts';
import type { Outbox } from '../webhooks/outbox.ts';
import type { MappingRules, PositionProblem, SecretState } from './mapping.ts';
import type { PretixOrder, PretixPosition } from './messages.ts';

export interface ApplyDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly issuerKeyId: string;
  readonly event: EventRecord;
  readonly rules: MappingRules;
  /** Takes names and addresses of attendees over. */
  readonly names: boolean;
  /** Seals secrets; and the key under which holders are compared, which are kept in one place only. */
  readonly secrets: Vault;
  readonly key: Uint8Array;
  /** Tells other systems which tickets have changed, in the same transaction. */
  readonly tell: Outbox['tellTickets'];
}

export type PositionRow = Selectable<Schema['pretix_position']>;

/** What is remembered of a position, to see what has changed there. */
const storedStateSchema = z.object({
  type: z.number(),
  status: z.enum(ticketStatuses),
  validFromS: z.number().nullable(),
  validUntilS: z.number().nullable(),
  /** Absent in what was stored before tickets had one. */
  language: z.enum(languages).nullable().default(null),
  /** Keyed hash of the holder. */
  holder: z.string(),
});
export type StoredState = z.infer<typeof storedStateSchema>;
export const readStoredState = (text: string): StoredState => storedStateSchema.parse(parseJson(text));

/** A position with what it comes to. */
export interface Candidate {
  readonly order: PretixOrder;
  readonly position: PretixPosition;
  readonly hash: string;
  readonly holder: Holder;
  /** Undefined where it opens no gate, or not any more. */
  readonly state: StoredState | undefined;
  readonly problem?: PositionProblem['type'];
}

export interface Applied {
  readonly created: number;
  readonly changed: number;
  readonly unchanged: number;
}
export const nothingApplied: Applied = { created: 0, changed: 0, unchanged: 0 };
export const addApplied = (a: Applied, b: Applied): Applied => ({
  created: a.created + b.created,
  changed: a.changed + b.changed,
  unchanged: a.unchanged + b.unchanged,
});

type Shown = Pick<StoredState, 'type' | 'validFromS' | 'validUntilS' | 'language'>;
export const columnsBetween = (before: Shown, after: Shown): Updateable<TicketRow> => ({
  ...(before.type === after.type ? {} : { type: after.type }),
  ...(before.validFromS === after.validFromS ? {} : { valid_from_s: after.validFromS }),
  ...(before.validUntilS === after.validUntilS ? {} : { valid_until_s: after.validUntilS }),
  ...(before.language === after.language ? {} : { language: after.language }),
});
export const statusBetween = (
  before: StoredState['status'],
  after: StoredState['status'],
): Pick<Updateable<TicketRow>, 'status'> => (before === after ? {} : { status: after });

/** How other systems are told of it. */
export type TicketNews = Parameters<Outbox['tellTickets']>[2];
export function newsOf(before: TicketStatus, after: TicketStatus): TicketNews {
  if (after === 'revoked' && before !== 'revoked') return 'ticket.revoked';
  return after === 'valid' && (before === 'revoked' || before === 'blocked') ? 'ticket.reinstated' : 'ticket.changed';
}

/** Whose ticket it is here stays. */
export const withAccount = (holder: Holder, { holder: before }: TicketView): Holder =>
  before?.account === undefined ? holder : { ...holder, account: before.account };

/** The order's code always; a person only where the event says so. What does not fit is left out. */
export function toHolder(order: PretixOrder, position: PretixPosition, names: boolean): Holder {
  const parent = order.positions.find(({ id }) => id === position.addon_to);
  const name = names ? (position.attendee_name ?? parent?.attendee_name) : null;
  const email = names ? position.attendee_email : null;
  return {
    order: order.code,
    ...fitting({ name }),
    ...fitting({ email }),
  };
}

/** Nothing where the server has nothing, or what no holder here can have. */
const fitting = (fields: Readonly<Record<string, string | null | undefined>>): Holder =>
  holderSchema.safeParse(fields).data ?? {};

const holderHashBytes = 16;
export const hashHolder = (key: Uint8Array, { order, name, email }: Holder): string =>
  bytesToHex(keyedHash(key, utf8(JSON.stringify([order ?? '', name ?? '', email ?? ''])), holderHashBytes));

export const sealSecret = ({ secrets, event }: ApplyDeps, { id, secret }: PretixPosition): string =>
  secrets.seal(utf8(secret), secretLabel(event.id, id));
export const secretLabel = (event: number, position: number): string => `${event}/${position}`;

export async function readSecretStates(
  queries: Queries,
  event: number,
  hashes: readonly string[],
): Promise<ReadonlyMap<string, SecretState>> {
  const rows = await queries
    .selectFrom('pretix_secret')
    .select(['hash', 'revoked', 'blocked'])
    .where('event', '=', event)
    .where('hash', 'in', hashes)
    .execute();
  return new Map(rows.map(({ hash, revoked, blocked }) => [hash, { revoked: revoked === 1, blocked: blocked === 1 }]));
}
