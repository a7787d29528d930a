// Gates and how they join: a gate is described here, gets a one-time code, and buys its certificate with it. The device's key is made on
// the device and never leaves it; guessing codes is rate-limited.
import {
  bytesToHex,
  centralGate,
  err,
  feedGatesMax,
  hexToBytes,
  laneConfigSchema,
  ok,
  type Clock,
  type EnrolRequest,
  type GateDescription,
  type GateResponse,
  type LaneConfig,
  type Result,
} from '@postern/shared';
import type { Database, Queries } from '../store/database.ts';
import { gateLock, inTransaction } from '../store/locks.ts';
import type { Authority } from './authority.ts';
import type { EnrolmentCode, EnrolmentCodes } from './enrolment-codes.ts';
import { raiseRulesRevisions, readEvent } from './events.ts';
import type { Limiter } from './limiter.ts';
import type { Failure } from './problems.ts';

export interface EnrolledGate {
  readonly id: string;
  readonly name: string;
  readonly zone: string;
  readonly event: number;
  readonly eventName: string;
  /** Further events at which it stands. */
  readonly also: readonly { readonly id: number; readonly name: string; readonly zone: string }[];
  readonly certificate: string;
  readonly lanes: readonly LaneConfig[];
}

export interface Gate {
  readonly id: string;
  /** At which it is not revoked. */
  readonly events: ReadonlySet<number>;
  readonly publicKey: Uint8Array;
  /** Where it stands at no event any more. */
  readonly revokedAtMs: number | undefined;
  /** It is to forget everything, and has not said that it has. */
  readonly isToBeWiped: boolean;
}

export interface Devices {
  /**
   * Makes a gate, or changes an existing one; either way with a new one-time code. One of other events stands at this one too from now
   * on, if whoever asks may invite gates at all of them.
   */
  readonly invite: (
    event: number,
    gate: GateDescription,
    mayInviteAt: (event: number) => boolean,
  ) => Promise<Result<GateResponse, Failure>>;
  /** `sender`: the network address that asks. */
  readonly enrol: (request: EnrolRequest, sender: string) => Promise<Result<EnrolledGate, Failure>>;
  /** An enrolled gate by id, a revoked one too. */
  readonly find: (gate: string) => Promise<Gate | undefined>;
  /** What screens call a gate; the cloud is one for its own marks. */
  readonly nameOf: (event: number, gate: string) => Promise<string>;
  /** `feedVersion`: that it has just been given. */
  readonly noteContact: (gate: string, event: number, feedVersion?: number) => Promise<void>;
}

export interface DevicesDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly codes: EnrolmentCodes;
  readonly authority: Authority;
  readonly limiter: Limiter;
  /** The list of gates of an event has changed. */
  readonly changed: (event: number) => void;
}

export function createDevices(deps: DevicesDeps): Devices {
  const { database, clock, codes, authority, limiter, changed } = deps;

  return {
    invite: async (event, gate, mayInviteAt) => {
      const invited = await inTransaction(
        database,
        gateLock(gate.id),
        async (queries): Promise<Result<Invited, Failure>> => {
          const failure = await findObstacle(queries, event, gate, mayInviteAt);
          if (failure !== undefined) return err(failure);
          const listedAt = await placeGate(queries, event, gate, clock.wallMs());
          await raiseRulesRevisions(queries, listedAt);
          return ok({ listedAt, code: await codes.make(queries, gate.id) });
        },
      );
      if (!invited.ok) return invited;
      for (const at of invited.value.listedAt) changed(at);
      return ok(codes.toResponse(gate.id, event, invited.value.code));
    },

    enrol: async (request, sender) => {
      const codeHash = codes.hashOf(request.code);
      const found = await limiter.guess(
        'enrolment-code',
        sender,
        () =>
          database
            .selectFrom('enrolment')
            .innerJoin('gate', 'gate.id', 'enrolment.gate')
            .selectAll('gate')
            .where('enrolment.code_hash', '=', codeHash)
            .where('enrolment.used_at_ms', 'is', null)
            .where('gate.revoked_at_ms', 'is', null)
            .where('enrolment.expires_at_ms', '>', clock.wallMs())
            .orderBy('gate.created_at_ms')
            .orderBy('gate.event')
            .execute(),
        (outcome) => outcome.length === 0,
      );
      if (!found.ok) return found;
      // Its first event is the gate's own.
      const [invitation, ...further] = found.value;
      if (invitation === undefined) return err({ type: 'code-invalid' });
      const publicKey = hexToBytes(request.publicKey) ?? new Uint8Array(0);
      const certificate = await authority.certify({
        gate: invitation.id,
        csr: Buffer.from(request.csr, 'base64'),
        publicKey,
      });
      if (!certificate.ok) return certificate;
      const nowMs = clock.wallMs();
      const isFirst = await inTransaction(database, gateLock(invitation.id), async (queries) => {
        const used = await queries
          .updateTable('enrolment')
          .set({ used_at_ms: nowMs })
          .where('code_hash', '=', codeHash)
          .where('used_at_ms', 'is', null)
          .returning('gate')
          .executeTakeFirst();
        if (used === undefined) return false;
        await queries
          .updateTable('gate')
          .set({
            public_key: bytesToHex(publicKey),
            certificate: certificate.value,
            enrolled_at_ms: nowMs,
            last_contact_ms: nowMs,
          })
          .where('id', '=', invitation.id)
          .execute();
        await raiseRulesRevisions(
          queries,
          found.value.map((at) => at.event),
        );
        return true;
      });
      if (!isFirst) return err({ type: 'code-invalid' });
      for (const at of found.value) changed(at.event);
      const nameOf = async (event: number): Promise<string> => (await readEvent(database, event))?.policy.name ?? '';
      const also: { readonly id: number; readonly name: string; readonly zone: string }[] = [];
      for (const { event, zone } of further) also.push({ id: event, name: await nameOf(event), zone });
      return ok({
        id: invitation.id,
        name: invitation.name,
        zone: invitation.zone,
        event: invitation.event,
        eventName: await nameOf(invitation.event),
        also,
        certificate: certificate.value,
        lanes: laneConfigSchema.array().parse(JSON.parse(invitation.lanes)),
      });
    },

    find: async (gate) => {
      const rows = await database
        .selectFrom('gate')
        .leftJoin('gate_wipe', (join) =>
          join.onRef('gate_wipe.gate', '=', 'gate.id').on('gate_wipe.done_at_ms', 'is', null),
        )
        .select(['gate.event', 'gate.public_key', 'gate.revoked_at_ms', 'gate_wipe.id as wipe'])
        .where('gate.id', '=', gate)
        .execute();
      const publicKey = hexToBytes(rows[0]?.public_key ?? '');
      return publicKey === undefined || publicKey.length === 0
        ? undefined
        : {
            id: gate,
            events: new Set(rows.flatMap(({ event, revoked_at_ms }) => (revoked_at_ms === null ? [event] : []))),
            publicKey,
            revokedAtMs: rows.every(({ revoked_at_ms }) => revoked_at_ms !== null)
              ? Math.max(...rows.flatMap(({ revoked_at_ms }) => revoked_at_ms ?? []))
              : undefined,
            isToBeWiped: rows.some(({ wipe }) => wipe !== null),
          };
    },

    nameOf: async (event, gate) => {
      if (gate === centralGate) return 'Cloud';
      const row = await database
        .selectFrom('gate')
        .select('name')
        .where('id', '=', gate)
        .where('event', '=', event)
        .executeTakeFirst();
      return row?.name ?? gate;
    },

    noteContact: async (gate, event, feedVersion) => {
      const contact = {
        last_contact_ms: clock.wallMs(),
        ...(feedVersion === undefined ? {} : { feed_version: feedVersion }),
      };
      await database.updateTable('gate').set(contact).where('event', '=', event).where('id', '=', gate).execute();
    },
  };
}

