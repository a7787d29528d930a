// From a request of a phone to its fixes and the ticket that it speaks for: OwnTracks messages by name and password, ours by their signature.
// Whatever cannot be told from somebody else's is refused here, before anything is written.
import {
  decodeGeofenceProof,
  err,
  hexToBytes,
  ok,
  sdkFixSchema,
  type Clock,
  type Fix,
  type GeofenceProof,
  type PassError,
  type Result,
} from '@postern/shared';
import { z } from 'zod';
import type { Database } from '../store/database.ts';
import type { TicketReader } from '../store/ticket-reads.ts';
import type { GeofenceSenders } from './geofence-senders.ts';
import type { Keys } from './keys.ts';
import { isSealed, readPhoneMessage } from './owntracks.ts';
import type { Failure } from './problems.ts';
import { emptySender, type SenderRow } from './sender-rows.ts';

export interface PhoneRequest {
  readonly event: number;
  /** Parsed JSON. */
  readonly body: unknown;
  /** HTTP Basic. */
  readonly basic?: { readonly user: string; readonly password: string };
  /** `X-Limit-U`, as OwnTracks sends it beside: must be the same user. */
  readonly limitUser?: string;
}

export interface PhoneFixes {
  readonly row: SenderRow;
  /** The oldest first; none where the message has no position. */
  readonly fixes: readonly Fix[];
  /** Of a signed message: must rise. */
  readonly number?: number;
  /** Whether an answer is to be sealed; absent for phones that are no OwnTracks. */
  readonly app?: { readonly sealed: boolean };
}

export interface PhoneMessages {
  /** `request-invalid`, `credentials-wrong`, `event-forbidden`. */
  readonly read: (request: PhoneRequest) => Promise<Result<PhoneFixes, Failure>>;
}

export interface PhoneMessagesDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly keys: Keys;
  readonly senders: GeofenceSenders;
  readonly readTicket: TicketReader;
}

export function createPhoneMessages(deps: PhoneMessagesDeps): PhoneMessages {
  const { database, clock, keys, senders, readTicket } = deps;

  const wrong = (detail?: string): Result<never, Failure> =>
    err({ type: 'credentials-wrong', ...(detail === undefined ? {} : { detail }) });

  const readApp = async ({ event, body, basic, limitUser }: PhoneRequest): Promise<Result<PhoneFixes, Failure>> => {
    if (basic === undefined || (limitUser !== undefined && limitUser !== basic.user)) return wrong();
    const row = await senders.find(event, basic.user, basic.password);
    if (row === undefined) return wrong();
    const message = readPhoneMessage(body, senders.keyOf(row));
    if (!message.ok) return err({ type: 'request-invalid', detail: message.error.cause });
    const fixes = message.value.type === 'fix' ? [message.value.fix] : [];
    return ok({ row, fixes, app: { sealed: isSealed(body) } });
  };

  const readSigned = async ({ event, body }: PhoneRequest): Promise<Result<PhoneFixes, Failure>> => {
    const message = sdkFixSchema.safeParse(body);
    if (!message.success) return err({ type: 'request-invalid', detail: z.prettifyError(message.error) });
    const { published } = await keys.current();
    const proof = decodeGeofenceProof(message.data.proof, (id) => {
      const key = published.find(({ use, keyId }) => use === 'issuer' && keyId === id);
      const publicKey = hexToBytes(key?.publicKey ?? '');
      return key === undefined || publicKey === undefined ? undefined : { publicKey, state: key.state };
    });
    if (!proof.ok) return notProved(proof.error);
    if (proof.value.event !== event) return err({ type: 'event-forbidden' });
    const row = await rowOf(proof.value);
    return row === undefined
      ? wrong('This phone no longer speaks for the ticket.')
      : ok({ row, fixes: proof.value.fixes, number: proof.value.number });
  };

  const notProved = (error: PassError): Result<never, Failure> =>
    error.type === 'malformed' || error.type === 'not-a-ticket'
      ? err({ type: 'request-invalid', detail: 'cause' in error ? error.cause : error.type })
      : wrong(error.type);

  /** A phone with a key of its own has a row from its first message on. */
  const rowOf = async ({ event, credentialId, ticketId, epoch }: GeofenceProof): Promise<SenderRow | undefined> => {
    const select = () =>
      database
        .selectFrom('geofence_sender')
        .selectAll()
        .where('event', '=', event)
        .where('id', '=', credentialId)
        .executeTakeFirst();
    const known = await select();
    if (known !== undefined) return known.revoked_at_ms === null && known.kind === 'sdk' ? known : undefined;
    const ticket = await readTicket(ticketId);
    if (ticket?.event !== event || ticket.epoch !== epoch) return undefined;
    await database
      .insertInto('geofence_sender')
      .values({
        event,
        id: credentialId,
        ticket: ticketId,
        epoch,
        kind: 'sdk',
        secret_hash: null,
        created_at_ms: clock.wallMs(),
        ...emptySender,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    return select();
  };

  return {
    read: async (request) => {
      const read = isSdkFix(request.body) ? await readSigned(request) : await readApp(request);
      if (!read.ok) return read;
      const ticket = await readTicket(read.value.row.ticket);
      return ticket?.epoch === read.value.row.epoch ? read : wrong('This phone no longer speaks for the ticket.');
    },
  };
}

const sdkMessage = sdkFixSchema.pick({ _type: true }).loose();
const isSdkFix = (body: unknown): boolean => sdkMessage.safeParse(body).success;
