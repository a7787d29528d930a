// What an import makes of one wanted ticket: a new one, a change of one that is here, nothing, or a refusal that says what to do. Pure, so
// that a dry run says exactly what the import itself will do.
import { holderSchema, type Holder, type TicketChange } from '@postern/shared';
import type { KnownTicket, KnownTickets } from '../store/ticket-bulk.ts';
import type { EventRecord } from './events.ts';
import { isEmptyHolder, mergeHolder, toHolder } from './ticket-holders.ts';
import { isWindowEmpty, newTicketRows, type TicketRows } from './ticket-issue.ts';
import type { TicketRow } from './ticket-views.ts';

/** What the source says of a ticket: what is absent stays as it is, or is what a new ticket has; `null` takes away. */
export type WantedFields = Omit<TicketChange, 'holder'> & {
  readonly holder?: Omit<NonNullable<TicketChange['holder']>, 'account'> | undefined;
};

/** A ticket as its source has it, by the code that is printed on it or by its id here. Its fields have been checked for their form. */
export interface WantedTicket {
  /** Where the source has it, from 1: a row of a table, or a place in a list. */
  readonly row: number;
  /** The line of the file in which the row begins, where it is a file. */
  readonly line?: number | undefined;
  readonly key: { readonly code: string } | { readonly ticket: string };
  readonly fields: WantedFields;
}
/** A ticket that cannot be had, and why. */
export interface RefusedTicket {
  readonly row: number;
  readonly line?: number | undefined;
  readonly problem: string;
}
export const isRefused = (one: object): one is RefusedTicket =>
  // Asked of every row some times: `in` would take longer than the plan.
  (one as Partial<RefusedTicket>).problem !== undefined;

/** A wanted ticket whose code is hashed. */
export interface KeyedTicket extends WantedTicket {
  /** Of the ticket here, or of the one that the code would make. */
  readonly id: string;
  readonly hash: string | undefined;
}

/** What changes, as a report counts it. */
export const changedFields = ['type', 'status', 'party', 'hold', 'window', 'language', 'holder'] as const;
export type ChangedField = (typeof changedFields)[number];

export interface Creation {
  readonly type: 'create';
  readonly ticketId: string;
  readonly rows: TicketRows;
  readonly holder: Holder | undefined;
}
export interface Change {
  readonly type: 'change';
  readonly ticketId: string;
  readonly before: TicketRow;
  readonly after: TicketRow;
  readonly fields: readonly ChangedField[];
  /** All that is known of the holder from now on, where that changes. */
  readonly holder: Holder | undefined;
}
export type ImportStep =
  | Creation
  | Change
  | { readonly type: 'unchanged'; readonly ticketId: string }
  /** Without a ticket where another row may be about it. */
  | { readonly type: 'refuse'; readonly ticketId?: string; readonly problem: string };

export interface ImportRules {
  readonly event: EventRecord;
  /** Cancelled and blocked tickets become valid again where the source says so. */
  readonly reinstates: boolean;
  readonly nowMs: number;
}

export function planImport(wanted: KeyedTicket, known: KnownTickets, rules: ImportRules): ImportStep {
  const { key, fields, hash, id } = wanted;
  const ofCode = hash === undefined ? undefined : known.byCode.get(hash);
  const found = hash === undefined ? known.byId.get(id) : ofCode;
  const ticketId = found?.row.id ?? id;
  if (fields.type !== undefined && !rules.event.policy.types.some((type) => type.id === fields.type))
    return refuse(ticketId, `the event has no ticket type ${fields.type}: it has ${listTypes(rules.event)}`);
  if (found === undefined)
    return 'code' in key
      ? planCreation(wanted, rules)
      : refuse(
          ticketId,
          'no ticket of this event has this id: leave the id empty and give the code to make a new ticket',
        );
  if (ofCode !== undefined && ofCode.codeEpoch < found.row.epoch)
    return {
      type: 'refuse',
      problem: 'this code was replaced when the ticket was passed on or re-issued here: take the row out',
    };
  return planChange(found, fields, rules);
}

function planCreation({ id, hash, fields }: KeyedTicket, { event, nowMs }: ImportRules): ImportStep {
  const { type, status = 'valid', party = 1, hold, validFromS, validUntilS, language } = fields;
  if (type === undefined) return refuse(id, `no ticket type: the event has ${listTypes(event)}`);
  const request = {
    type,
    status,
    party,
    hold: hold ?? undefined,
    validFromS: validFromS ?? undefined,
    validUntilS: validUntilS ?? undefined,
    language: language ?? undefined,
  };
  if (isWindowEmpty(request)) return refuse(id, emptyWindow);
  const holder = mergeHolder({}, fields.holder ?? {});
  return {
    type: 'create',
    ticketId: id,
    rows: newTicketRows(event, request, { id, hash }, nowMs),
    holder: isEmptyHolder(holder) ? undefined : holder,
  };
}

function planChange({ row, holder }: KnownTicket, fields: WantedFields, { reinstates }: ImportRules): ImportStep {
  const held = holder === undefined ? {} : toHolder(holder);
  const { type = row.type, status = row.status, party = row.party, hold = row.hold } = fields;
  const { validFromS = row.valid_from_s, validUntilS = row.valid_until_s, language = row.language } = fields;
  if (isDead(row.status) && !isDead(status) && !reinstates)
    return refuse(
      row.id,
      `the ticket is ${row.status} here and stays so, unless the import is asked to reinstate tickets`,
    );
  const after: TicketRow = {
    ...row,
    type,
    status,
    party,
    hold,
    valid_from_s: validFromS,
    valid_until_s: validUntilS,
    language,
    version: row.version + 1,
  };
  if (isWindowEmpty({ validFromS: validFromS ?? undefined, validUntilS: validUntilS ?? undefined }))
    return refuse(row.id, emptyWindow);
  const holderAfter = fields.holder === undefined ? undefined : mergeHolder(held, fields.holder);
  const changes = {
    type: type !== row.type,
    status: status !== row.status,
    party: party !== row.party,
    hold: hold !== row.hold,
    window: validFromS !== row.valid_from_s || validUntilS !== row.valid_until_s,
    language: language !== row.language,
    holder: holderAfter !== undefined && !isSameHolder(holderAfter, held),
  };
  const changed = changedFields.filter((field) => changes[field]);
  if (changed.length === 0) return { type: 'unchanged', ticketId: row.id };
  return {
    type: 'change',
    ticketId: row.id,
    before: row,
    after,
    fields: changed,
    holder: changes.holder ? holderAfter : undefined,
  };
}

const refuse = (ticketId: string, problem: string): ImportStep => ({ type: 'refuse', ticketId, problem });

/** Whether gates have to hear of it. */
export const isInFeed = ({ fields }: Change): boolean => fields.some((field) => field !== 'holder');

const emptyWindow = 'it would end before it begins: look at the times from and until';
const isDead = (status: string): boolean => status === 'revoked' || status === 'blocked';

const holderKeys = holderSchema.keyof().options;
const isSameHolder = (one: Holder, other: Holder): boolean => holderKeys.every((key) => one[key] === other[key]);

const typesListedMax = 20;
/** As a person can type them. */
export function listTypes({ policy: { types } }: EventRecord): string {
  const listed = types.slice(0, typesListedMax).map(({ id, name }) => `${id} (${name})`);
  return `${listed.join(', ')}${types.length > typesListedMax ? ', …' : ''}`;
}
