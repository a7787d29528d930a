// The roll-call as the cloud can make it: persons by zone as all marks say, and for every gate not heard from, since when and at what
// rate it was letting people in and out.
import {
  concerns,
  coverageOf,
  err,
  heardWithinMs,
  ok,
  ordersInForce,
  rateOf,
  rateWindowMs,
  rollCall,
  type Clock,
  type GateActivity,
  type ReplicaStore,
  type Result,
  type RollCallView,
} from '@postern/shared';
import type { Database } from '../store/database.ts';
import { readMark } from '../store/mark-rows.ts';
import { readOrderMarks } from '../store/order-marks.ts';
import { countZonePersons } from '../store/zone-persons.ts';
import { readEvent } from './events.ts';
import type { Failure } from './problems.ts';

/** Marks that one gate's rate is taken from. */
const rateMarksMax = 500;

export type RollCalls = (event: number) => Promise<Result<RollCallView, Failure>>;

export interface RollCallsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly replica: Pick<ReplicaStore, 'frontier'>;
}

export function createRollCalls({ database, clock, replica }: RollCallsDeps): RollCalls {
  const activityOf = async (
    event: number,
    gate: Pick<GateActivity, 'id' | 'name' | 'zone'>,
    throughMs: number | undefined,
  ): Promise<GateActivity> => {
    const quiet = { ...gate, throughMs, entriesPerMinute: 0, exitsPerMinute: 0 };
    if (throughMs === undefined || clock.wallMs() - throughMs <= heardWithinMs) return quiet;
    const rows = await database
      .selectFrom('mark')
      .select(['event', 'gate', 'boot', 'bytes'])
      .where('event', '=', event)
      .where('gate', '=', gate.id)
      .where('at_ms', '>=', throughMs - rateWindowMs)
      .orderBy('at_ms', 'desc')
      .limit(rateMarksMax)
      .execute();
    const marks = rows.map(readMark).filter((mark) => mark !== undefined);
    return { ...quiet, ...rateOf(marks, throughMs, rows.length < rateMarksMax) };
  };

  const countLeft = async (event: number, gates: readonly string[], sinceMs: number): Promise<number> => {
    if (gates.length === 0) return 0;
    const { left } = await database
      .selectFrom('mark')
      .select(({ fn }) => fn.countAll<number>().as('left'))
      .where('event', '=', event)
      .where('kind', 'in', ['exited', 'passed-out'])
      .where('gate', 'in', gates)
      .where('at_ms', '>=', sinceMs)
      .executeTakeFirstOrThrow();
    return left;
  };

  return async (event) => {
    const policy = (await readEvent(database, event))?.policy;
    if (policy === undefined) return err({ type: 'event-unknown' });
    const gates = await database
      .selectFrom('gate')
      .select(['id', 'name', 'zone'])
      .where('event', '=', event)
      .where('public_key', 'is not', null)
      .orderBy('id')
      .execute();
    const covered = coverageOf(await replica.frontier(event), gates);
    // Of one that was never heard nothing is known.
    const through = new Map(
      covered.gates.flatMap(({ gate, throughMs }) => (throughMs === 0 ? [] : [[gate, throughMs]])),
    );
    const activities: GateActivity[] = [];
    for (const gate of gates) activities.push(await activityOf(event, gate, through.get(gate.id)));
    const inside = await countZonePersons(
      database,
      event,
      policy.zones.map(({ id }) => id),
    );
    const evacuations = ordersInForce(await readOrderMarks(database, event)).filter(
      ({ order }) => order === 'evacuate',
    );
    const zones = [];
    for (const { id, name } of policy.zones) {
      const since = evacuations.find((order) => concerns(order, id))?.at.ms;
      const ofZone = gates.filter(({ zone }) => zone === id).map((gate) => gate.id);
      zones.push({
        id,
        name,
        inside: inside.get(id) ?? 0,
        ...(since === undefined ? {} : { leftSinceEvacuation: await countLeft(event, ofZone, since) }),
      });
    }
    return ok(rollCall(event, zones, activities, clock.wallMs()));
  };
}
