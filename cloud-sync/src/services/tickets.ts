// The life of tickets: issued, read, found, changed, passed on. The pass's text is signed again whenever it is asked for, by the key that
// is active then: Ed25519 is deterministic, so nothing secret has to be stored. Every change commits together with what the caller adds
// `during` it.
import {
  assert,
  encodePass,
  err,
  hexToBytes,
  keyId,
  ok,
  shortCode,
  type Clock,
  type KeyPair,
  type Random,
  type Result,
  type TicketChange,
  type TicketQuery,
  type TicketRequest,
} from '@postern/shared';
import { setImmediate } from 'node:timers/promises';
import type { Database, Queries } from '../store/database.ts';
import { shareReads } from '../store/shared-reads.ts';
import { transact } from '../store/transact.ts';
import { readEvent, type EventRecord } from './events.ts';
import type { Keys } from './keys.ts';
import type { Failure } from './problems.ts';
import { noteSignedPasses } from './signed-passes.ts';
import {
  changeTicket,
  planChange,
  planReinstate,
  planReissue,
  planRevoke,
  planTransfer,
  type Planner,
  type TransferTo,
} from './ticket-changes.ts';
import { issueTickets } from './ticket-issue.ts';
import { searchTickets, type TicketPage } from './ticket-search.ts';
import { etagOf, readViews, type TicketView } from './ticket-views.ts';
import type { Outbox } from './webhooks/outbox.ts';

/** Passes signed before other requests have their turn: about 20 ms. */
const signaturesAtOnceMax = 200;

/** An open transaction, and the key that signs in it: nothing inside may ask for either elsewhere. */
export interface Within {
  readonly queries: Queries;
  readonly issuer: KeyPair;
}
/** More work for the transaction that changes tickets; a failure rolls all of it back. */
export type During = (within: Within, tickets: readonly TicketView[]) => Promise<Result<void, Failure>>;

export interface ChangeOptions {
  /** The If-Match header: `precondition-failed` unless the ticket is still as it says. */
  readonly ifMatch?: string | undefined;
  readonly during?: During | undefined;
}

type Change = Promise<Result<TicketView, Failure>>;

export interface Tickets {
  /** All or nothing. `ticket-exists` when a foreign code is already there or comes twice. */
  readonly issue: (
    event: number,
    requests: readonly TicketRequest[],
    options?: Pick<ChangeOptions, 'during'>,
  ) => Promise<Result<readonly TicketView[], Failure>>;
  readonly find: (ticketId: string) => Promise<Result<TicketView, Failure>>;
  readonly search: (query: TicketQuery) => Promise<Result<TicketPage, Failure>>;
  readonly change: (ticketId: string, change: TicketChange, options?: ChangeOptions) => Change;
  readonly revoke: (ticketId: string, options?: ChangeOptions) => Change;
  /** `not-revoked` unless it is cancelled or blocked. */
  readonly reinstate: (ticketId: string, options?: ChangeOptions) => Change;
  /** Kills every earlier credential; the new one is our own pass, or `code`. Only for a valid ticket. */
  readonly reissue: (ticketId: string, to: { readonly code?: string | undefined }, options?: ChangeOptions) => Change;
  /** The same for another holder; `already-used` when nothing is left to pass on. */
  readonly transfer: (ticketId: string, to: TransferTo, options?: ChangeOptions) => Change;
  /** The passes and their short typed forms; neither where somebody else printed the code. */
  readonly texts: (tickets: readonly TicketView[], within?: Within) => Promise<readonly TicketTexts[]>;
  /** The entity tag of what the API shows of a ticket. */
  readonly etag: (ticket: TicketView, within?: Within) => Promise<string>;
}

export interface TicketTexts {
  /** `PN1:…`; absent where somebody else printed the code. */
  readonly text?: string;
  readonly shortCode?: string;
}

export interface TicketsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly keys: Keys;
  /** Tells the feed that tickets of an event have changed. */
  readonly changed: (event: number) => void;
  /** Tells webhooks, in the transaction of the change. */
  readonly tell: Outbox['tellTickets'];
}

