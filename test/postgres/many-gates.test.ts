// Goal: many gates hand their marks to two cloud processes at once, in pieces, twice, out of order and by way of each other, and every mark
// counts once. `POSTERN_FAULTS=big` has a thousand gates.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  decodeSyncAnswer,
  encodeMark,
  encodeSyncRequest,
  gateDigests,
  loadLedger,
  signChunk,
  syncContentType,
  syncMessageBytesMax,
  type Ledger,
  type SignedChunk,
  type Summary,
  type SyncAnswer,
} from '@postern/shared';
import { createSeededRandom } from '../../scripts/sim/seeded-random.ts';
import { missingPostgres } from '../../scripts/lib/postgres-programs.ts';
import { simulatedTicket } from '../../scripts/sim/gate-marks.ts';
import {
  accessCloud,
  createTestCloud,
  enrolTestGate,
  someEvent,
  type TestCloud,
  type TestGate,
} from '../support/cloud.ts';
import { createTestDatabase } from '../support/database.ts';
import { aMark, bootOfTests, eveningMs } from '../support/marks.ts';
import { describeOrReport } from '../support/not-run.ts';
import { bigFaults } from '../support/store-process.ts';

const event = 1;
const gateCount = bigFaults ? 1_000 : 24;
const marksPerGate = 9;
const timeoutMs = bigFaults ? 1_800_000 : 120_000;
const masterKey = '11'.repeat(32);
/** Where each gate's chunks end. */
const cuts = [2, 5, marksPerGate];

let folder: string;
let clouds: readonly TestCloud[];
let ledger: Ledger;

const cloud = (index: number): TestCloud => {
  const found = clouds[index % clouds.length];
  if (found === undefined) throw new Error('there are clouds');
  return found;
};

/** Chunks as a gate makes them while it goes on: each begins where the one before ended. */
function chunksOf(gate: TestGate, number: number): readonly SignedChunk[] {
  const id = { event, gate: gate.id, boot: bootOfTests, segment: 0 };
  const document = ledger.createSegment(id);
  const marks = Array.from({ length: marksPerGate }, (_, index) =>
    aMark({
      event,
      gate: gate.id,
      sequence: index + 1,
      // Every ticket at two gates.
      ticketId: simulatedTicket(Math.floor(number / 2) * marksPerGate + index),
      at: { ms: eveningMs + index * 1_000 + number, counter: 0 },
    }),
  );
  document.append(marks.map(encodeMark));
  return cuts.map((count, index) => {
    const from = cuts[index - 1] ?? 0;
    const through = marks[count - 1]?.at ?? { ms: eveningMs, counter: 0 };
    const state = { ...id, firstSequence: 1, count, hash: document.hashAt(count), closed: false, through };
    return signChunk(gate.keys.secretKey, state, 'changes', from, document.changes(from, count));
  });
}

async function exchange(gate: TestGate, to: TestCloud, message: Uint8Array): Promise<SyncAnswer> {
  gate.turnTo(to);
  const response = await gate.request('POST', '/sync', message, { 'Content-Type': syncContentType });
  const bytes = new Uint8Array(await response.arrayBuffer());
  expect([response.status, bytes.length <= syncMessageBytesMax]).toEqual([200, true]);
  const answer = decodeSyncAnswer(bytes);
  if (!answer.ok) throw new Error(answer.error.cause);
  return answer.value;
}

describeOrReport('two processes and many gates', missingPostgres(), () => {
  beforeEach(async () => {
    ledger = await loadLedger();
    folder = mkdtempSync(join(tmpdir(), 'postern-many-'));
    const { url } = await createTestDatabase(folder, { kind: 'postgres', isEmpty: true });
    const opened = await Promise.all(
      [1, 2].map((seed) =>
        createTestCloud({ folder: mkdtempSync(join(folder, 'data-')), databaseUrl: url, masterKey, seed }),
      ),
    );
    const token = (await opened[0]?.cloud.users.resetAdministrator()) ?? '';
    clouds = opened.map((one) => ({ ...one, ...accessCloud(one.request, token) }));
    await cloud(0).json('POST', '/api/events', { ...someEvent, event });
  });
  afterEach(async () => {
    await Promise.all(clouds.map((one) => one.close()));
    rmSync(folder, { recursive: true });
  });

  it(
    'count every mark once, and tell any gate in one message how far each of them is',
    async () => {
      const random = createSeededRandom(7);
      const gates: TestGate[] = [];
      for (let number = 0; number < gateCount; number++)
        gates.push(await enrolTestGate(cloud(number), event, `gate-${number}`));
      const chunks = gates.map(chunksOf);
      /** What a gate does by itself, one thing after the other: its own chunks and its neighbour's, some of them twice and too early. */
      const work = gates.map((gate, number) => async (): Promise<void> => {
        const own = chunks[number] ?? [];
        const neighbours = chunks[(number + 1) % gateCount] ?? [];
        const turns = random.shuffled([...own, ...neighbours, ...own.slice(1)]);
        for (const chunk of turns) {
          const { refusals } = await exchange(
            gate,
            cloud(random.below(2)),
            encodeSyncRequest({ event, gates: [], wants: [], chunks: [chunk] }),
          );
          for (const { code } of refusals) expect(code).toBe('gap');
        }
        // What was refused for a gap is told by the answer, and sent again.
        const again = await exchange(
          gate,
          cloud(number),
          encodeSyncRequest({ event, gates: [], wants: [], chunks: own }),
        );
        expect(again.refusals).toEqual([]);
      });
      const next = work.values();
      await Promise.all(
        Array.from({ length: 16 }, async () => {
          for (const step of next) await step();
        }),
      );

      const [ofA, ofB] = [
        await cloud(0).json<Summary>('GET', `/api/events/${event}/summary`),
        await cloud(1).json<Summary>('GET', `/api/events/${event}/summary`),
      ];
      expect(ofA).toMatchObject({ marks: gateCount * marksPerGate, cases: (gateCount / 2) * marksPerGate, aside: 0 });
      expect(ofB).toEqual({ ...ofA, atMs: ofB.atMs });

      const [first] = gates;
      if (first === undefined) throw new Error('gates');
      const ignorant = await exchange(first, cloud(1), encodeSyncRequest({ event, gates: [], wants: [], chunks: [] }));
      const rows = ignorant.differences.flatMap((difference) => difference.rows);
      expect(rows.map(({ count }) => count)).toEqual(Array.from({ length: gateCount }, () => marksPerGate));
      const knowing = encodeSyncRequest({ event, gates: gateDigests(rows), wants: [], chunks: [] });
      expect((await exchange(first, cloud(0), knowing)).differences).toEqual([]);
    },
    timeoutMs,
  );
});
