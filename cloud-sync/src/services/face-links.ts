// What stands for a person without an account: a link with which whoever has a ticket enrols, once, and the token that the subject then keeps
// to withdraw and to ask what is kept. Both are random, kept as hashes, and end with the face's time.
import { err, ok, type Clock, type FaceLink, type Random, type Result } from '@postern/shared';
import type { Selectable } from 'kysely';
import type { Database, Queries } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import type { Audit, EntryOf } from './audit.ts';
import { checkOpen } from './face-open.ts';
import { hashSecret, makeSecret } from './grants.ts';
import type { Failure } from './problems.ts';
import type { FindTicket } from './ticket-of-event.ts';

const linkLifetimeMs = 14 * 86_400_000;
/** Of one ticket that are good at the same time: the newest ones. */
const linksPerTicketMax = 5;

export type FaceLinkRow = Selectable<Schema['face_link']>;

export interface FaceLinks {
  /** What keeps anybody from enrolling keeps links from being made: see `checkOpen`. */
  readonly make: (ticketId: string, entry?: EntryOf) => Promise<Result<FaceLink, Failure>>;
  /** `link-invalid`: unknown, used or too old. */
  readonly find: (token: string) => Promise<Result<FaceLinkRow, Failure>>;
}

export interface FaceLinksDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly audit: Pick<Audit, 'record'>;
  readonly findTicket: FindTicket;
  readonly publicUrl: () => string;
}

export function createFaceLinks(deps: FaceLinksDeps): FaceLinks {
  const { database, clock, random, audit, findTicket, publicUrl } = deps;
  return {
    make: async (ticketId, entry) => {
      const found = await findTicket(ticketId);
      if (!found.ok) return found;
      const nowMs = clock.wallMs();
      const open = await checkOpen(database, found.value, nowMs);
      if (!open.ok) return open;
      const { ticket, event } = found.value;
      const token = makeSecret(random);
      const expiresAtMs = Math.min(nowMs + linkLifetimeMs, open.value.erasesAtMs);
      await database.transaction().execute(async (queries) => {
        const earlier = await queries
          .selectFrom('face_link')
          .select('token_hash')
          .where('ticket', '=', ticketId)
          .where('subject', 'is', null)
          .orderBy('created_at_ms', 'desc')
          .orderBy('token_hash')
          .offset(linksPerTicketMax - 1)
          .limit(linksPerTicketMax)
          .execute();
        const dropped = earlier.map(({ token_hash: hash }) => hash);
        if (dropped.length > 0) await queries.deleteFrom('face_link').where('token_hash', 'in', dropped).execute();
        await insertLink(queries, token, {
          event: event.id,
          ticket: ticketId,
          epoch: ticket.epoch,
          subject: null,
          created_at_ms: nowMs,
          expires_at_ms: expiresAtMs,
        });
        if (entry !== undefined) await audit.record(queries, entry({ event: event.id }));
      });
      // Behind the #, which browsers send to nobody.
      return ok({ url: `${publicUrl()}/face/#${token}`, expiresAtMs });
    },

    find: async (token) => {
      const row = await database
        .selectFrom('face_link')
        .selectAll()
        .where('token_hash', '=', hashSecret(token))
        .where('expires_at_ms', '>', clock.wallMs())
        .executeTakeFirst();
      return row === undefined ? err({ type: 'link-invalid' }) : ok(row);
    },
  };
}

const insertLink = async (queries: Queries, token: string, row: Omit<FaceLinkRow, 'token_hash'>): Promise<void> =>
  void (await queries
    .insertInto('face_link')
    .values({ ...row, token_hash: hashSecret(token) })
    .execute());

/** In the transaction that enrols: the link is used up, and the subject's own token takes its place. False: somebody was quicker. */
export async function useLink(
  queries: Queries,
  link: FaceLinkRow,
  subject: string,
  token: string,
  { nowMs, untilMs }: { readonly nowMs: number; readonly untilMs: number },
): Promise<boolean> {
  const used = await queries
    .deleteFrom('face_link')
    .where('token_hash', '=', link.token_hash)
    .where('subject', 'is', null)
    .executeTakeFirst();
  if (used.numDeletedRows === 0n) return false;
  const { event, ticket, epoch } = link;
  await insertLink(queries, token, {
    event,
    ticket,
    epoch,
    subject,
    created_at_ms: nowMs,
    expires_at_ms: untilMs,
  });
  return true;
}
