// Phones that speak for a ticket: an OwnTracks app gets a user name and secrets, shown once; a phone with a key of its own is known from its
// first signed message on. All end with the ticket's epoch, so that who had a ticket before cannot be where its new holder should be.
import {
  bytesToHex,
  err,
  ok,
  type Clock,
  type GeofenceRules,
  type Random,
  type Result,
  type SenderMade,
  type SenderView,
} from '@postern/shared';
import type { Database } from '../store/database.ts';
import { inTransaction } from '../store/locks.ts';
import type { Audit, EntryOf } from './audit.ts';
import { hashSecret, isSecret, makeSecret } from './grants.ts';
import type { Keys } from './keys.ts';
import { phoneKey, toWaypoints } from './owntracks.ts';
import type { Failure } from './problems.ts';
import { emptySender, readPresence, type SenderRow } from './sender-rows.ts';
import type { FindTicket } from './ticket-of-event.ts';

/** A person has one, and perhaps another phone. */
const sendersPerTicketMax = 5;
const senderIdBytes = 8;
/** OwnTracks: an endpoint over HTTP, and a fix every few seconds while the phone moves. */
const [httpMode, moveMode] = [3, 2];

export interface GeofenceSenders {
  /** `ticket-unknown`, `method-off`, `geofence-unset`, `ticket-not-valid`, `senders-too-many`. */
  readonly make: (ticketId: string, entry?: EntryOf) => Promise<Result<SenderMade, Failure>>;
  /** The newest first. */
  readonly list: (ticketId: string) => Promise<Result<readonly SenderView[], Failure>>;
  /** `sender-unknown`. */
  readonly revoke: (ticketId: string, sender: string, entry?: EntryOf) => Promise<Result<undefined, Failure>>;
  /** The app that has this name and password; undefined where it has neither, or no more. */
  readonly find: (event: number, user: string, password: string) => Promise<SenderRow | undefined>;
  /** Under which an app seals its messages. */
  readonly keyOf: (row: Pick<SenderRow, 'event' | 'id'>) => Uint8Array;
}

export interface GeofenceSendersDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly keys: Pick<Keys, 'serverHash'>;
  readonly audit: Pick<Audit, 'record'>;
  readonly findTicket: FindTicket;
  readonly publicUrl: () => string;
}

