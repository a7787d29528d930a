// What people do with a gate after it has been made: name it or move it, put another machine in its place, have it forget everything.
import {
  bytesToHex,
  err,
  gateIdSchema,
  laneConfigSchema,
  ok,
  type Clock,
  type GateChange,
  type GateReplace,
  type GateReplaced,
  type GateWipe,
  type Random,
  type Result,
} from '@postern/shared';
import type { Selectable } from 'kysely';
import type { Database, Queries } from '../store/database.ts';
import { inTransaction } from '../store/locks.ts';
import type { Schema } from '../store/schema.ts';
import type { EntryOf } from './audit.ts';
import { gateLock, type Devices } from './devices.ts';
import { raiseRulesRevision, readEvent } from './events.ts';
import { viewWipe } from './gate-wipes.ts';
import type { Failure } from './problems.ts';
import type { Revocations } from './revocations.ts';

/** Whether whoever asks may do this at an event. */
type May = (event: number) => boolean;
type GateRow = Selectable<Schema['gate']>;

export interface GateMachines {
  /** Lanes are the machine's: for who may change it at all of its events (`gate-in-other-event`). */
  readonly change: (event: number, gate: string, change: GateChange, may: May) => Promise<Result<void, Failure>>;
  /** At every event at which the old one stands and whoever asks may do this; `entry` is that of the revocation. */
  readonly replace: (
    event: number,
    gate: string,
    request: GateReplace,
    may: May,
    entry?: EntryOf,
  ) => Promise<Result<GateReplaced, Failure>>;
  readonly askWipe: (event: number, gate: string, reason: string, may: May) => Promise<Result<GateWipe, Failure>>;
  /** Until the gate has carried it out. */
  readonly withdrawWipe: (event: number, gate: string, may: May) => Promise<Result<void, Failure>>;
}

export interface GateMachinesDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly devices: Pick<Devices, 'invite'>;
  readonly revocations: Revocations;
  /** The list of gates of an event has changed. */
  readonly changed: (event: number) => void;
}

const orderBytes = 16;
const idCharsMax = 32;

export function createGateMachines(deps: GateMachinesDeps): GateMachines {
  const { database, clock, random, devices, revocations, changed } = deps;

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
      const done = await inTransaction(database, gateLock(gate), async (queries) => {
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
        await raiseRulesRevision(queries, event);
        return ok(undefined);
      });
      if (done.ok) changed(event);
      return done;
    },

    replace: async (event, gate, { id, reason }, may, entry) => {
      const rows = await database.selectFrom('gate').selectAll().where('id', '=', gate).orderBy('event').execute();
      const own = rows.find((row) => row.event === event);
      if (own === undefined) return err({ type: 'gate-unknown' });
      const successor = await database
        .selectFrom('gate')
        .select(['id', 'enrolled_at_ms'])
        .where('event', '=', event)
        .where('replaces', '=', gate)
        .executeTakeFirst();
      // Broken off in the middle, or its code has run out: the same one again.
      if (successor !== undefined && (successor.enrolled_at_ms !== null || (id !== undefined && id !== successor.id)))
        return err({ type: 'state-unreachable', detail: `Gate "${successor.id}" has come in its place already.` });
      const newId = id ?? successor?.id ?? (await freeId(database, gate));
      if (successor === undefined && (await isTaken(database, newId)))
        return err({ type: 'gate-exists', detail: `There is or was a gate "${newId}".` });
      const at = rows.filter((row) => row.event !== event && row.revoked_at_ms === null && may(row.event));
      // The asked one last: its code is the one that counts.
      for (const row of [...at, own]) {
        const described = {
          id: newId,
          name: row.name,
          zone: row.zone,
          lanes: laneConfigSchema.array().parse(JSON.parse(row.lanes)),
          ...(row.address === null ? {} : { address: row.address }),
        };
        const invited = await devices.invite(row.event, described, may);
        if (!invited.ok) return invited;
        await database
          .updateTable('gate')
          .set({ replaces: gate })
          .where('event', '=', row.event)
          .where('id', '=', newId)
          .execute();
        if (row !== own) continue;
        const revoked =
          own.revoked_at_ms === null ? await revocations.revoke(event, gate, reason, may, entry) : undefined;
        if (revoked?.ok === false) return revoked;
        changed(event);
        return ok({ ...invited.value, replaces: gate, marks: revoked?.value.marks ?? 0 });
      }
      return err({ type: 'gate-unknown' });
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

const isTaken = async (database: Database, id: string): Promise<boolean> =>
  (await database.selectFrom('gate').select('id').where('id', '=', id).executeTakeFirst()) !== undefined;

/** `gate-a` -> `gate-a-2`, `gate-a-2` -> `gate-a-3`. */
async function freeId(database: Database, gate: string): Promise<string> {
  const base = gate.replace(/-[0-9]{1,4}$/, '');
  for (let number = 2; ; number++) {
    const end = `-${number}`;
    const id = gateIdSchema.parse(`${base.slice(0, idCharsMax - end.length)}${end}`);
    if (!(await isTaken(database, id))) return id;
  }
}
