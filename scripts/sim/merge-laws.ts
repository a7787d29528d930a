// Merging is idempotent, commutative and associative: the chunks of a finished world, taken into fresh replicas in their order, shuffled,
// twice, and in groups that are merged with each other afterwards, give the same content hash each time.
import {
  createIngest,
  type GateDirectory,
  type Ledger,
  type ReplicaStore,
  type SegmentState,
  type SignedChunk,
} from '@postern/shared';
import { simulatedDirectory } from './gate-marks.ts';
import { createMemoryReplicaStore } from './memory-replica-store.ts';
import { quietLogger } from './replica.ts';
import type { SeededRandom } from './seeded-random.ts';

export interface MergeLawsDeps {
  readonly event: number;
  readonly ledger: Ledger;
  readonly random: SeededRandom;
  readonly gates: readonly string[];
  /** A replica that everybody agrees with. */
  readonly replica: ReplicaStore;
}

/** The laws that do not hold; none, as it should be. */
export async function brokenMergeLaws(deps: MergeLawsDeps): Promise<readonly string[]> {
  const { event, random, replica } = deps;
  const directory = simulatedDirectory(deps.gates);
  const chunks = random.shuffled(await chunksOf(replica, event));
  const half = Math.floor(chunks.length / 2);
  const merge = (into: ReplicaStore, some: readonly SignedChunk[]): Promise<void> =>
    takeIn(deps.ledger, directory, into, some);

  const shuffled = createMemoryReplicaStore();
  await merge(shuffled, chunks);
  const [left, right] = [createMemoryReplicaStore(), createMemoryReplicaStore()];
  await merge(left, chunks.slice(0, half));
  await merge(right, chunks.slice(half));
  // What a gap has kept out of one group is in none of them yet.
  await merge(left, [...(await chunksOf(right, event)), ...chunks.slice(half), ...chunks.slice(0, half)]);

  // The order in which the world itself has merged them.
  const expected = await replica.contentHash(event);
  const laws = [{ law: 'commutative', hash: await shuffled.contentHash(event) }];
  laws.push({ law: 'associative', hash: await left.contentHash(event) });
  await merge(shuffled, chunks);
  laws.push({ law: 'idempotent', hash: await shuffled.contentHash(event) });
  return laws.filter(({ hash }) => hash !== expected).map(({ law }) => law);
}

async function chunksOf(store: ReplicaStore, event: number): Promise<readonly SignedChunk[]> {
  const chunks: SignedChunk[] = [];
  for (const latest of await store.frontier(event)) {
    for (let segment = 0; segment <= latest.segment; segment++)
      chunks.push(...(await store.chunks({ ...latest, segment })));
  }
  return chunks;
}

/** Takes chunks in; what comes before its time is offered again once something of its segment was taken, as a peer would. */
async function takeIn(
  ledger: Ledger,
  directory: GateDirectory,
  store: ReplicaStore,
  chunks: readonly SignedChunk[],
): Promise<void> {
  const ingest = createIngest({ ledger, store, directory, log: quietLogger });
  const early = new Map<string, SignedChunk[]>();
  const writerOf = ({ gate, boot }: SegmentState): string => `${gate} ${boot}`;
  const take = async (chunk: SignedChunk): Promise<void> => {
    const taken = await ingest.chunk(chunk, 'a peer');
    const key = writerOf(chunk.head);
    if (!taken.ok) {
      if (taken.error.type === 'gap') early.set(key, [...(early.get(key) ?? []), chunk]);
      return;
    }
    const waiting =
      early.get(key)?.toSorted((a, b) => a.head.segment - b.head.segment || a.head.from - b.head.from) ?? [];
    const known = await store.segment(chunk.head);
    const next = waiting.find(({ head }) => head.segment !== chunk.head.segment || head.from <= (known?.count ?? 0));
    if (next === undefined) return;
    early.set(
      key,
      waiting.filter((other) => other !== next),
    );
    await take(next);
  };
  for (const chunk of chunks) await take(chunk);
}
