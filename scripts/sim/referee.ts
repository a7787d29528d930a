// Keeps the score of a simulated world: what was written and acknowledged, what every replica has merged, who could have known what. It
// sees everything and tells the gates nothing, and judges by rules of its own rather than by the code that it watches.
import {
  bytesEqual,
  isRefusal,
  markKey,
  writerKey,
  type Claim,
  type CutBack,
  type EncodedMark,
  type Mark,
  type OrderFoldMark,
  type SignedChunk,
  type Timer,
  type TrustedTime,
} from '@postern/shared';
import { reasonAgainst } from './judge-rehearsals.ts';
import { effectiveEntries, takenBackBy } from './effective-entries.ts';
import { standingOrders } from './judge-orders.ts';
import { isCovered, type AcceptedOf } from './accepted-marks.ts';
import type { Network } from './network.ts';
import { hopMsMax, reachedBy } from './propagation.ts';
import type { ReplicaTransaction } from './simulated-replica.ts';
import type { Trace } from './trace.ts';
import { gateOf } from './world.ts';

export const invariants = [
  'acknowledged-mark-lost',
  'unsigned-mark-merged',
  'known-use-admitted',
  'rehearsal-counted',
  'rehearsal-misjudged',
  'use-admitted-after-propagation',
  'denied-ticket-admitted',
  'mark-not-propagated',
  'clock-overconfident',
  'mark-misdated',
  'case-wrong',
  'bindings-wrong',
  'order-disobeyed',
  'orders-wrong',
  'persons-wrong',
  'cloud-projection-wrong',
  'replicas-differ',
  'merge-depends-on-order',
  'feed-went-back',
  'sequence-broken',
  'revoked-gate-merged',
  'accepted-history-wrong',
  'revoked-key-admitted',
  'honest-gate-quarantined',
  'equivocation-unnoticed',
  'not-converged',
  'code-failed',
] as const;
export type Invariant = (typeof invariants)[number];

export interface Violation {
  readonly invariant: Invariant;
  readonly detail: string;
  readonly atMs: number;
  /** What happened just before. */
  readonly lastSteps: readonly string[];
}

export interface MergeWatch {
  readonly address: string;
  readonly gate: string;
  /** By the feed that this process goes by. */
  readonly accepted: AcceptedOf;
  /** What its replica was built from. */
  readonly before: readonly ReplicaTransaction[];
}

/** An admission at the instant at which the rule has said yes. */
export interface Admission {
  readonly address: string;
  readonly gate: string;
  readonly claim: Claim;
  /** Every mark of the ticket that this gate knows. */
  readonly known: readonly Mark[];
  /** Of the key that has signed the pass, by this gate's feed. */
  readonly keyState: string;
}

/** A visitor comes to an entry. */
export interface Showing {
  readonly address: string;
  /** By an order to the venue: whatever is shown, nobody is let in. */
  readonly isClosed: boolean;
  /** Every mark of an order that this gate knows. */
  readonly known: readonly OrderFoldMark[];
}

export interface Referee {
  readonly written: (address: string, mark: EncodedMark) => void;
  readonly acknowledged: (address: string, mark: EncodedMark) => void;
  /** Takes what one process merges, cuts back or puts aside, from its first change on. */
  readonly watchMerges: (watch: MergeWatch) => (transaction: ReplicaTransaction) => void;
  readonly shownAtEntry: (showing: Showing) => void;
  readonly admitted: (admission: Admission) => void;
  /** Somebody was let in in a rehearsal's session. */
  readonly practised: (session: string, admission: Omit<Admission, 'gate' | 'keyState'>) => void;
  /** A gate that does not rehearse has refused a ticket as used. */
  readonly refusedAsUsed: (refusal: Omit<Admission, 'gate' | 'keyState'>) => void;
  /** What a gate holds for the time just now. */
  readonly timeStated: (address: string, time: TrustedTime) => void;
  readonly feedTaken: (address: string, version: number) => void;
  /** What is on the disk of this address after its process has ended. */
  readonly stopped: (address: string, journal: readonly EncodedMark[]) => void;
  /** The disk of this address is another one now: what it had is no measure any more. */
  readonly diskReplaced: (address: string) => void;
  /** Acknowledged marks that no disk holds any longer, since somebody has put an old image in the place of the only one. */
  readonly excuse: (keys: readonly string[]) => void;
  /** Nothing is promised any more about how soon this gate and others know of each other. */
  readonly exempt: (gate: string) => void;
  /** Something that the hostile gate has signed. */
  readonly hostileSigned: (mark: EncodedMark) => void;
  readonly hostileForked: (chunk: SignedChunk) => void;
  /** A case of which nobody can know who was first. */
  readonly noteUncertainOrder: (ticketId: string) => void;
  /** Persons, of whom some were there already when somebody counted. */
  readonly noteCountedOn: (address: string, persons: number) => void;
  readonly broke: (what: string, cause: unknown) => void;
  readonly violate: (invariant: Invariant, detail: string) => void;
  readonly violations: () => readonly Violation[];
  readonly facts: () => Facts;
}

