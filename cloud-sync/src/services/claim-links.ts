// Links that put a ticket on a phone: made by whoever sells tickets, or by a holder for a friend. Only a hash of the secret is kept, which
// stands in the fragment of the link and so in no log. A link leads to one epoch of its ticket: what is passed on or issued again leaves
// the links before it dead.
import {
  bytesToHex,
  err,
  ok,
  type ClaimLinkMade,
  type ClaimLinkRequest,
  type ClaimLinkView,
  type Clock,
  type Random,
  type Result,
  type TransferOffer,
} from '@postern/shared';
import type { Insertable, Selectable } from 'kysely';
import type { Database, Queries } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import { transact } from '../store/transact.ts';
import type { Audit, EntryOf } from './audit.ts';
import { hashSecret, makeSecret } from './grants.ts';
import type { Holder } from './holders.ts';
import { isToken } from './nft/feed-tokens.ts';
import type { Failure } from './problems.ts';
import type { FindTicket } from './ticket-of-event.ts';
import { readTickets } from './ticket-views.ts';

export type ClaimLinkRow = Selectable<Schema['claim_link']>;

const linkIdBytes = 8;
const dayMs = 86_400_000;
/** Until a friend has taken the ticket, or it stays where it is. */
const offerDays = 7;

/** Where the page of tickets on phones is. */
export const myTicketPath = '/my/';

export interface ClaimLinks {
  /** One for each ticket of an event, all or none: `ticket-unknown`. */
  readonly make: (
    event: number,
    tickets: readonly string[],
    request: ClaimLinkRequest,
    entry?: EntryOf,
  ) => Promise<Result<readonly ClaimLinkMade[], Failure>>;
  /** The same for one ticket, whatever its event. */
  readonly makeFor: (
    ticketId: string,
    request: ClaimLinkRequest,
    entry?: EntryOf,
  ) => Promise<Result<ClaimLinkMade, Failure>>;
  /** Those that still lead to the ticket, the newest first. */
  readonly list: (ticketId: string) => Promise<Result<readonly ClaimLinkView[], Failure>>;
  /** `link-unknown`. Whoever has claimed the ticket keeps it. */
  readonly revoke: (ticketId: string, link: string, entry?: EntryOf) => Promise<Result<undefined, Failure>>;
  /** For a friend; `holder-ended`, `transfer-forbidden`, `ticket-is-token`, and why a ticket that is not valid is not passed on. */
  readonly offer: (holder: Holder, entry?: EntryOf) => Promise<Result<TransferOffer, Failure>>;
  /** Ends what was offered, if nobody has used it; `holder-ended`. */
  readonly takeBack: (holder: Holder, entry?: EntryOf) => Promise<Result<undefined, Failure>>;
}

export interface ClaimLinksDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly audit: Pick<Audit, 'record'>;
  readonly findTicket: FindTicket;
  readonly publicUrl: () => string;
}

