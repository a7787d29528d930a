// What people do with a gate after it has been made: name it or move it, put another machine in its place, have it forget everything.
import {
  bytesToHex,
  err,
  gateIdSchema,
  laneConfigSchema,
  ok,
  type Clock,
  type GateChange,
  type GateDescription,
  type GateReplace,
  type GateReplaced,
  type GateWipe,
  type Random,
  type Result,
} from '@postern/shared';
import type { Selectable } from 'kysely';
import type { Database, Queries } from '../store/database.ts';
import { gateLock, inTransaction, lockAlone } from '../store/locks.ts';
import type { Schema } from '../store/schema.ts';
import { findObstacle, placeGate } from './devices.ts';
import type { EnrolmentCode, EnrolmentCodes } from './enrolment-codes.ts';
import { raiseRulesRevisions, readEvent } from './events.ts';
import { cameInItsPlace } from './gate-successors.ts';
import { viewWipe } from './gate-wipes.ts';
import type { Failure } from './problems.ts';
import type { RevokedWithin, Revocations } from './revocations.ts';

/** Whether whoever asks may do this at an event. */
type May = (event: number) => boolean;
type GateRow = Selectable<Schema['gate']>;

export interface GateMachines {
  /** Lanes are the machine's: for who may change it at all of its events (`gate-in-other-event`). */
  readonly change: (event: number, gate: string, change: GateChange, may: May) => Promise<Result<void, Failure>>;
  /** At every event at which the old one stands and whoever asks may do this, or at none. */
  readonly replace: (
    event: number,
    gate: string,
    request: GateReplace,
    may: May,
  ) => Promise<Result<GateReplaced, Failure>>;
  readonly askWipe: (event: number, gate: string, reason: string, may: May) => Promise<Result<GateWipe, Failure>>;
  /** Until the gate has carried it out. */
  readonly withdrawWipe: (event: number, gate: string, may: May) => Promise<Result<void, Failure>>;
}

export interface GateMachinesDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly codes: EnrolmentCodes;
  readonly revocations: Pick<Revocations, 'revokeWithin'>;
  /** The list of gates of an event has changed. */
  readonly changed: (event: number) => void;
}

const orderBytes = 16;
const idCharsMax = 32;
/** Who replaces a gate has the locks of two: one replacement at a time, so that two never wait for each other. */
const replacementLock = 'gate-replacement';

interface Replaced extends RevokedWithin {
  readonly newId: string;
  readonly code: EnrolmentCode;
}

