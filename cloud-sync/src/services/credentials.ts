// The credentials of a ticket that were generated or verified here: by which method, when, for which epoch, and when it was first used. The
// credential itself is not kept. Use is derived from the merged marks, gates' included, so a use that is given back clears it again.
import {
  assert,
  err,
  methodById,
  methodsOf,
  ok,
  tokenCredentialId,
  type Claim,
  type Clock,
  type CredentialView,
  type History,
  type Result,
  type Ticket,
} from '@postern/shared';
import type { Insertable } from 'kysely';
import { z } from 'zod';
import type { Database, Queries } from '../store/database.ts';
import { lockTickets } from '../store/locks.ts';
import type { Schema } from '../store/schema.ts';
import { transact } from '../store/transact.ts';
import { isStaff, type Actor } from './actor.ts';
import type { Audit, EntryOf } from './audit.ts';
import type { BandDesk } from './band-desk.ts';
import { bandOf } from './band-id.ts';
import type { EventRecord } from './events.ts';
import type { Keys } from './keys.ts';
import type { TokenMints } from './nft/mints.ts';
import type { Failure } from './problems.ts';
import { noteSignedPasses } from './signed-passes.ts';
import { foldTickets } from './stories.ts';

/** Generated credentials kept of one ticket and shown; more than a person ever asks for. */
const credentialsMax = 200;
const credentialIdChars = 16;
/** In place of the time, for a credential that was first seen when it was presented. */
const notGenerated = 0;

export type CredentialRow = Insertable<Schema['credential']>;

export interface GeneratedCredential {
  readonly credential: CredentialView;
  /** For the holder: it opens gates. */
  readonly payload: Readonly<Record<string, string | number>>;
}

export interface Credentials {
  /**
   * `method-unknown`, `method-off`, `options-invalid`, `holder-key-unsound`, `nothing-to-generate`. Of a method whose credentials are bands
   * it also binds the band: `band-bound`, `band-reserved`, `bands-too-many`, and `role-too-low` for holders. Of one
   * whose credentials are tokens it also has the token minted: `nft-unset`, `token-exists`.
   */
  readonly generate: (
    event: EventRecord,
    ticket: Ticket,
    method: string,
    options: unknown,
    /** Absent for whoever has proved to hold the ticket without an account. */
    by: Actor | undefined,
    entry?: EntryOf,
  ) => Promise<Result<GeneratedCredential, Failure>>;
  /** The latest first. */
  readonly list: (event: EventRecord, ticketId: string) => Promise<readonly CredentialView[]>;
}

export interface CredentialsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly keys: Keys;
  readonly audit: Pick<Audit, 'record'>;
  readonly bands: Pick<BandDesk, 'bindAtOnce'>;
  /** Absent where the settings name no chain. */
  readonly tokens: TokenMints | undefined;
}

