// A phone claims a ticket by a link. The first one gets it as it is, so that a ticket on paper stays good beside it; a further one takes it
// away from the phone before, and a friend from who has offered it: both by a new epoch, which every gate understands without a network.
// Asked again with the same link and key the answer is the same, so that an answer that got lost costs nothing.
import {
  bytesToHex,
  dynamicMethod,
  err,
  hexToBytes,
  isClaimProof,
  isSoundPublicKey,
  ok,
  type ClaimRequest,
  type ClaimResponse,
  type Clock,
  type Random,
  type Result,
} from '@postern/shared';
import type { Database, Queries } from '../store/database.ts';
import { transact } from '../store/transact.ts';
import type { Audit, EntryOf } from './audit.ts';
import { linkOptionsOf, linkOf, type ClaimLinkRow } from './claim-links.ts';
import { hashSecret } from './grants.ts';
import { readHolderAt, type HolderRow } from './holders.ts';
import type { Holdings } from './holdings.ts';
import type { Keys } from './keys.ts';
import type { Limiter } from './limiter.ts';
import { isToken } from './nft/feed-tokens.ts';
import type { Failure } from './problems.ts';
import { whyNotMethod } from './ticket-methods.ts';
import type { FindTicket, TicketOfEvent } from './ticket-of-event.ts';
import type { TicketView } from './ticket-views.ts';
import type { During, Tickets } from './tickets.ts';

const holderIdBytes = 16;
const secretCharacters = 48;
/** Of somebody who was given a ticket: as many phones and days as others get. */
const ownLinkOptions = { claims: 5, expiresInDays: 180 };
/** Two phones, or two tabs of one, may claim at the same moment: whoever comes second looks again. */
const triesMax = 3;

export interface Claims {
  /**
   * `holder-key-unsound`, `token-invalid` for a key that the phone has not got, `link-invalid`, `claims-exhausted`, `ticket-held` unless it
   * is to be moved, `ticket-is-token` where moving would leave its token behind, `method-off`, `already-used`, and the status of a ticket that is not valid.
   */
  readonly claim: (request: ClaimRequest, sender: string, entry?: EntryOf) => Promise<Result<ClaimResponse, Failure>>;
}

export interface ClaimsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly keys: Pick<Keys, 'serverHash'>;
  readonly limiter: Limiter;
  readonly audit: Pick<Audit, 'record'>;
  readonly tickets: Pick<Tickets, 'reissue' | 'transfer'>;
  readonly holdings: Holdings;
  readonly findTicket: FindTicket;
  readonly publicUrl: () => string;
}

type How = 'first' | 'moved' | 'given';

/** What one try works on. */
interface Try {
  readonly link: ClaimLinkRow;
  readonly holderKey: string;
  readonly at: TicketOfEvent;
  readonly before: HolderRow | undefined;
  readonly entry: EntryOf | undefined;
}

