// What gates say of themselves: the latest of each is kept, as it was said. The answer is where a gate learns that it is to forget everything, and it says
// here when it has: its identity is revoked then, since nothing proves it any more.
import { err, ok, signWipeOrder, type Clock, type GateVitals, type Logger, type Result } from '@postern/shared';
import type { Database } from '../store/database.ts';
import type { Devices, Gate } from './devices.ts';
import { readVitals } from './gate-condition.ts';
import type { Keys } from './keys.ts';
import type { Failure } from './problems.ts';
import type { Revocations } from './revocations.ts';

export interface Vitals {
  /** Answers with the order to wipe, where there is one that has not been carried out. */
  readonly note: (gate: Gate, vitals: GateVitals) => Promise<Uint8Array | undefined>;
  /** `order-unknown` unless this very gate was told so. Said again, it is fine again. */
  readonly wiped: (gate: Gate, order: string) => Promise<Result<void, Failure>>;
}

export interface VitalsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly keys: Keys;
  readonly devices: Pick<Devices, 'noteContact'>;
  readonly revocations: Revocations;
  /** Somebody who watches this event sees another state of the gate now. */
  readonly changed: (event: number) => void;
}

export function createVitals({ database, clock, log, keys, devices, revocations, changed }: VitalsDeps): Vitals {
  const wipeOf = (gate: string) =>
    database.selectFrom('gate_wipe').selectAll().where('gate', '=', gate).executeTakeFirst();

  return {
    note: async (gate, said) => {
      const isOurs = (event: number | undefined): boolean => event === undefined || gate.events.has(event);
      const vitals: GateVitals = {
        ...said,
        problems: said.problems.filter(({ event }) => isOurs(event)),
        events: said.events.filter(({ event }) => isOurs(event)),
      };
      const receivedAtMs = clock.wallMs();
      const before = readVitals(
        await database.selectFrom('gate_vitals').selectAll().where('gate', '=', gate.id).executeTakeFirst(),
      );
      const row = {
        received_at_ms: receivedAtMs,
        offset_ms: said.clock.nowMs - receivedAtMs,
        vitals: JSON.stringify(vitals),
      };
      await database
        .insertInto('gate_vitals')
        .values({ gate: gate.id, ...row })
        .onConflict((conflict) => conflict.column('gate').doUpdateSet(row))
        .execute();
      for (const event of gate.events) {
        await devices.noteContact(gate.id, event);
        if (before === undefined || looks(before.said) !== looks(vitals)) changed(event);
      }
      const wipe = await wipeOf(gate.id);
      if (wipe === undefined || wipe.done_at_ms !== null) return undefined;
      const obstacle = said.wipe?.order === wipe.id ? said.wipe.obstacle : null;
      if (obstacle !== wipe.obstacle)
        await database.updateTable('gate_wipe').set({ obstacle }).where('gate', '=', gate.id).execute();
      return signWipeOrder(
        {
          gate: gate.id,
          order: wipe.id,
          boot: said.boot,
          askedAtMs: wipe.asked_at_ms,
          sealKey: keys.sealing.publicKey,
        },
        (await keys.current()).feed,
      );
    },

    wiped: async (gate, order) => {
      const wipe = await wipeOf(gate.id);
      if (wipe?.id !== order) return err({ type: 'order-unknown' });
      await database
        .updateTable('gate_wipe')
        .set({ done_at_ms: clock.wallMs(), obstacle: null })
        .where('gate', '=', gate.id)
        .where('done_at_ms', 'is', null)
        .execute();
      log.info({ gate: gate.id, order }, 'a gate has forgotten everything');
      const [event] = gate.events;
      if (event === undefined) return ok(undefined);
      const revoked = await revocations.revoke(event, gate.id, `wiped: ${wipe.reason}`, () => true);
      return revoked.ok || revoked.error.type === 'gate-revoked' ? ok(undefined) : revoked;
    },
  };
}

/** What a screen shows of it at a glance. */
const looks = ({ state, problems, lanes, readers }: GateVitals): string =>
  JSON.stringify([state, problems.map(({ what }) => what), lanes, readers]);