interface Invited {
  /** Events whose feed names it. */
  readonly listedAt: readonly number[];
  readonly code: EnrolmentCode;
}

/** Why a gate cannot be placed at an event like this. */
export async function findObstacle(
  queries: Queries,
  event: number,
  gate: Pick<GateDescription, 'id' | 'zone'>,
  mayInviteAt: (event: number) => boolean,
): Promise<Failure | undefined> {
  const record = await readEvent(queries, event);
  if (record === undefined) return { type: 'event-unknown' };
  if (!record.policy.zones.some((zone) => zone.id === gate.zone))
    return { type: 'zone-unknown', detail: `The event has no zone "${gate.zone}".` };
  const known = await queries.selectFrom('gate').select(['event', 'revoked_at_ms']).where('id', '=', gate.id).execute();
  if (known.some((at) => at.event !== event && !mayInviteAt(at.event))) return { type: 'gate-in-other-event' };
  if (!known.some((at) => at.event === event)) {
    const { gates } = await queries
      .selectFrom('gate')
      .select(({ fn }) => fn.countAll<number>().as('gates'))
      .where('event', '=', event)
      .executeTakeFirstOrThrow();
    if (gates >= feedGatesMax) return { type: 'too-many-gates' };
  }
  const revoked = known.filter((at) => at.revoked_at_ms !== null);
  return revoked.some((at) => at.event === event) || (known.length > 0 && revoked.length === known.length)
    ? { type: 'gate-revoked' }
    : undefined;
}

/** In a transaction that has the gate's lock and has found no obstacle. Answers with the events whose feed names the gate and now has another. */
export async function placeGate(
  queries: Queries,
  event: number,
  gate: GateDescription,
  nowMs: number,
): Promise<readonly number[]> {
  const described = {
    name: gate.name,
    zone: gate.zone,
    lanes: JSON.stringify(gate.lanes),
    address: gate.address ?? null,
  };
  const standing = await queries
    .selectFrom('gate')
    .select(['event', 'public_key', 'certificate', 'enrolled_at_ms'])
    .where('id', '=', gate.id)
    .where('revoked_at_ms', 'is', null)
    .execute();
  const [device] = standing;
  await queries
    .insertInto('gate')
    .values({
      id: gate.id,
      event,
      ...described,
      public_key: device?.public_key ?? null,
      certificate: device?.certificate ?? null,
      enrolled_at_ms: device?.enrolled_at_ms ?? null,
      last_contact_ms: null,
      feed_version: null,
      created_at_ms: nowMs,
    })
    .onConflict((conflict) => conflict.columns(['event', 'id']).doUpdateSet(described))
    .execute();
  // The same turnstiles wherever its tickets are from.
  await queries.updateTable('gate').set({ lanes: described.lanes }).where('id', '=', gate.id).execute();
  // The feed lists enrolled gates only.
  return device === undefined || device.public_key === null
    ? []
    : [...new Set([event, ...standing.map((at) => at.event)])];
}
