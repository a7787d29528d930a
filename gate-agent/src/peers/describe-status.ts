// What the replication thread tells of itself: who answers, how far the other gates are known, what is wrong.
import { compareHybrid, coverageOf, type Alarm, type Replicator, type SegmentState } from '@postern/shared';
import type { LanStatus, ReplicationStatus } from './replication-status.ts';

export interface StatusFacts {
  readonly event: number;
  readonly gate: string;
  readonly alarms: readonly Alarm[];
  readonly drainError: string | undefined;
  readonly lan: LanStatus;
}

export async function describeStatus(
  replicator: Replicator,
  frontier: readonly SegmentState[],
  { event, gate, alarms, drainError, lan }: StatusFacts,
): Promise<ReplicationStatus> {
  const peers = await replicator.peerStatus(event);
  const reachable = peers.filter((peer) => peer.reachable);
  const contacts = peers.flatMap((peer) => peer.lastContactMs ?? []);
  const newestByGate = new Map<string, { readonly through: SegmentState['through']; readonly marks: number }>();
  for (const row of frontier) {
    if (row.gate === gate) continue;
    const before = newestByGate.get(row.gate);
    const newer = before === undefined || compareHybrid(row.through, before.through) > 0;
    newestByGate.set(row.gate, {
      through: newer ? row.through : before.through,
      marks: (before?.marks ?? 0) + row.firstSequence + row.count - 1,
    });
  }
  const covered = coverageOf(
    frontier,
    [...newestByGate.keys()].map((id) => ({ id })),
  );
  const coveredMs = new Map(covered.gates.map((known) => [known.gate, known.throughMs]));
  return {
    peers,
    inTouch: reachable.length > 0,
    peersReachable: reachable.filter((peer) => peer.kind === 'gate').length,
    lastContactMs: contacts.length === 0 ? undefined : Math.max(...contacts),
    cloudBacklogMarks: peers.find((peer) => peer.kind === 'cloud' && peer.lastContactMs !== undefined)?.backlogMarks,
    gates: [...newestByGate].map(([id, known]) => ({ gate: id, coveredMs: coveredMs.get(id) ?? 0, ...known })),
    alarms,
    drainError,
    lan,
  };
}
