// Goal: what goes on in the background of a replica is done in the end, ends before its store is closed, and ends altogether where Automerge
// cannot be relied on.
import { beforeAll, expect, test } from 'vitest';
import { loadLedger, ready, signChunk, type Ledger, type SignedChunk } from '@postern/shared';
import { startReplicationRounds } from '../../../../gate-agent/src/peers/replication-rounds.ts';
import { emptyStatus, type ListedGate } from '../../../../gate-agent/src/peers/replication-status.ts';
import { admittedMark, createMemoryJournal, simulatedBoot, simulatedKeys } from '../../../../scripts/sim/gate-marks.ts';
import { createMemoryReplicaStore } from '../../../../scripts/sim/memory-replica-store.ts';
import { quietLogger } from '../../../../scripts/sim/replica.ts';
import { createVirtualTime } from '../../../support/virtual-time.ts';

const event = 7;
let ledger: Ledger;
beforeAll(async () => {
  await ready;
  ledger = await loadLedger();
});

const listed = (id: string): ListedGate => ({
  id,
  publicKey: Buffer.from(simulatedKeys(id).publicKey).toString('hex'),
});
const everybody = [listed('gate-a'), listed('gate-b')];
/** Nothing stays of what it has told. */
const withoutB = [listed('gate-a'), { ...listed('gate-b'), accepted: [] }];

function threeMarksOfB(): SignedChunk {
  const id = { event, gate: 'gate-b', boot: simulatedBoot('gate-b', 1), segment: 0 };
  const document = ledger.createSegment(id);
  for (let sequence = 1; sequence <= 3; sequence++)
    document.append([admittedMark(id, sequence, sequence, { ms: 1_700_000_000_000 + sequence, counter: 0 }).bytes]);
  const state = { ...id, firstSequence: 1, count: 3, hash: document.hashAt(3), closed: false };
  const through = { ms: 1_700_000_000_003, counter: 0 };
  return signChunk(simulatedKeys('gate-b').secretKey, { ...state, through }, 'changes', 0, document.changes(0, 3));
}

async function start() {
  const time = createVirtualTime();
  const stopping = new AbortController();
  const memory = createMemoryReplicaStore({});
  const state = { looking: Promise.resolve(), trapped: false, endings: 0 };
  const said: string[] = [];
  const rounds = await startReplicationRounds(
    {
      settings: { gate: 'gate-a', event, boot: simulatedBoot('gate-a', 1), ...simulatedKeys('gate-a') },
      ledger: { ...ledger, trapped: () => state.trapped },
      store: {
        ...memory,
        adoptLostMarks: async () => 0,
        frontier: async (of) => {
          await state.looking;
          return memory.frontier(of);
        },
      },
      journal: createMemoryJournal(),
      pastAlarms: [],
      lan: () => emptyStatus.lan,
      onStatus: () => undefined,
      onTrapped: () => void state.endings++,
      ...time,
      log: { ...quietLogger, error: (_fields, text) => void said.push(text) },
      breathe: async () => {},
    },
    stopping.signal,
  );
  rounds.setGates(everybody);
  await rounds.ingest.chunk(threeMarksOfB(), 'gate-b');
  const marksOfB = async (): Promise<number> =>
    (await memory.frontier(event)).reduce((sum, { gate, count }) => sum + (gate === 'gate-b' ? count : 0), 0);
  return { time, rounds, state, said, marksOfB, abort: () => stopping.abort() };
}

test('where the marks of a revoked gate cannot be taken out, they are when the list is said again', async () => {
  const { time, rounds, state, said, marksOfB } = await start();
  expect(await marksOfB()).toBe(3);
  state.looking = Promise.reject(new Error('the disk is full'));
  expect(rounds.setGates(withoutB)).toBe(true);
  await time.advance(0);
  expect(await marksOfB()).toBe(3);
  expect(said).toEqual(['the list of gates could not be applied to what is known of them']);
  state.looking = Promise.resolve();
  expect(rounds.setGates(withoutB)).toBe(false);
  await time.advance(0);
  expect(await marksOfB()).toBe(0);
});

test('they are still being taken out: that is waited for before the store is closed', async () => {
  const { time, rounds, state, marksOfB, abort } = await start();
  let goOn = (): void => undefined;
  state.looking = new Promise((resolve) => (goOn = resolve));
  rounds.setGates(withoutB);
  await time.advance(0);
  abort();
  let isStopped = false;
  const stopped = rounds.stop().then(() => (isStopped = true));
  await time.advance(10_000);
  expect(isStopped).toBe(false);
  goOn();
  await stopped;
  expect(await marksOfB()).toBe(0);
});

test('a trap of Automerge is told to whoever can end it all', async () => {
  const { time, rounds, state, said } = await start();
  rounds.reportSoon();
  await time.advance(1_000);
  expect(state.endings).toBe(0);
  state.trapped = true;
  rounds.reportSoon();
  await time.advance(1_000);
  expect(state.endings).toBe(1);
  expect(said).toEqual([]);
});
