// The check of the laws of merging finds a merge that depends on the order, and nothing in one that does not.
import { beforeAll, expect, test } from 'vitest';
import { createOwnSegments, loadLedger, ready, type Ledger, type ReplicaStore } from '@postern/shared';
import { admittedMark, createMemoryJournal, simulatedBoot, simulatedKeys } from '../../../../scripts/sim/gate-marks.ts';
import { createMemoryReplicaStore } from '../../../../scripts/sim/memory-replica-store.ts';
import { brokenMergeLaws } from '../../../../scripts/sim/merge-laws.ts';
import { createSeededRandom } from '../../../../scripts/sim/seeded-random.ts';
import { quietLogger } from '../../../../scripts/sim/replica.ts';

const event = 1;
const gates = ['gate-1', 'gate-2', 'gate-3'];

let ledger: Ledger;
beforeAll(async () => {
  await ready;
  ledger = await loadLedger();
});

/** Three gates' marks in many small chunks. */
async function replicaInUse(): Promise<ReplicaStore> {
  const store = createMemoryReplicaStore();
  for (const gate of gates) {
    const writer = { event, gate, boot: simulatedBoot(gate, 1) };
    const journal = createMemoryJournal();
    const { secretKey } = simulatedKeys(gate);
    const own = createOwnSegments({
      ...writer,
      secretKey,
      ledger,
      store,
      journal,
      log: quietLogger,
      breathe: async () => {},
    });
    for (let sequence = 1; sequence <= 8; sequence++) {
      journal.add(admittedMark(writer, sequence, sequence, { ms: 1_700_000_000_000 + sequence, counter: 0 }));
      await own.drain();
    }
  }
  return store;
}

test('marks that merge to the same in any order break no law', async () => {
  const replica = await replicaInUse();
  for (let seed = 1; seed <= 2; seed++)
    expect(await brokenMergeLaws({ event, ledger, random: createSeededRandom(seed), gates, replica })).toEqual([]);
});

test('a merge that forgets a mark now and then is found, and one that believes only its first gate', async () => {
  const replica = await replicaInUse();
  let checks = 0;
  const forgetful: Ledger = {
    ...ledger,
    check: (chunk, publicKey, known) => {
      const checked = ledger.check(chunk, publicKey, known);
      checks += 1;
      return checked.ok && checks % 7 === 0 ? { ok: true, value: { ...checked.value, marks: [] } } : checked;
    },
  };
  const broken = await brokenMergeLaws({ event, ledger: forgetful, random: createSeededRandom(1), gates, replica });
  expect(broken).toContain('commutative');
  let first: string | undefined;
  const partial: Ledger = {
    ...ledger,
    check: (chunk, publicKey, known) => {
      first ??= chunk.head.gate;
      return first === chunk.head.gate
        ? ledger.check(chunk, publicKey, known)
        : { ok: false, error: { type: 'signature-invalid' } };
    },
  };
  expect(await brokenMergeLaws({ event, ledger: partial, random: createSeededRandom(1), gates, replica })).toEqual([
    'commutative',
    'associative',
    'idempotent',
  ]);
});
