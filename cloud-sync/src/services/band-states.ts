// What the marks say of a wristband or of a ticket's wristbands, read from the rows that were derived from them (binding-rows.ts): what
// `foldBindings` finds at a gate.
import {
  bindingConflictId,
  bindingViewSchema,
  type BindingConflict,
  type TagState,
  type Ticket,
} from '@postern/shared';
import { claimants, epochOf, isKnownTag, liveBindings, type LiveBinding } from '../store/bindings.ts';
import type { Queries } from '../store/database.ts';
import { bindingsMax, holdingOfTag, readBound } from './binding-rows.ts';
import { bandsMaxOf, isOfEpoch, ticketsOf } from './band-plan.ts';
import { groupBy } from './group-by.ts';

/** Bindings of a band that nothing has replaced, dead ones among them: the first `bindingsMax`. */
export const claimsOnTag = (queries: Queries, event: number, tag: string): Promise<readonly LiveBinding[]> =>
  liveBindings(queries, event, { kind: 'tag', subject: tag }, { limit: bindingsMax });

/** Bindings of a ticket that hold: the first `bindingsMax`. */
export async function holdingOfTicket(
  queries: Queries,
  event: number,
  ticket: string,
): Promise<readonly LiveBinding[]> {
  const epoch = await epochOf(queries, event, ticket, 'highest');
  if (epoch === undefined) return [];
  return liveBindings(queries, event, { kind: 'ticket', subject: ticket }, { epoch, limit: bindingsMax });
}

/** Bands that a ticket has at its present epoch: no more than one beyond what its party needs. */
export async function bandsOfTicket(
  queries: Queries,
  event: number,
  ticket: Pick<Ticket, 'id' | 'epoch' | 'party'>,
): Promise<readonly string[]> {
  const epoch = await epochOf(queries, event, ticket.id, 'highest');
  if (epoch === undefined || !isOfEpoch(ticket, { epoch })) return [];
  return claimants(queries, event, { kind: 'ticket', subject: ticket.id }, { epoch, limit: bandsMaxOf(ticket) + 1 });
}

export interface Holdings {
  readonly byTag: ReadonlyMap<string, readonly LiveBinding[]>;
  /** With dead ones. */
  readonly claimsByTag: ReadonlyMap<string, readonly LiveBinding[]>;
}

/** The same of many bands, some hundred. */
export async function holdingOfMany(queries: Queries, event: number, tags: readonly string[]): Promise<Holdings> {
  if (tags.length === 0) return { byTag: new Map(), claimsByTag: new Map() };
  const live = queries.selectFrom('binding').where('event', '=', event).where('replaced', '=', 0);
  const claims = await live
    .select(['gate', 'boot', 'sequence', 'tag', 'ticket', 'epoch'])
    .where('tag', 'in', tags)
    .limit(tags.length * bindingsMax)
    .execute();
  const tickets = ticketsOf(claims);
  const highest =
    tickets.length === 0
      ? []
      : await live
          .select(({ fn }) => ['ticket', fn.max('epoch').as('epoch')])
          .where('ticket', 'in', tickets)
          .groupBy('ticket')
          .execute();
  const epochs = new Map(highest.map(({ ticket, epoch }) => [ticket, epoch]));
  const holds = ({ ticket, epoch }: LiveBinding): boolean => ticket === '' || epoch === epochs.get(ticket);
  return { byTag: groupBy(claims.filter(holds), ({ tag }) => tag), claimsByTag: groupBy(claims, ({ tag }) => tag) };
}

/** What a gate would make of the band. */
export async function readTagState(queries: Queries, event: number, tag: string): Promise<TagState> {
  const holding = await holdingOfTag(queries, event, tag);
  const tickets = ticketsOf(holding);
  const conflict = await readConflict(queries, event, tag, tickets);
  if (conflict !== undefined) return { type: 'conflict', conflict };
  const bound = holding.find(({ ticket }) => ticket !== '');
  if (bound !== undefined) return { type: 'bound', ticketId: bound.ticket, epoch: bound.epoch };
  return { type: 'unbound', ...((await isKnownTag(queries, event, tag)) ? { released: true } : {}) };
}

/** Which of these tickets' bands, and of these bands, are in conflict. */
export async function disputedAmong(
  queries: Queries,
  event: number,
  subjects: readonly { readonly kind: BindingConflict['kind']; readonly subject: string }[],
): Promise<ReadonlySet<string>> {
  if (subjects.length === 0) return new Set();
  const rows = await queries
    .selectFrom('binding_conflict')
    .select(['subject'])
    .where('event', '=', event)
    .where(
      'id',
      'in',
      subjects.map(({ kind, subject }) => bindingConflictId(event, kind, subject)),
    )
    .execute();
  return new Set(rows.map(({ subject }) => subject));
}

/** About the band first of all, else about a ticket that has too many. */
async function readConflict(
  queries: Queries,
  event: number,
  tag: string,
  tickets: readonly string[],
): Promise<BindingConflict | undefined> {
  const ids = [
    bindingConflictId(event, 'tag', tag),
    ...tickets.map((ticket) => bindingConflictId(event, 'ticket', ticket)),
  ];
  const rows = await queries
    .selectFrom('binding_conflict')
    .selectAll()
    .where('event', '=', event)
    .where('id', 'in', ids)
    .execute();
  const row = rows.find(({ kind }) => kind === 'tag') ?? rows[0];
  if (row === undefined) return undefined;
  const names = bindingViewSchema.array().parse(JSON.parse(row.bindings));
  const byName = new Map((await readBound(queries, event, names)).map((mark) => [nameText(mark), mark]));
  return {
    id: row.id,
    event,
    kind: row.kind as BindingConflict['kind'],
    subject: row.subject,
    marks: names.flatMap((name) => byName.get(nameText(name)) ?? []),
  };
}

const nameText = ({
  gate,
  boot,
  sequence,
}: {
  readonly gate: string;
  readonly boot: string;
  readonly sequence: number;
}) => `${gate}/${boot}/${sequence}`;