/** What the judgement at the end needs. */
export interface Facts {
  readonly written: ReadonlyMap<string, EncodedMark>;
  /** True time, Unix ms. */
  readonly writtenAtMs: ReadonlyMap<string, number>;
  readonly acknowledged: ReadonlyMap<string, EncodedMark>;
  readonly excused: ReadonlySet<string>;
  readonly hostile: ReadonlyMap<string, readonly EncodedMark[]>;
  /** Writers of which two histories were signed. */
  readonly forked: ReadonlySet<string>;
}

export interface RefereeDeps {
  readonly trace: Trace;
  readonly nowMs: () => number;
  /** The true one. */
  readonly wallMs: () => number;
  readonly network: Pick<Network, 'wholeSinceMs' | 'listening'>;
  /** Calls back later. */
  readonly timer: Timer;
  /** Whether who is reached at this address knows the mark; undefined where nobody is. */
  readonly knows: (address: string, mark: Mark) => boolean | undefined;
  readonly hostileGate: string | undefined;
  /** Tickets that may be used once, by one person. */
  readonly isSingleUse: (ticketId: string) => boolean;
  readonly isRevoked: (gate: string) => boolean;
}

/** So far away word is looked for. */
const hopsJudged = 3;
const violationsMax = 20;

export function createReferee(deps: RefereeDeps): Referee {
  const { trace, nowMs } = deps;
  const written = new Map<string, EncodedMark>();
  const writtenAtMs = new Map<string, number>();
  const acknowledged = new Map<string, EncodedMark>();
  const excused = new Set<string>();
  const exempt = new Set<string>();
  const hostile = new Map<string, EncodedMark[]>();
  const forked = new Set<string>();
  const feedVersions = new Map<string, number>();
  /** Keys of the marks that each disk must have. */
  const acknowledgedAt = new Map<string, Set<string>>();
  const usesByTicket = new Map<string, readonly Deed[]>();
  const denialsByTicket = new Map<string, Denial[]>();
  const ordersGiven = new Map<string, { readonly address: string; readonly atMs: number }>();
  const ordersLifted = new Set<string>();
  const violations: Violation[] = [];

  const violate: Referee['violate'] = (invariant, detail) => {
    trace.note('VIOLATION', invariant, detail);
    if (violations.length < violationsMax)
      violations.push({ invariant, detail, atMs: nowMs(), lastSteps: trace.lastSteps() });
  };

  const isKnownMark = (mark: EncodedMark): boolean => {
    const key = markKey(mark.mark);
    const candidates =
      mark.mark.gate === deps.hostileGate
        ? (hostile.get(key) ?? [])
        : [written.get(key)].filter((one) => one !== undefined);
    return candidates.some(({ bytes }) => bytesEqual(bytes, mark.bytes));
  };

  const watchMerges: Referee['watchMerges'] = ({ address, gate, accepted, before: built }) => {
    const lastSequences = new Map<string, number>();
    const noteCut = ({ before, after }: CutBack): void => {
      const first = after === undefined ? before.firstSequence : after.firstSequence + after.count;
      lastSequences.set(writerKey(before), first - 1);
    };
    for (const transaction of built) {
      if (transaction.type === 'cut') noteCut(transaction.cut);
      const last = transaction.type === 'append' ? transaction.acceptance.marks.at(-1)?.mark : undefined;
      if (last !== undefined) lastSequences.set(writerKey(last), last.sequence);
    }
    return (transaction) => {
      if (transaction.type === 'quarantine') {
        const { chunk, reason } = transaction.item;
        trace.note('quarantine', address, chunk.head.gate, reason);
        if (chunk.head.gate !== deps.hostileGate && !deps.isRevoked(chunk.head.gate))
          violate('honest-gate-quarantined', `${address} has put aside a chunk of ${chunk.head.gate}: ${reason}`);
        return;
      }
      if (transaction.type === 'cut') {
        const { before, marks } = transaction.cut;
        trace.note('cut-back', address, writerKey(before), marks.from, marks.to);
        if (accepted(before.gate) === undefined)
          violate('honest-gate-quarantined', `${address} has cut back ${before.gate}, which is not revoked`);
        noteCut(transaction.cut);
        return;
      }
      const { chunk, marks } = transaction.acceptance;
      if (marks.length > 0) trace.note('merge', address, writerKey(chunk.head), chunk.head.count);
      const writer = writerKey(chunk.head);
      let last = lastSequences.get(writer) ?? 0;
      for (const mark of marks) {
        if (mark.mark.sequence !== last + 1)
          violate('sequence-broken', `${address} has taken ${markKey(mark.mark)} in behind ${last}`);
        last = mark.mark.sequence;
        if (!isKnownMark(mark))
          violate(
            'unsigned-mark-merged',
            `${address} has merged ${markKey(mark.mark)}, which its gate has never written`,
          );
        const heads = accepted(mark.mark.gate);
        if (mark.mark.gate !== gate && heads !== undefined && !isCovered(heads, mark.mark))
          violate(
            'revoked-gate-merged',
            `${address} has merged ${markKey(mark.mark)}, which is not accepted of a gate that it knows to be revoked`,
          );
      }
      lastSequences.set(writer, last);
    };
  };

  const noteUse = (address: string, mark: Mark): void => {
    if (mark.kind === 'lapsed' || mark.kind === 'undone') {
      const gone = takenBackBy(mark);
      const uses = usesByTicket.get(mark.ticketId) ?? [];
      usesByTicket.set(
        mark.ticketId,
        uses.filter(({ key }) => key !== gone),
      );
    } else if (mark.kind === 'admitted' || mark.kind === 'overridden') {
      const use = { address, gate: mark.gate, key: markKey(mark), atMs: nowMs() };
      usesByTicket.set(mark.ticketId, [...(usesByTicket.get(mark.ticketId) ?? []), use]);
    } else if (mark.kind === 'ordered') {
      ordersGiven.set(markKey(mark), { address, atMs: nowMs() });
    } else if (mark.kind === 'lifted') {
      ordersLifted.add(markKey({ event: mark.event, ...mark.of }));
    } else if (mark.kind === 'denied') {
      const denial = { address, gate: mark.gate, key: markKey(mark), atMs: nowMs(), epoch: mark.epoch };
      denialsByTicket.set(mark.ticketId, [...(denialsByTicket.get(mark.ticketId) ?? []), denial]);
    }
  };

  const isExempt = (address: string): boolean => exempt.has(address) || deps.isRevoked(gateOf(address));
  const reached = (from: string, sinceMs: number): ReadonlyMap<string, number> =>
    reachedBy({ network: deps.network, nowMs, isExempt }, from, sinceMs);
  /** Whether word of it must have come to this gate by now. */
  const mustKnow = (address: string, earlier: Pick<Deed, 'address' | 'atMs'>): boolean =>
    address !== earlier.address && reached(earlier.address, earlier.atMs).has(address);

  /** At each hop's time it must have come to everybody within so many hops. */
  const followMark = (address: string, mark: Mark): void => {
    const atMs = nowMs();
    for (let hop = 1; hop <= hopsJudged; hop++)
      deps.timer.after(hop * hopMsMax, () => {
        for (const [to, hops] of reached(address, atMs)) {
          if (hops !== hop) continue;
          trace.note(`reach-${hops}`, address, to);
          if (deps.knows(to, mark) === false)
            violate(
              'mark-not-propagated',
              `${to} does not know ${markKey(mark)} after ${nowMs() - atMs} ms, ${hops} whole links away from ${address}`,
            );
        }
      });
  };

  const judgeDenials = ({ address, claim, known }: Admission): void => {
    const what = `${address} has admitted ${claim.ticketId} of epoch ${claim.epoch}`;
    const denial = known.find((mark) => mark.kind === 'denied' && mark.epoch >= claim.epoch);
    if (denial !== undefined) violate('denied-ticket-admitted', `${what} although it knew ${markKey(denial)}`);
    for (const earlier of denialsByTicket.get(claim.ticketId) ?? [])
      if (earlier.epoch >= claim.epoch && mustKnow(address, earlier))
        violate('denied-ticket-admitted', `${what}, denied ${nowMs() - earlier.atMs} ms before at ${earlier.address}`);
  };

  return {
    written: (address, mark) => {
      const key = markKey(mark.mark);
      const before = written.get(key);
      trace.note(`write-${mark.mark.kind}`, address, key, mark.mark.at.ms);
      if (before !== undefined && !bytesEqual(before.bytes, mark.bytes))
        violate('sequence-broken', `${address} has written ${key} a second time, with other content`);
      if (mark.mark.sequence > 1 && !written.has(markKey({ ...mark.mark, sequence: mark.mark.sequence - 1 })))
        violate('sequence-broken', `${address} has written ${key} and not the mark before it`);
      written.set(key, mark);
      writtenAtMs.set(key, deps.wallMs());
    },
    acknowledged: (address, mark) => {
      trace.note('acknowledge', address, markKey(mark.mark));
      const key = markKey(mark.mark);
      acknowledged.set(key, mark);
      acknowledgedAt.set(address, (acknowledgedAt.get(address) ?? new Set()).add(key));
      noteUse(address, mark.mark);
      if (!isRefusal(mark.mark)) followMark(address, mark.mark);
    },
    watchMerges,
    shownAtEntry: ({ address, isClosed, known }) => {
      const order = standingOrders(known)[0];
      if (isClosed && order === undefined)
        violate('order-disobeyed', `${address} is closed, and no order that it knows stands`);
      if (!isClosed && order !== undefined)
        violate('order-disobeyed', `${address} lets people in although it knows ${markKey(order)}`);
      for (const [key, { address: from, atMs }] of isClosed ? [] : ordersGiven)
        if (mustKnow(address, { address: from, atMs }) && !ordersLifted.has(key))
          violate('order-disobeyed', `${address} lets people in ${nowMs() - atMs} ms after ${key} at ${from}`);
    },
    admitted: (admission) => {
      const { address, claim, known, keyState } = admission;
      const { ticketId } = claim;
      trace.note('admit', address, ticketId);
      if (keyState !== 'active' && keyState !== 'retired' && keyState !== 'next')
        violate('revoked-key-admitted', `${address} has admitted a pass of a key that is ${keyState}`);
      judgeDenials(admission);
      if (!deps.isSingleUse(ticketId)) return;
      const use = effectiveEntries(known)[0];
      if (use !== undefined)
        violate('known-use-admitted', `${address} has admitted ${ticketId} although it knew ${markKey(use)}`);
      for (const earlier of usesByTicket.get(ticketId) ?? []) {
        if (mustKnow(address, earlier))
          violate(
            'use-admitted-after-propagation',
            `${address} has admitted ${ticketId}, used ${nowMs() - earlier.atMs} ms before at ${earlier.address}, along whole links`,
          );
      }
    },
    practised: (session, { address, claim, known }) => {
      trace.note('practise', address, claim.ticketId);
      const isSingleUse = deps.isSingleUse(claim.ticketId);
      const reason = reasonAgainst(known, session, { epoch: claim.epoch, isSingleUse });
      if (reason !== undefined)
        violate('rehearsal-misjudged', `${address} has admitted ${claim.ticketId} in rehearsal although ${reason}`);
    },
    refusedAsUsed: ({ address, claim, known }) => {
      if (effectiveEntries(known).length === 0)
        violate('rehearsal-counted', `${address} has refused ${claim.ticketId} as used, which nobody has used`);
    },
    timeStated: (address, { nowMs: shownMs, trusted, uncertaintyMs, source }) => {
      const offMs = shownMs - deps.wallMs();
      if (trusted && Math.abs(offMs) > uncertaintyMs + 1)
        violate('clock-overconfident', `${address} is ${offMs} ms off and says ±${uncertaintyMs} ms by ${source}`);
    },
    feedTaken: (address, version) => {
      trace.note('feed', address, version);
      const before = feedVersions.get(address) ?? 0;
      if (version < before) violate('feed-went-back', `${address} goes by feed ${version} after ${before}`);
      feedVersions.set(address, version);
    },
    stopped: (address, journal) => {
      const onDisk = new Set(journal.map(({ mark }) => markKey(mark)));
      const lost = [...(acknowledgedAt.get(address) ?? [])].filter((key) => !onDisk.has(key));
      if (lost.length > 0)
        violate('acknowledged-mark-lost', `${address} has confirmed ${lost[0]}, and it is not on its disk`);
    },
    diskReplaced: (address) => {
      feedVersions.delete(address);
      acknowledgedAt.delete(address);
    },
    excuse: (keys) => {
      for (const key of keys) {
        if (acknowledged.has(key)) trace.note('excuse', key);
        excused.add(key);
      }
    },
    exempt: (address) => void exempt.add(address),
    hostileSigned: (mark) => {
      const key = markKey(mark.mark);
      hostile.set(key, [...(hostile.get(key) ?? []), mark]);
    },
    hostileForked: ({ head }) => void forked.add(writerKey(head)),
    noteUncertainOrder: (ticketId) => trace.note('order-uncertain', ticketId),
    noteCountedOn: (address, persons) => trace.note('counted-on', address, persons),
    broke: (what, cause) =>
      violate('code-failed', `${what}: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`),
    violate,
    violations: () => violations,
    facts: () => ({ written, writtenAtMs, acknowledged, excused, hostile, forked }),
  };
}

/** Something that was done at a gate, and is confirmed. */
interface Deed {
  readonly address: string;
  readonly gate: string;
  readonly key: string;
  readonly atMs: number;
}

interface Denial extends Deed {
  readonly epoch: number;
}