export function createGeofenceSenders(deps: GeofenceSendersDeps): GeofenceSenders {
  const { database, clock, random, keys, audit, findTicket, publicUrl } = deps;
  /** Made anew from the deployment's secret whenever it is needed: there is nothing to keep. */
  const encryptionKey = ({ event, id }: Pick<SenderRow, 'event' | 'id'>): string =>
    keys.serverHash('owntracks-key', `${event}/${id}`).slice(0, 32);

  return {
    make: async (ticketId, entry) => {
      const found = await findTicket(ticketId);
      if (!found.ok) return found;
      const { ticket, event } = found.value;
      const { geofence, methodsOff } = event.policy;
      if (methodsOff.includes('geofence')) return err({ type: 'method-off' });
      if (geofence === undefined) return err({ type: 'geofence-unset' });
      if (ticket.status !== 'valid') return err({ type: 'ticket-not-valid' });
      const id = bytesToHex(random(senderIdBytes));
      const password = makeSecret(random);
      const isMade = await inTransaction(database, `geofence-senders/${ticketId}`, async (queries) => {
        const { count } = await queries
          .selectFrom('geofence_sender')
          .select(({ fn }) => fn.countAll<number>().as('count'))
          .where('ticket', '=', ticketId)
          .where('epoch', '=', ticket.epoch)
          .where('kind', '=', 'owntracks')
          .where('revoked_at_ms', 'is', null)
          .executeTakeFirstOrThrow();
        if (count >= sendersPerTicketMax) return false;
        await queries
          .insertInto('geofence_sender')
          .values({
            event: event.id,
            id,
            ticket: ticketId,
            epoch: ticket.epoch,
            kind: 'owntracks',
            secret_hash: hashSecret(password),
            created_at_ms: clock.wallMs(),
            ...emptySender,
          })
          .execute();
        if (entry !== undefined) await audit.record(queries, entry({ event: event.id, subject: id }));
        return true;
      });
      if (!isMade) return err({ type: 'senders-too-many', detail: `At most ${sendersPerTicketMax} apps.` });
      const access = {
        url: `${publicUrl()}/webhooks/geofence/${event.id}`,
        user: id,
        password,
        encryptionKey: encryptionKey({ event: event.id, id }),
      };
      const configLink = configLinkOf(access, geofence, Math.floor(clock.wallMs() / 1_000));
      return ok({ sender: id, ticket: ticketId, ...access, configLink });
    },

    list: async (ticketId) => {
      const found = await findTicket(ticketId);
      if (!found.ok) return found;
      const rows = await database
        .selectFrom('geofence_sender')
        .selectAll()
        .where('ticket', '=', ticketId)
        .where('epoch', '=', found.value.ticket.epoch)
        .where('revoked_at_ms', 'is', null)
        .orderBy('created_at_ms', 'desc')
        .orderBy('id')
        .limit(100)
        .execute();
      return ok(rows.map(toView));
    },

    revoke: async (ticketId, sender, entry) => {
      const isRevoked = await database.transaction().execute(async (queries) => {
        const revoked = await queries
          .updateTable('geofence_sender')
          // The row stays, so that a phone with a key of its own does not begin anew.
          .set({ revoked_at_ms: clock.wallMs(), position: null, presence: emptySender.presence })
          .where('ticket', '=', ticketId)
          .where('id', '=', sender)
          .where('revoked_at_ms', 'is', null)
          .returning('event')
          .executeTakeFirst();
        if (revoked === undefined) return false;
        if (entry !== undefined) await audit.record(queries, entry({ event: revoked.event, subject: sender }));
        return true;
      });
      return isRevoked ? ok(undefined) : err({ type: 'sender-unknown' });
    },

    find: async (event, user, password) => {
      const row = await database
        .selectFrom('geofence_sender')
        .selectAll()
        .where('event', '=', event)
        .where('id', '=', user)
        .where('revoked_at_ms', 'is', null)
        .executeTakeFirst();
      const hash = row?.secret_hash ?? null;
      return hash !== null && isSecret(password, hash) ? row : undefined;
    },

    keyOf: (row) => phoneKey(encryptionKey(row)),
  };
}

interface PhoneAccess {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly encryptionKey: string;
}

/** OwnTracks imports a configuration from a link of its own scheme. */
function configLinkOf(access: PhoneAccess, rules: GeofenceRules, nowS: number): string {
  const configuration = {
    _type: 'configuration',
    mode: httpMode,
    url: access.url,
    auth: true,
    username: access.user,
    password: access.password,
    deviceId: 'phone',
    tid: access.user.slice(0, 2),
    encryptionKey: access.encryptionKey,
    monitoring: moveMode,
    cmd: true,
    waypoints: toWaypoints(rules, nowS),
  };
  const inline = Buffer.from(JSON.stringify(configuration)).toString('base64');
  return `owntracks:///config?inline=${encodeURIComponent(inline)}`;
}

function toView(row: SenderRow): SenderView {
  const { stays, until } = readPresence(row);
  const ends = Object.values(until);
  return {
    sender: row.id,
    kind: row.kind === 'sdk' ? 'sdk' : 'owntracks',
    createdAtMs: row.created_at_ms,
    ...(row.seen_s === 0 ? {} : { lastFixAtMs: row.seen_s * 1_000 }),
    zones: stays.filter(({ lastS }) => lastS === row.seen_s).map(({ fence }) => fence),
    ...(ends.length === 0 ? {} : { precheckedUntilMs: Math.max(...ends) * 1_000 }),
  };
}
