// A hundred gates that were away hand the cloud 20,000 marks each: segment by segment in turn, checked and stored with all that follows from
// them. A database takes as many as it can in the time there is; the row says how many that were.
import {
  createIngest,
  eventRequestSchema,
  loadLedger,
  segmentMarksMax,
  signChunk,
  type Ledger,
  type SignedChunk,
} from '@postern/shared';
import { simulatedBoot, simulatedDirectory, simulatedKeys } from '../sim/gate-marks.ts';
import { quietLogger } from '../sim/replica.ts';
import { benchEvent, openBenchCloud, type BenchDatabases, type DatabaseKind } from './cloud-rig.ts';
import { benchMark } from './ledger-gate.ts';
import { benchRow, type BenchRow } from './row.ts';

const gates = 100;
const segmentsPerGate = 20;

export async function benchManyGates(
  databases: BenchDatabases,
  kind: DatabaseKind,
  { seconds }: { readonly seconds: number },
): Promise<readonly BenchRow[]> {
  const cloud = await openBenchCloud(databases, `${kind}-many`, await databases.create(kind));
  try {
    const event = await cloud.events.create(eventRequestSchema.parse(benchEvent));
    if (!event.ok) throw new Error(event.error.type);
    const ledger = await loadLedger();
    const ids = Array.from({ length: gates }, (_, at) => `gate-${at + 1}`);
    const ingest = createIngest({
      ledger,
      store: cloud.replica,
      directory: simulatedDirectory(ids),
      log: quietLogger,
    });
    /** Milliseconds of each segment, in order. */
    const times: number[] = [];
    let spentMs = 0;
    const take = async (chunk: SignedChunk): Promise<void> => {
      const started = performance.now();
      const taken = await ingest.chunk(chunk, chunk.head.gate);
      if (!taken.ok) throw new Error(taken.error.type);
      const ms = performance.now() - started;
      times.push(ms);
      spentMs += ms;
    };
    for (let segment = 0; segment < segmentsPerGate && spentMs < seconds * 1_000; segment++)
      for (const [at, gate] of ids.entries()) {
        if (spentMs >= seconds * 1_000) break;
        await take(segmentOf(ledger, gate, at, segment));
      }
    const taken = times.length * segmentMarksMax;
    const tenth = Math.max(1, Math.floor(times.length / 10));
    const perSecond = (some: readonly number[]): number =>
      (some.length * segmentMarksMax * 1_000) / some.reduce((sum, ms) => sum + ms, 0);
    const share = `${taken.toLocaleString('en')} of ${(gates * segmentsPerGate * segmentMarksMax).toLocaleString('en')} marks of ${gates} gates`;
    return [
      benchRow(`${kind}: ${share} taken in, checked, with all that follows: marks a second`, perSecond(times), '1/s'),
      benchRow(`${kind}: the last tenth of them, beside the first`, perSecond(times.slice(-tenth)), '1/s', {
        baseline: perSecond(times.slice(0, tenth)),
      }),
    ];
  } finally {
    await cloud.close();
  }
}

/** Made when its turn comes: two million marks need not be in memory. */
function segmentOf(ledger: Ledger, gate: string, at: number, segment: number): SignedChunk {
  const id = { event: benchEvent.event, gate, boot: simulatedBoot(gate, 1), segment };
  const firstSequence = segment * segmentMarksMax + 1;
  const firstTicket = at * segmentsPerGate * segmentMarksMax;
  const marks = Array.from({ length: segmentMarksMax }, (_, index) =>
    benchMark(id, firstSequence + index, firstTicket + firstSequence + index),
  );
  const document = ledger.createSegment(id);
  document.append(marks.map(({ bytes }) => bytes));
  const through = marks.at(-1)?.mark.at ?? { ms: 0, counter: 0 };
  const hash = document.hashAt(segmentMarksMax);
  const state = { ...id, firstSequence, count: segmentMarksMax, hash, closed: true, through };
  return signChunk(simulatedKeys(gate).secretKey, state, 'whole', 0, document.save());
}
