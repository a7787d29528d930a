// Goal: whoever restarts a gate still sees that marks were put aside, until a person has let them in; and it costs a bounded look.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  createIngest,
  loadLedger,
  ready,
  signChunk,
  type AcceptedHead,
  type Alarm,
  type GateDirectory,
  type Ledger,
  type SignedChunk,
} from '@postern/shared';
import { readPastAlarms } from '../../../../gate-agent/src/replication/past-alarms.ts';
import { createJournalReader } from '../../../../gate-agent/src/store/journal-reader.ts';
import { openReplica, type GateReplica } from '../../../../gate-agent/src/store/replica.ts';
import { admittedMark, simulatedBoot, simulatedDirectory, simulatedKeys } from '../../../../scripts/sim/gate-marks.ts';
import { quietLogger } from '../../../../scripts/sim/replica.ts';
import { temporaryFolder } from '../../../support/gate-store-harness.ts';

const event = 7;
const everybody = simulatedDirectory(['gate-b', 'gate-c']);
let ledger: Ledger;
const opened: GateReplica[] = [];
beforeAll(async () => {
  await ready;
  ledger = await loadLedger();
});
afterAll(() => opened.forEach((replica) => replica.close()));

/** Starts on a file that an earlier start may have left. */
function start(path: string): GateReplica {
  opened.splice(0).forEach((replica) => replica.close());
  const replica = openReplica({ path, journal: createJournalReader(`${path}-no-journal`), breathe: async () => {} });
  opened.push(replica);
  return replica;
}

/** `count` marks that a gate says it has made in one of its starts, beginning with `firstTicket`. */
function tell(gate: string, count: number, firstTicket: number, startOfGate = 1): SignedChunk {
  const id = { event, gate, boot: simulatedBoot(gate, startOfGate), segment: 0 };
  const document = ledger.createSegment(id);
  for (let sequence = 1; sequence <= count; sequence++)
    document.append([
      admittedMark(id, sequence, firstTicket + sequence, { ms: 1_700_000_000_000 + sequence, counter: 0 }).bytes,
    ]);
  const state = { ...id, firstSequence: 1, count, hash: document.hashAt(count), closed: false };
  const through = { ms: 1_700_000_000_000 + count, counter: 0 };
  return signChunk(simulatedKeys(gate).secretKey, { ...state, through }, 'changes', 0, document.changes(0, count));
}

const revoking = (gate: string, accepted: readonly AcceptedHead[]): GateDirectory => ({
  gateKey: async (ofEvent, id) =>
    id === gate
      ? { publicKey: simulatedKeys(gate).publicKey, state: 'revoked', accepted }
      : everybody.gateKey(ofEvent, id),
});

const pastAlarms = (replica: GateReplica, limit = 100): Promise<readonly Alarm[]> =>
  readPastAlarms(replica, ledger, event, limit);

test('a gate that starts again says what it has said before, in that order', async () => {
  const path = join(temporaryFolder(), 'replica.db');
  const first = start(path);
  const ingest = createIngest({ ledger, store: first, directory: revoking('gate-c', []), log: quietLogger });
  await ingest.chunk(tell('gate-b', 3, 10), 'cloud');
  await ingest.chunk(tell('gate-c', 2, 50), 'gate-b');
  await ingest.chunk(tell('gate-b', 3, 500), 'gate-d');
  const raised = ingest.takeAlarms();
  expect(raised.map(({ type }) => type)).toEqual(['gate-revoked', 'equivocation']);
  expect(await pastAlarms(start(path))).toEqual(raised);
});

test('what a person has let in since is no alarm any more', async () => {
  const path = join(temporaryFolder(), 'replica.db');
  const chunk = tell('gate-c', 4, 50);
  const { boot, segment, count, hash } = chunk.head;
  const first = start(path);
  await createIngest({ ledger, store: first, directory: revoking('gate-c', []), log: quietLogger }).chunk(
    chunk,
    'cloud',
  );
  const second = start(path);
  expect(await pastAlarms(second)).toHaveLength(1);
  const directory = revoking('gate-c', [{ boot, segment, count, hash }]);
  expect((await createIngest({ ledger, store: second, directory, log: quietLogger }).chunk(chunk, 'cloud')).ok).toBe(
    true,
  );
  expect(await pastAlarms(start(path))).toEqual([]);
});

test('only the last ones are read, however much was put aside', async () => {
  const path = join(temporaryFolder(), 'replica.db');
  const first = start(path);
  const ingest = createIngest({ ledger, store: first, directory: revoking('gate-c', []), log: quietLogger });
  for (let startOfGate = 1; startOfGate <= 12; startOfGate++)
    await ingest.chunk(tell('gate-c', 1, 50, startOfGate), 'cloud');
  const boots = (await pastAlarms(start(path), 5)).map(({ segment }) => segment.boot);
  expect(boots).toEqual([8, 9, 10, 11, 12].map((startOfGate) => simulatedBoot('gate-c', startOfGate)));
});