export function createGateMachines(deps: GateMachinesDeps): GateMachines {
  const { database, clock, random, codes, revocations, changed } = deps;

  /** The gate at all of its events; the asked one must be among them and not revoked. */
  const standing = async (
    queries: Queries,
    event: number,
    gate: string,
    may: May,
  ): Promise<Result<readonly GateRow[], Failure>> => {
    const rows = await queries.selectFrom('gate').selectAll().where('id', '=', gate).orderBy('event').execute();
    const own = rows.find((row) => row.event === event);
    if (own === undefined) return err({ type: 'gate-unknown' });
    if (own.revoked_at_ms !== null) return err({ type: 'gate-revoked' });
    const active = rows.filter((row) => row.revoked_at_ms === null);
    return active.every((row) => may(row.event)) ? ok(active) : err({ type: 'gate-in-other-event' });
  };

  return {
    change: async (event, gate, { name, zone, lanes, address }, may) => {
      const policy = (await readEvent(database, event))?.policy;
      if (zone !== undefined && policy?.zones.some(({ id }) => id === zone) !== true)
        return err({ type: 'zone-unknown', detail: `The event has no zone "${zone}".` });
      const done = await inTransaction(
        database,
        gateLock(gate),
        async (queries): Promise<Result<readonly number[], Failure>> => {
          const rows = await standing(queries, event, gate, lanes === undefined ? () => true : may);
          if (!rows.ok) return rows;
          const ofEvent = {
            ...(name === undefined ? {} : { name }),
            ...(zone === undefined ? {} : { zone }),
            ...(address === undefined ? {} : { address }),
          };
          if (Object.keys(ofEvent).length > 0)
            await queries.updateTable('gate').set(ofEvent).where('id', '=', gate).where('event', '=', event).execute();
          if (lanes !== undefined)
            await queries
              .updateTable('gate')
              .set({ lanes: JSON.stringify(lanes) })
              .where('id', '=', gate)
              .execute();
          // Its lanes are the same at all of them.
          const at = lanes === undefined ? [event] : rows.value.map((row) => row.event);
          await raiseRulesRevisions(queries, at);
          return ok(at);
        },
      );
      if (!done.ok) return done;
      for (const at of done.value) changed(at);
      return ok(undefined);
    },

    replace: async (event, gate, { id, reason }, may) => {
      const done = await inTransaction(
        database,
        replacementLock,
        async (queries): Promise<Result<Replaced, Failure>> => {
          await lockAlone(queries, gateLock(gate));
          const rows = await queries.selectFrom('gate').selectAll().where('id', '=', gate).orderBy('event').execute();
          const own = rows.find((row) => row.event === event);
          if (own === undefined) return err({ type: 'gate-unknown' });
          const successor = (
            await queries
              .selectFrom('gate')
              .selectAll()
              .where('event', '=', event)
              .where('replaces', '=', gate)
              .execute()
          ).find(cameInItsPlace);
          // Its code has run out: another for the same one, as it is called by now.
          if (
            successor !== undefined &&
            (successor.enrolled_at_ms !== null || (id !== undefined && id !== successor.id))
          )
            return err({ type: 'state-unreachable', detail: `Gate "${successor.id}" has come in its place already.` });
          const newId = successor?.id ?? id ?? (await freeId(queries, gate));
          await lockAlone(queries, gateLock(newId));
          if (successor === undefined && (await isTaken(queries, newId)))
            return err({ type: 'gate-exists', detail: `There is or was a gate "${newId}".` });
          const at = rows.filter((row) => row === own || (row.revoked_at_ms === null && may(row.event)));
          const places = (successor === undefined ? at : [successor]).map((row) => ({
            row,
            place: placeOf(newId, row),
          }));
          for (const { row, place } of places) {
            const obstacle = await findObstacle(queries, row.event, place, may);
            if (obstacle !== undefined) return err(obstacle);
          }
          for (const { row, place } of places) await placeGate(queries, row.event, place, clock.wallMs());
          const code = await codes.make(queries, newId);
          await queries.updateTable('gate').set({ replaces: gate }).where('id', '=', newId).execute();
          const events = at.map((row) => row.event);
          return ok({ newId, code, ...(await revocations.revokeWithin(queries, gate, events, reason)) });
        },
      );
      if (!done.ok) return done;
      const { newId, code, revoked, committed } = done.value;
      await committed();
      changed(event);
      const marks = revoked.find((at) => at.event === event)?.marks ?? 0;
      return ok({ ...codes.toResponse(newId, event, code), replaces: gate, marks });
    },

    askWipe: async (event, gate, reason, may) => {
      const asked = await inTransaction(
        database,
        gateLock(gate),
        async (queries): Promise<Result<GateWipe, Failure>> => {
          const rows = await standing(queries, event, gate, may);
          if (!rows.ok) return rows;
          if (rows.value.every(({ enrolled_at_ms }) => enrolled_at_ms === null))
            return err({
              type: 'state-unreachable',
              detail:
                'No machine has joined as this gate yet: there is nothing to forget. Revoke it, so that its code is dead.',
            });
          const row = {
            id: bytesToHex(random(orderBytes)),
            reason,
            asked_at_ms: clock.wallMs(),
            obstacle: null,
            done_at_ms: null,
          };
          await queries
            .insertInto('gate_wipe')
            .values({ gate, ...row })
            .onConflict((conflict) => conflict.column('gate').doUpdateSet(row))
            .execute();
          return ok(viewWipe({ gate, ...row }));
        },
      );
      if (asked.ok) changed(event);
      return asked;
    },

    withdrawWipe: async (event, gate, may) => {
      const rows = await standing(database, event, gate, may);
      if (!rows.ok) return rows;
      const withdrawn = await database
        .deleteFrom('gate_wipe')
        .where('gate', '=', gate)
        .where('done_at_ms', 'is', null)
        .returning('gate')
        .executeTakeFirst();
      if (withdrawn === undefined)
        return err({ type: 'state-unreachable', detail: 'This gate has not been told to forget anything.' });
      changed(event);
      return ok(undefined);
    },
  };
}

const placeOf = (id: string, row: GateRow): GateDescription => ({
  id,
  name: row.name,
  zone: row.zone,
  lanes: laneConfigSchema.array().parse(JSON.parse(row.lanes)),
  ...(row.address === null ? {} : { address: row.address }),
});

const isTaken = async (queries: Queries, id: string): Promise<boolean> =>
  (await queries.selectFrom('gate').select('id').where('id', '=', id).executeTakeFirst()) !== undefined;

/** `gate-a` -> `gate-a-2`, `gate-a-2` -> `gate-a-3`. */
async function freeId(queries: Queries, gate: string): Promise<string> {
  const base = gate.replace(/-[0-9]{1,4}$/, '');
  for (let number = 2; ; number++) {
    const end = `-${number}`;
    const id = gateIdSchema.parse(`${base.slice(0, idCharsMax - end.length)}${end}`);
    if (!(await isTaken(queries, id))) return id;
  }
}
