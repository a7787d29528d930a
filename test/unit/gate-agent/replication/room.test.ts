import { loadLedger, ready, type Clock, type Ledger } from '@postern/shared';
import { beforeAll, expect, test } from 'vitest';
import { keepRoom, roomBytesMin } from '../../../../gate-agent/src/replication/room.ts';
import { admittedMark, simulatedBoot, simulatedDirectory } from '../../../../scripts/sim/gate-marks.ts';
import { asPeer, createReplica, quietLogger, type Replica } from '../../../../scripts/sim/replica.ts';

const event = 7;
const clock: Clock = { wallMs: () => 1_700_000_000_000, monotonicMs: () => 0 };
let ledger: Ledger;
beforeAll(async () => {
  await ready;
  ledger = await loadLedger();
});

test('with hardly any room left a gate takes nothing of others, writes on itself, and catches up once there is room', async () => {
  let freeBytes: number | undefined = roomBytesMin - 1;
  const create = (id: string): Replica =>
    createReplica({
      id,
      boot: simulatedBoot(id, 1),
      ledger,
      directory: simulatedDirectory(['gate-a', 'gate-b']),
      clock,
      ...(id === 'gate-a'
        ? { guard: (ingest) => keepRoom(ingest, { freeBytes: () => freeBytes, log: quietLogger }) }
        : {}),
    });
  const [a, b] = [create('gate-a'), create('gate-b')];
  const admit = async (gate: Replica, sequence: number): Promise<void> => {
    const writer = { event, gate: gate.id, boot: simulatedBoot(gate.id, 1) };
    gate.journal.add(admittedMark(writer, sequence, sequence, { ms: 1_700_000_000_000 + sequence, counter: 0 }));
    await gate.replicator.drain();
  };
  await admit(a, 1);
  await admit(b, 1);
  const gatesKnownTo = (gate: Replica): readonly string[] => gate.store.marks(event).map(({ mark }) => mark.gate);
  const exchange = async (): Promise<void> => {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      from.replicator.tryRefusedAgain();
      expect(await from.replicator.syncWith(asPeer(to), event, new AbortController().signal)).toMatchObject({
        ok: true,
      });
    }
  };
  await exchange();
  expect(gatesKnownTo(a)).toEqual(['gate-a']);
  expect(gatesKnownTo(b).toSorted()).toEqual(['gate-a', 'gate-b']);
  freeBytes = roomBytesMin;
  await exchange();
  expect(gatesKnownTo(a).toSorted()).toEqual(['gate-a', 'gate-b']);
  // A disk that does not say how much is left keeps nobody out.
  freeBytes = undefined;
  await admit(b, 2);
  await exchange();
  expect(gatesKnownTo(a)).toHaveLength(3);
});