export function createCredentials({ database, clock, keys, audit, bands, tokens }: CredentialsDeps): Credentials {
  /** A phone that comes by for the pass that it has already writes nothing: many do at once, and often. */
  const findKnown = async (
    event: number,
    { id: ticket, epoch }: Ticket,
    method: string,
    id: string,
  ): Promise<CredentialView | undefined> => {
    const row = await database
      .selectFrom('credential')
      .select('generated_at_ms')
      .where('event', '=', event)
      .where('ticket', '=', ticket)
      .where('method', '=', method)
      .where('credential', '=', id)
      .executeTakeFirst();
    return row === undefined ? undefined : { method, id, epoch, generatedAtMs: row.generated_at_ms };
  };

  return {
    generate: async (event, ticket, methodId, options, by, entry) => {
      const method = methodById(methodId);
      if (method === undefined) return err({ type: 'method-unknown' });
      if (event.policy.methodsOff.includes(methodId)) return err({ type: 'method-off' });
      const tag = method.binds === undefined ? undefined : bandOf(event, method, uidOf(options));
      if (tag?.ok === false) return tag;
      // Whoever holds a ticket does not give away bands.
      const staff = by !== undefined && isStaff(by, event.id) ? by : undefined;
      if (tag !== undefined && staff === undefined) return err({ type: 'role-too-low' });
      const nowMs = clock.wallMs();
      const { issuer } = await keys.current();
      // A token is the chain's to sign.
      if (method.generates && method.mints !== true)
        await noteSignedPasses(database, clock, issuer, [{ ...ticket, event: event.id }]);
      const made = await method.generate({ event: event.id, ticket, options, nowMs }, issuer);
      if (!made.ok)
        return err({ type: made.error.type, ...('cause' in made.error ? { detail: made.error.cause } : {}) });
      /** Tickets first and the audit chain last, as whoever verifies: else the two could wait for each other. */
      const keep = async (queries: Queries, id: string): Promise<CredentialView> => {
        const { epoch } = ticket;
        const row = { event: event.id, ticket: ticket.id, method: methodId, credential: id, epoch };
        await queries
          .insertInto('credential')
          .values({ ...row, generated_at_ms: nowMs })
          // Made again from the same ticket, key and options it is the same credential.
          .onConflict((conflict) => conflict.doNothing())
          .execute();
        if (entry !== undefined) await audit.record(queries, entry({ event: event.id, subject: id }));
        return { method: methodId, id, epoch, generatedAtMs: nowMs };
      };
      if (method.mints === true) {
        const place = event.policy.nft;
        if (tokens === undefined || place === undefined) return err({ type: 'nft-unset' });
        const wallet = String(made.value.payload['wallet']);
        const minted = await transact(database, async (queries) => {
          await lockTickets(queries, event.id, [ticket.id]);
          const claimed = await tokens.claim(queries, { event: event.id, place, ticket, wallet, nowMs });
          if (!claimed.ok) return claimed;
          const { token, contract, chainId, state } = claimed.value;
          const id = tokenCredentialId({ contract: place.contract, tokenId: BigInt(token) });
          return ok({ credential: await keep(queries, id), payload: { wallet, token, contract, chainId, state } });
        });
        if (minted.ok) tokens.wake();
        return minted;
      }
      const id = tag?.value ?? made.value.credentialId;
      assert(id !== undefined, 'what is no band has an id of its own');
      if (tag !== undefined && staff !== undefined) {
        const about = { event, ticket, method: methodId, tag: id };
        const bound = await bands.bindAtOnce(about, staff, entry);
        if (!bound.ok) return bound;
        const credential = { method: methodId, id, epoch: ticket.epoch, generatedAtMs: nowMs };
        // A supplier's band is never written, whatever could be.
        const { uid = '' } = made.value.payload;
        return ok({ credential, payload: bound.value.writable ? made.value.payload : { uid } });
      }
      const known = entry === undefined ? await findKnown(event.id, ticket, methodId, id) : undefined;
      const credential =
        known ??
        (await database.transaction().execute(async (queries) => {
          await lockTickets(queries, event.id, [ticket.id]);
          return keep(queries, id);
        }));
      return ok({ credential, payload: made.value.payload });
    },
    list: async (event, ticketId) => {
      const rows = await database
        .selectFrom('credential')
        .selectAll()
        .where('event', '=', event.id)
        .where('ticket', '=', ticketId)
        .orderBy('generated_at_ms', 'desc')
        .orderBy('credential')
        .limit(credentialsMax)
        .execute();
      if (rows.length === 0) return [];
      const history = (await foldTickets(database, event.policy, [ticketId])).get(ticketId);
      return rows.map((row) => {
        const usedAtMs = firstUse(history, row.method, row.epoch);
        return {
          method: row.method,
          id: row.credential,
          epoch: row.epoch,
          ...(row.generated_at_ms === notGenerated ? {} : { generatedAtMs: row.generated_at_ms }),
          ...(usedAtMs === undefined ? {} : { usedAtMs }),
        };
      });
    },
  };
}

const uidOf = (options: unknown): string => z.object({ uid: z.string() }).safeParse(options).data?.uid ?? '';

/** The row of a credential that was proved here; it stays as it is where it is there already. */
export const verifiedCredential = (
  { event, ticketId, method, epoch, credentialId }: Claim,
  hash: (purpose: string, text: string) => string,
): CredentialRow => ({
  event,
  ticket: ticketId,
  method,
  // A method that looks codes up has one for a ticket and epoch.
  credential: credentialId ?? hash('credential', `${event}/${ticketId}/${method}/${epoch}`).slice(0, credentialIdChars),
  epoch,
  generated_at_ms: notGenerated,
});

/** Marks say method and epoch: all credentials of one method and epoch are used together. */
const firstUse = (history: History | undefined, method: string, epoch: number): number | undefined =>
  history?.entries.find(({ mark }) => methodsOf(mark.method).includes(method) && mark.epoch === epoch)?.mark.at.ms;
