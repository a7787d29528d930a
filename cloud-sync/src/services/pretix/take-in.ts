// Positions of a pretix server that are new here: each becomes a ticket, or is linked with the ticket that has its code already, as from a file.
import { ok, type Holder, type Result, type TicketRequest } from '@postern/shared';
import type { Updateable } from 'kysely';
import type { Queries } from '../../store/database.ts';
import type { Failure } from '../problems.ts';
import { changeTicket } from '../ticket-changes.ts';
import { issueTickets } from '../ticket-issue.ts';
import type { TicketRow, TicketView } from '../ticket-views.ts';
import { withSecret, type SecretState } from './mapping.ts';
import {
  columnsBetween,
  sealSecret,
  statusBetween,
  withAccount,
  type Applied,
  type ApplyDeps,
  type Candidate,
  type PositionRow,
} from './state.ts';

export interface Known {
  /** Tickets of codes that are there, by hash. */
  readonly codes: ReadonlyMap<string, string>;
  readonly secrets: ReadonlyMap<string, SecretState>;
  readonly noteProblem: (candidate: Candidate, problem: string) => void;
}

/** In the caller's transaction, which a failure rolls back. */
export async function takeIn(
  queries: Queries,
  deps: ApplyDeps,
  fresh: readonly Candidate[],
  { codes, secrets, noteProblem }: Known,
): Promise<Result<Applied, Failure>> {
  const event = deps.event.id;
  const linked = await readLinked(
    queries,
    event,
    fresh.flatMap(({ hash }) => codes.get(hash) ?? []),
  );
  const isSeen = new Set<string>();
  const toIssue: Candidate[] = [];
  const toLink: { readonly candidate: Candidate; readonly ticket: string }[] = [];
  for (const candidate of fresh) {
    const ticket = codes.get(candidate.hash);
    if (isSeen.has(candidate.hash) || (ticket !== undefined && linked.has(ticket))) {
      noteProblem(candidate, 'secret-of-another');
      continue;
    }
    isSeen.add(candidate.hash);
    if (ticket === undefined) toIssue.push(candidate);
    else toLink.push({ candidate, ticket });
  }
  const issued =
    toIssue.length === 0
      ? ok<readonly TicketView[]>([])
      : await issueTickets(
          queries,
          deps,
          event,
          toIssue.map((candidate) => toRequest(candidate, secrets)),
        );
  if (!issued.ok) return issued;
  for (const { candidate, ticket: ticketId } of toLink) {
    const changed = await changeTicket(queries, deps.clock, {
      ticketId,
      issuerKeyId: deps.issuerKeyId,
      plan: (ticket) => ok(planLink(candidate, ticket, secrets)),
    });
    if (!changed.ok) return changed;
  }
  const rows = [
    ...toIssue.map((candidate, index) => toRow(deps, candidate, issued.value[index]?.id ?? '')),
    ...toLink.map(({ candidate, ticket }) => toRow(deps, candidate, ticket)),
  ];
  if (rows.length > 0) {
    await queries.insertInto('pretix_position').values(rows).execute();
    await lookAgain(
      queries,
      event,
      rows.map(({ ticket }) => ticket),
    );
  }
  if (toIssue.length > 0)
    await deps.tell(
      queries,
      event,
      'ticket.created',
      issued.value.map(({ id }) => id),
    );
  if (toLink.length > 0)
    await deps.tell(
      queries,
      event,
      'ticket.changed',
      toLink.map(({ ticket }) => ticket),
    );
  return ok({ created: toIssue.length, changed: toLink.length, unchanged: 0 });
}

const toRow = (deps: ApplyDeps, { order, position, hash, state }: Candidate, ticket: string): PositionRow => ({
  event: deps.event.id,
  position: position.id,
  order_code: order.code,
  ticket,
  hash,
  sealed_secret: sealSecret(deps, position),
  state: JSON.stringify(state),
});

function toRequest(
  { position, hash, holder, state }: Candidate,
  secrets: ReadonlyMap<string, SecretState>,
): TicketRequest {
  const { type = 0, status = 'revoked', validFromS, validUntilS, language } = state ?? {};
  return {
    type,
    code: position.secret,
    status: withSecret(status, secrets.get(hash)),
    party: 1,
    holder,
    ...(typeof validFromS !== 'number' ? {} : { validFromS }),
    ...(typeof validUntilS !== 'number' ? {} : { validUntilS }),
    language: language ?? undefined,
  };
}

function planLink(
  { hash, holder, state }: Candidate,
  ticket: TicketView,
  secrets: ReadonlyMap<string, SecretState>,
): { readonly columns: Updateable<TicketRow>; readonly holder: Holder } {
  const {
    type = ticket.type,
    status = ticket.status,
    validFromS = null,
    validUntilS = null,
    language = null,
  } = state ?? {};
  return {
    columns: {
      ...columnsBetween(
        {
          type: ticket.type,
          validFromS: ticket.validFromS ?? null,
          validUntilS: ticket.validUntilS ?? null,
          language: ticket.language ?? null,
        },
        { type, validFromS, validUntilS, language },
      ),
      ...statusBetween(ticket.status, withSecret(status, secrets.get(hash))),
    },
    holder: withAccount(holder, ticket),
  };
}

/** A gate that went by pretix's signature may have admitted them before they came in: its marks are looked through again from there. */
async function lookAgain(queries: Queries, event: number, tickets: readonly string[]): Promise<void> {
  const writers = await queries
    .selectFrom('mark')
    .select(({ fn }) => ['gate', 'boot', fn.min('sequence').as('first')])
    .where('event', '=', event)
    .where('ticket', 'in', tickets)
    .groupBy(['gate', 'boot'])
    .execute();
  for (const { gate, boot, first } of writers)
    await queries
      .updateTable('pretix_writer')
      .set({ sequence: first - 1 })
      .where('event', '=', event)
      .where('gate', '=', gate)
      .where('boot', '=', boot)
      .where('sequence', '>=', first)
      .execute();
}

/** Those of these tickets that are of a position already. */
async function readLinked(queries: Queries, event: number, tickets: readonly string[]): Promise<ReadonlySet<string>> {
  if (tickets.length === 0) return new Set();
  const rows = await queries
    .selectFrom('pretix_position')
    .select('ticket')
    .where('event', '=', event)
    .where('ticket', 'in', tickets)
    .execute();
  return new Set(rows.map(({ ticket }) => ticket));
}