export function createTickets({ database, clock, random, keys, changed, tell }: TicketsDeps): Tickets {
  const readView = shareReads(async (ids: readonly string[]) => {
    const rows = await database.selectFrom('ticket').selectAll().where('id', 'in', ids).execute();
    const views: TicketView[] = [];
    for (const event of new Set(rows.map((row) => row.event)))
      views.push(
        ...(await readViews(
          database,
          rows.filter((row) => row.event === event),
        )),
      );
    return new Map(views.map((view) => [view.id, view]));
  });

  const change = async (
    type: Parameters<typeof tell>[2],
    ticketId: string,
    plan: Planner,
    { ifMatch, during }: ChangeOptions = {},
  ): Change => {
    const { issuer } = await keys.current();
    const made = await transact(database, async (queries) => {
      const issuerKeyId = keyId(issuer.publicKey);
      const result = await changeTicket(queries, clock, { ticketId, plan, ifMatch, issuerKeyId });
      if (!result.ok) return result;
      const { event, id } = result.value.ticket;
      await tell(queries, event, type, [id]);
      const more = await during?.({ queries, issuer }, [result.value.ticket]);
      return more?.ok === false ? more : result;
    });
    if (!made.ok) return made;
    if (made.value.inFeed) changed(made.value.ticket.event);
    return ok(made.value.ticket);
  };

  return {
    issue: async (event, requests, { during } = {}) => {
      const { issuer } = await keys.current();
      const issued = await transact(database, async (queries) => {
        const result = await issueTickets(queries, { clock, random }, event, requests);
        if (!result.ok) return result;
        await tell(
          queries,
          event,
          'ticket.created',
          result.value.map(({ id }) => id),
        );
        const more = await during?.({ queries, issuer }, result.value);
        return more?.ok === false ? more : result;
      });
      if (issued.ok) changed(event);
      return issued;
    },

    find: async (ticketId) => {
      const ticket = await readView(ticketId);
      return ticket === undefined ? err({ type: 'ticket-unknown' }) : ok(ticket);
    },
    search: async (query) => {
      const { published } = await keys.current();
      return searchTickets(database, query, (id) => {
        const key = published.find(({ keyId: known, use }) => known === id && use === 'issuer');
        const publicKey = key && hexToBytes(key.publicKey);
        // Also of a key that is believed no more: whoever shows its code asks why it is refused.
        return publicKey && { publicKey, state: 'active' };
      });
    },

    change: (ticketId, asked, options) => change('ticket.changed', ticketId, planChange(asked), options),
    revoke: (ticketId, options) => change('ticket.revoked', ticketId, planRevoke, options),
    reinstate: (ticketId, options) => change('ticket.reinstated', ticketId, planReinstate, options),
    reissue: (ticketId, { code }, options) => change('ticket.reissued', ticketId, planReissue(code), options),
    transfer: (ticketId, to, options) =>
      change('ticket.transferred', ticketId, planTransfer(to, clock.wallMs()), options),

    texts: async (tickets, within) => {
      const { queries, issuer } = within ?? { queries: database, issuer: (await keys.current()).issuer };
      await noteSignedPasses(
        queries,
        clock,
        issuer,
        tickets.filter((ticket) => !ticket.foreign),
      );
      const events = new Map<number, EventRecord | undefined>();
      for (const { event } of tickets) if (!events.has(event)) events.set(event, await readEvent(queries, event));
      const texts: TicketTexts[] = [];
      for (const ticket of tickets) {
        texts.push(ticket.foreign ? {} : textsOf(ticket, events.get(ticket.event), issuer));
        if (texts.length % signaturesAtOnceMax === 0) await setImmediate();
      }
      return texts;
    },
    etag: async (ticket, within) => {
      const { issuer } = within ?? (await keys.current());
      return etagOf(ticket, keyId(issuer.publicKey));
    },
  };
}

function textsOf(ticket: TicketView, event: EventRecord | undefined, issuer: KeyPair): TicketTexts {
  const codeHashKey = hexToBytes(event?.codeHashKey ?? '');
  assert(codeHashKey !== undefined, 'a ticket has an event');
  const claims = {
    ticketId: ticket.id,
    event: ticket.event,
    type: ticket.type,
    epoch: ticket.epoch,
    ...(ticket.validFromS === undefined ? {} : { notBeforeS: ticket.validFromS }),
    ...(ticket.validUntilS === undefined ? {} : { expiresS: ticket.validUntilS }),
  };
  return { text: encodePass(claims, issuer), shortCode: shortCode(codeHashKey, ticket.id, ticket.epoch) };
}
