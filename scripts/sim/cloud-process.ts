// The cloud of a simulation: a replica that everybody exchanges with, and the feed. It makes no marks, and like its database it loses
// nothing that it has confirmed.
import { answerSync, createIngest, type AcceptedHead, type GateDirectory } from '@postern/shared';
import { countPersons, createZoneCounts } from '../../gate-agent/src/counts/zone-counts.ts';
import { createDisk, emptyImage, type Disk } from './disk.ts';
import { createMemoryJournal, simulatedKeys } from './gate-marks.ts';
import { knownMarks, type KnownMarks } from './mark-index.ts';
import { quietLogger } from './replica.ts';
import { openSimulatedReplica, type SimulatedReplica } from './simulated-replica.ts';
import { cloudAddress, gateOf, simulatedZone, type World } from './world.ts';

export interface CloudProcess {
  readonly replica: SimulatedReplica;
  readonly known: KnownMarks;
  /** In the zone of all gates, by the gates' own way of counting. */
  readonly persons: () => number;
  readonly disk: Disk;
  /** A person revokes a gate: what has come in of it stays, and the next feed says so. */
  readonly revoke: (gate: string) => Promise<void>;
  /** It cannot be reached until `back`. */
  readonly away: () => void;
  readonly back: () => void;
}

/** In percent of the questions for the feed: a cache in between answers with an old manifest. */
const staleFeedPercent = 25;
const decoder = new TextDecoder();

export async function startCloud(world: World): Promise<CloudProcess> {
  const { event, feed, network, random, referee, trace } = world;
  const disk = createDisk(emptyImage);
  const merges = referee.watchMerges({
    address: cloudAddress,
    gate: cloudAddress,
    accepted: feed.accepted,
    before: [],
  });
  const replica = await openSimulatedReplica({
    file: disk.replica,
    journal: createMemoryJournal(),
    seams: world.seams,
    onChange: (transaction) => {
      disk.replica.sync(disk.replica.length());
      merges(transaction);
    },
  });
  const directory: GateDirectory = {
    gateKey: async (ofEvent, gate) => {
      if (ofEvent !== event || !world.enrolledGates.includes(gate)) return undefined;
      const { publicKey } = simulatedKeys(gate);
      const accepted = feed.accepted(gate);
      return accepted === undefined ? { publicKey, state: 'active' } : { publicKey, state: 'revoked', accepted };
    },
  };
  const ingest = createIngest({
    ledger: world.seams.ledger(world.ledger),
    store: replica,
    directory: world.seams.directory(directory),
    log: quietLogger,
  });

  const answerFeed = (version: number): Uint8Array => {
    const published = feed.published();
    if (random.chance(staleFeedPercent)) {
      trace.note('stale-feed');
      return published[random.below(published.length)] ?? feed.latest();
    }
    return version >= feed.version() ? new Uint8Array(0) : feed.latest();
  };
  const back = (): void =>
    network.listen(cloudAddress, async (channel, from, message) => {
      if (channel === 'feed') return answerFeed(Number(decoder.decode(message)));
      if (channel === 'time') return world.queue.nowMs() < world.timelessMs ? undefined : feed.signTime(message);
      const answered = await answerSync(
        { store: replica, ingest, maySync: async ({ gate }, of) => of === event && !feed.isRevoked(gate) },
        { gate: gateOf(from) },
        message,
      );
      return answered.ok ? answered.value.answer : undefined;
    });
  back();
  /** The heads of every segment that has come in of a gate. */
  const headsOf = async (gate: string): Promise<readonly AcceptedHead[]> => {
    const heads: AcceptedHead[] = [];
    for (const latest of (await replica.frontier(event)).filter((row) => row.gate === gate))
      for (let segment = 0; segment <= latest.segment; segment++) {
        const state = await replica.segment({ ...latest, segment });
        if (state !== undefined) heads.push({ boot: state.boot, segment, count: state.count, hash: state.hash });
      }
    return heads;
  };
  const revoke = async (gate: string): Promise<void> => {
    feed.revokeGate(gate, await headsOf(gate));
    await ingest.revise(event, gate);
  };
  const nobody = createZoneCounts(() => undefined);
  const persons = (): number => countPersons(event, simulatedZone, nobody, replica.zone(event, simulatedZone));
  return {
    replica,
    known: knownMarks(() => [replica.index]),
    persons,
    disk,
    revoke,
    back,
    away: () => network.silence(cloudAddress),
  };
}