export function createClaimLinks(deps: ClaimLinksDeps): ClaimLinks {
  const { database, clock, random, audit, findTicket, publicUrl } = deps;

  const make: ClaimLinks['make'] = async (event, tickets, request, entry) => {
    const nowMs = clock.wallMs();
    const asked = [...new Set(tickets)];
    const options = linkOptionsOf(request, nowMs);
    const made = asked.map((ticket) => ({ id: bytesToHex(random(linkIdBytes)), ticket, secret: makeSecret(random) }));
    const stored = await transact(database, async (queries) => {
      const known = await readTickets(queries, event, asked);
      const missing = asked.find((id) => !known.has(id));
      if (missing !== undefined) return err({ type: 'ticket-unknown', ticket: missing } as const);
      const rows = made.map(({ id, ticket, secret }) => ({
        event,
        id,
        ticket,
        epoch: known.get(ticket)?.epoch ?? 0,
        kind: 'claim',
        secret_hash: hashSecret(secret),
        ...options,
      }));
      await queries.insertInto('claim_link').values(rows).execute();
      if (entry !== undefined) await audit.record(queries, entry({ event, details: { links: rows.length } }));
      return ok(undefined);
    });
    if (!stored.ok) return stored;
    return ok(
      made.map(({ id, ticket, secret }) => ({
        id,
        ticket,
        link: linkOf(publicUrl(), secret),
        claims: options.claims_left,
        expiresAtMs: options.expires_at_ms,
      })),
    );
  };

  return {
    make,

    makeFor: async (ticketId, request, entry) => {
      const found = await findTicket(ticketId);
      if (!found.ok) return found;
      const made = await make(found.value.event.id, [ticketId], request, entry);
      if (!made.ok) return made;
      const [link] = made.value;
      return link === undefined ? err({ type: 'ticket-unknown' }) : ok(link);
    },

    list: async (ticketId) => {
      const found = await findTicket(ticketId);
      if (!found.ok) return found;
      const rows = await database
        .selectFrom('claim_link')
        .selectAll()
        .where('ticket', '=', ticketId)
        .where('epoch', '=', found.value.ticket.epoch)
        .where('claims_left', '>', 0)
        .where('expires_at_ms', '>', clock.wallMs())
        .orderBy('created_at_ms', 'desc')
        .orderBy('id')
        .limit(100)
        .execute();
      return ok(rows.map(toView));
    },

    revoke: async (ticketId, link, entry) => {
      const isRevoked = await database.transaction().execute(async (queries) => {
        const row = await queries
          .deleteFrom('claim_link')
          .where('ticket', '=', ticketId)
          .where('id', '=', link)
          .returning('event')
          .executeTakeFirst();
        if (row !== undefined && entry !== undefined)
          await audit.record(queries, entry({ event: row.event, subject: link }));
        return row !== undefined;
      });
      return isRevoked ? ok(undefined) : err({ type: 'link-unknown' });
    },

    offer: async ({ row, isCurrent }, entry) => {
      const found = isCurrent ? await findTicket(row.ticket) : undefined;
      if (found?.ok !== true || found.value.ticket.epoch !== row.epoch) return err({ type: 'holder-ended' });
      if (row.transferable === 0) return err({ type: 'transfer-forbidden' });
      const { status } = found.value.ticket;
      if (status !== 'valid') return err({ type: status });
      if (await isToken(database, found.value.event, found.value.ticket)) return err({ type: 'ticket-is-token' });
      const secret = makeSecret(random);
      const link = {
        event: row.event,
        id: bytesToHex(random(linkIdBytes)),
        ticket: row.ticket,
        epoch: row.epoch,
        kind: 'transfer',
        secret_hash: hashSecret(secret),
        ...linkOptionsOf({ claims: 1, expiresInDays: offerDays, transferable: true }, clock.wallMs()),
      };
      await database.transaction().execute(async (queries) => {
        await endOffers(queries, row);
        await queries.insertInto('claim_link').values(link).execute();
        if (entry !== undefined) await audit.record(queries, entry(aboutHolder(row, link.id)));
      });
      return ok({ link: linkOf(publicUrl(), secret), expiresAtMs: link.expires_at_ms });
    },

    takeBack: async ({ row, isCurrent }, entry) => {
      if (!isCurrent) return err({ type: 'holder-ended' });
      await database.transaction().execute(async (queries) => {
        await endOffers(queries, row);
        if (entry !== undefined) await audit.record(queries, entry(aboutHolder(row)));
      });
      return ok(undefined);
    },
  };
}

export const linkOf = (publicUrl: string, secret: string): string => `${publicUrl}${myTicketPath}#claim=${secret}`;

/** Columns of a link made with these options at `nowMs`. */
export const linkOptionsOf = (
  { claims, expiresInDays, transferable }: ClaimLinkRequest,
  nowMs: number,
): Pick<Insertable<Schema['claim_link']>, 'claims_left' | 'transferable' | 'created_at_ms' | 'expires_at_ms'> => ({
  claims_left: claims,
  transferable: transferable ? 1 : 0,
  created_at_ms: nowMs,
  expires_at_ms: nowMs + expiresInDays * dayMs,
});

const endOffers = (queries: Queries, { event, ticket }: Holder['row']): Promise<unknown> =>
  queries
    .deleteFrom('claim_link')
    .where('event', '=', event)
    .where('ticket', '=', ticket)
    .where('kind', '=', 'transfer')
    .where('claims_left', '>', 0)
    .execute();

/** A phone in the audit log is a program of somebody who has no account. */
export const aboutHolder = ({ event, ticket, id }: Holder['row'], link?: string): Parameters<EntryOf>[0] => ({
  actor: { kind: 'client', id },
  event,
  ticket,
  ...(link === undefined ? {} : { subject: link }),
});

const toView = ({ id, kind, claims_left, created_at_ms, expires_at_ms }: ClaimLinkRow): ClaimLinkView => ({
  id,
  kind: kind === 'transfer' ? 'transfer' : 'claim',
  claimsLeft: claims_left,
  createdAtMs: created_at_ms,
  expiresAtMs: expires_at_ms,
});