export function createClaims(deps: ClaimsDeps): Claims {
  const { database, clock, random, keys, limiter, audit, tickets, holdings, findTicket, publicUrl } = deps;

  /** Made anew whenever it is needed, so that it can be told again after an answer was lost. */
  const ownSecretOf = (holder: string): string => keys.serverHash('claim-link', holder).slice(0, secretCharacters);

  const readLink = (secret: string): Promise<ClaimLinkRow | undefined> =>
    database
      .selectFrom('claim_link')
      .selectAll()
      .where('secret_hash', '=', hashSecret(secret))
      .where('expires_at_ms', '>', clock.wallMs())
      .executeTakeFirst();

  /** Inside the transaction; undefined where somebody else was quicker. */
  const bind = async (
    queries: Queries,
    { link, holderKey, before, entry }: Try,
    epoch: number,
    how: How,
  ): Promise<HolderRow | undefined> => {
    const taken = await queries
      .updateTable('claim_link')
      .set({ claims_left: link.claims_left - 1, ...(how === 'moved' ? { epoch } : {}) })
      .where('event', '=', link.event)
      .where('id', '=', link.id)
      .where('claims_left', '=', link.claims_left)
      .where('epoch', '=', link.epoch)
      .returning('id')
      .executeTakeFirst();
    if (taken === undefined) return undefined;
    const holder = await queries
      .insertInto('holder')
      .values({
        event: link.event,
        ticket: link.ticket,
        epoch,
        id: bytesToHex(random(holderIdBytes)),
        public_key: holderKey,
        link: link.id,
        transferable: link.transferable,
        created_at_ms: clock.wallMs(),
        ended_as: null,
      })
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst();
    if (holder === undefined) return undefined;
    if (before !== undefined && how !== 'first')
      await queries
        .updateTable('holder')
        .set({ ended_as: how })
        .where('event', '=', before.event)
        .where('ticket', '=', before.ticket)
        .where('epoch', '=', before.epoch)
        .execute();
    if (how === 'given')
      await queries
        .insertInto('claim_link')
        .values({
          event: link.event,
          id: holder.id.slice(0, link.id.length),
          ticket: link.ticket,
          epoch,
          kind: 'claim',
          secret_hash: hashSecret(ownSecretOf(holder.id)),
          ...linkOptionsOf({ ...ownLinkOptions, transferable: holder.transferable === 1 }, clock.wallMs()),
        })
        .execute();
    if (entry !== undefined)
      await audit.record(
        queries,
        entry({
          ...(how === 'given' ? { action: 'transfer' } : {}),
          actor: { kind: 'client', id: holder.id },
          event: link.event,
          ticket: link.ticket,
          subject: link.id,
          details: { how },
        }),
      );
    return holder;
  };

  /** Undefined where somebody else was quicker. */
  const take = async (tried: Try, move: boolean): Promise<Result<HolderRow | undefined, Failure>> => {
    const { link, at, before } = tried;
    const { ticket, event } = at;
    let holder: HolderRow | undefined;
    let isLate = false;
    const bound = async (queries: Queries, epoch: number, how: How): Promise<Result<void, Failure>> => {
      holder = await bind(queries, tried, epoch, how);
      isLate = holder === undefined;
      return isLate ? err({ type: 'link-invalid' }) : ok(undefined);
    };
    /** Of what has just been raised by one: if that was not the epoch that the link leads to, the ticket has gone elsewhere. */
    const duringRaise =
      (how: How): During =>
      async ({ queries }, [raised]) => {
        if (raised === undefined || raised.epoch !== link.epoch + 1) {
          isLate = true;
          return err({ type: 'link-invalid' });
        }
        // It would leave the token behind, which somebody may be buying at this moment.
        if (await isToken(queries, event, { id: link.ticket, epoch: link.epoch }))
          return err({ type: 'ticket-is-token' });
        if (how === 'moved' && isSpent(raised, at)) return err({ type: 'already-used' });
        return bound(queries, raised.epoch, how);
      };
    const done = async (): Promise<Result<unknown, Failure>> => {
      if (link.kind === 'transfer')
        return tickets.transfer(link.ticket, { holder: {} }, { during: duringRaise('given') });
      if (before === undefined) return transact(database, (queries) => bound(queries, ticket.epoch, 'first'));
      return move
        ? tickets.reissue(link.ticket, {}, { during: duringRaise('moved') })
        : err({ type: 'ticket-held', detail: event.policy.name });
    };
    const outcome = await done();
    if (!outcome.ok) return isLate ? ok(undefined) : outcome;
    return ok(holder);
  };

  const answer = async (link: ClaimLinkRow, holder: HolderRow): Promise<Result<ClaimResponse, Failure>> => {
    const holding = await holdings.read(holder);
    if (!holding.ok) return holding;
    const ownLink = link.kind === 'transfer' ? { ownLink: linkOf(publicUrl(), ownSecretOf(holder.id)) } : {};
    return ok({ ...holding.value, ...ownLink });
  };

  return {
    claim: async ({ secret, holderKey, proof, move }, sender, entry) => {
      const [key, signature] = [hexToBytes(holderKey), hexToBytes(proof)];
      if (key === undefined || !isSoundPublicKey(key)) return err({ type: 'holder-key-unsound' });
      if (signature === undefined || !isClaimProof(secret, key, signature)) return err({ type: 'token-invalid' });
      const guessed = await limiter.guess(
        'claim-link',
        sender,
        () => readLink(secret),
        (found) => found === undefined,
      );
      if (!guessed.ok) return guessed;
      for (let link = guessed.value, tries = 0; link !== undefined && tries < triesMax; tries++) {
        const spent = await limiter.take('ticket', link.ticket);
        if (spent !== undefined) return err(spent);
        const at = await findTicket(link.ticket);
        if (!at.ok) return at;
        const { ticket, event } = at.value;
        const before = await readHolderAt(database, { event: link.event, ticket: link.ticket, epoch: ticket.epoch });
        if (before?.link === link.id && before.public_key === holderKey) return answer(link, before);
        if (link.epoch !== ticket.epoch) return err({ type: 'link-invalid' });
        if (link.claims_left < 1) return err({ type: link.kind === 'transfer' ? 'link-invalid' : 'claims-exhausted' });
        if (ticket.status !== 'valid') return err({ type: ticket.status });
        if (whyNotMethod(dynamicMethod, ticket, event) !== undefined) return err({ type: 'method-off' });
        const taken = await take({ link, holderKey, at: at.value, before, entry }, move);
        if (!taken.ok) return taken;
        if (taken.value !== undefined) return answer(link, taken.value);
        link = await readLink(secret);
      }
      return err({ type: 'link-invalid' });
    },
  };
}

/** Who cannot come in again anyhow needs no other phone; and nobody gets a second way in by asking for one. */
function isSpent({ usesSpent, type: typeId, party }: TicketView, { event }: TicketOfEvent): boolean {
  const type = event.policy.types.find(({ id }) => id === typeId);
  const uses = type?.uses ?? 1;
  return uses > 0 && usesSpent >= uses * party && type?.reentry !== true;
}
