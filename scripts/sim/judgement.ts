// What must hold once the faults have stopped and everybody has had time to talk: nothing acknowledged is missing anywhere, all replicas
// are equal, what they hold of a revoked gate is what is accepted of it and nothing else, every use that does not fit is in one case and the
// same one everywhere, and the marks merge to the same in any order.
import {
  bytesEqual,
  correctMarks,
  caseId,
  foldTicketHistory,
  markKey,
  writerKey,
  type AdmissionPolicy,
  type Case,
  type Ledger,
  type Mark,
  type OrderMark,
  type Ticket,
} from '@postern/shared';
import { acceptedTrouble, isCovered, type AcceptedOf } from './accepted-marks.ts';
import { createMarkIndex, knownMarks, type KnownMarks } from './mark-index.ts';
import { unacknowledged } from './judge-orders.ts';
import { effectiveEntries } from './effective-entries.ts';
import type { Facts, Referee } from './referee.ts';
import type { Seams } from './planted-bugs.ts';
import type { SimulatedReplica } from './simulated-replica.ts';

/** A replica as the judgement sees it. */
export interface Witness {
  readonly address: string;
  readonly replica: SimulatedReplica;
  readonly known: KnownMarks;
  /** In the zone, as far as it knows. */
  readonly persons: () => number;
  /** Of a gate: which one it is, and the order to the venue that its lanes obey. */
  readonly gate?: string;
  readonly obeyed?: () => OrderMark | undefined;
}

export interface Judgement {
  readonly event: number;
  readonly referee: Referee;
  readonly policy: AdmissionPolicy;
  readonly tickets: readonly Ticket[];
  /** Everybody who must agree: the cloud first, then every gate that is not revoked. */
  readonly witnesses: readonly Witness[];
  /** Whether two have exchanged for a good while, up to now. */
  readonly talk: (a: string, b: string) => boolean;
  /** Every gate that was ever enrolled. */
  readonly gates: readonly string[];
  readonly accepted: AcceptedOf;
  readonly ledger: Pick<Ledger, 'createSegment'>;
  readonly isSingleUse: (ticketId: string) => boolean;
  /** The history of a ticket as the gates fold it. */
  readonly fold: Seams['fold'];
  /** Whose band is whose, likewise. */
  readonly bindings: Seams['bindings'];
}

/**
 * Whether a mark is one that all replicas must have alike: not of a writer that has told two histories, unless its gate is revoked, which
 * settles which of them counts.
 */
const countsFor =
  ({ forked }: Facts, accepted: AcceptedOf) =>
  (mark: Mark): boolean =>
    accepted(mark.gate) !== undefined || !forked.has(writerKey(mark));

/** Quiet: for the liveness phase to ask again and again. */
export async function hasConverged(judgement: Judgement): Promise<boolean> {
  const { event, referee, witnesses, accepted } = judgement;
  const facts = referee.facts();
  const counts = countsFor(facts, accepted);
  const [first, ...others] = witnesses.map(({ replica }) => replica.hashOf(event, counts));
  return (
    others.every((hash) => hash === first) &&
    missing(facts, accepted, witnesses[0]?.replica, event).length === 0 &&
    unacknowledged(judgement).length === 0 &&
    (await silentForks(judgement, facts)).length === 0
  );
}

export async function judge(judgement: Judgement): Promise<void> {
  const { event, referee, witnesses, accepted } = judgement;
  const facts = referee.facts();
  const counts = countsFor(facts, accepted);
  const reference = witnesses[0];
  if (reference === undefined) return;
  const hash = reference.replica.hashOf(event, counts);
  for (const { address, replica } of witnesses) {
    const lost = missing(facts, accepted, replica, event);
    if (lost.length > 0)
      referee.violate(
        'acknowledged-mark-lost',
        `${address} lacks ${lost.length} acknowledged marks, ${lost[0]} among them`,
      );
    if (replica.hashOf(event, counts) !== hash)
      referee.violate('replicas-differ', `${address} differs from ${reference.address}`);
    judgeSequences(
      referee,
      address,
      replica.marks(event).map(({ mark }) => mark),
    );
  }
  judgeRevoked(judgement);
  judgeCases(judgement, counts);
  for (const detail of await silentForks(judgement, facts)) referee.violate('equivocation-unnoticed', detail);
}

/**
 * Replicas that have one of two histories that somebody they talk to has otherwise, and no proof of it: a lie that would go on in silence.
 * Proofs are not passed on, so who agrees with all its neighbours may have none; everybody talks to the cloud.
 */
async function silentForks(
  { event, witnesses, accepted, talk }: Judgement,
  { forked }: Facts,
): Promise<readonly string[]> {
  const silent: string[] = [];
  for (const writer of [...forked].filter((key) => accepted(key.split('/')[1] ?? '') === undefined)) {
    const told = witnesses.map(({ replica }) => replica.marks(event).filter(({ mark }) => writerKey(mark) === writer));
    for (const [index, { address, replica }] of witnesses.entries()) {
      const own = told[index] ?? [];
      const isContradicted = told.some(
        (others, other) =>
          talk(address, witnesses[other]?.address ?? '') &&
          others.some(({ bytes }, place) => !bytesEqual(bytes, own[place]?.bytes ?? bytes)),
      );
      const holdsProof = (await replica.quarantined(event)).some(({ chunk }) => writerKey(chunk.head) === writer);
      if (isContradicted && !holdsProof)
        silent.push(`${address} has one of two histories of ${writer} and no proof of the other`);
    }
  }
  return silent;
}

/** Keys of the marks that must be in a replica and are not. */
function missing(
  { acknowledged, excused }: Facts,
  accepted: AcceptedOf,
  replica: SimulatedReplica | undefined,
  event: number,
): readonly string[] {
  const known = new Set(replica?.marks(event).map(({ mark }) => markKey(mark)));
  return [...acknowledged].flatMap(([key, { mark }]) =>
    known.has(key) || excused.has(key) || !isDue(accepted(mark.gate), mark) ? [] : [key],
  );
}

const isDue = (heads: ReturnType<AcceptedOf>, mark: Mark): boolean => heads === undefined || isCovered(heads, mark);

function judgeRevoked({ event, referee, witnesses, gates, accepted, ledger }: Judgement): void {
  for (const gate of gates) {
    const heads = accepted(gate);
    if (heads === undefined) continue;
    for (const { address, replica } of witnesses) {
      const marks = replica.marks(event).filter(({ mark }) => mark.gate === gate);
      const trouble = acceptedTrouble(ledger, { event, gate }, heads, marks);
      if (trouble !== undefined) referee.violate('accepted-history-wrong', `${address} has ${trouble}`);
    }
  }
}

/** Of every writer the marks from 1 on, none left out. `marks` in the order of (gate, boot, sequence). */
function judgeSequences(referee: Referee, address: string, marks: readonly Mark[]): void {
  let before: Mark | undefined;
  for (const mark of marks) {
    const expected = before?.gate === mark.gate && before.boot === mark.boot ? before.sequence + 1 : 1;
    if (mark.sequence !== expected)
      referee.violate('sequence-broken', `${address} knows ${markKey(mark)} and not mark ${expected}`);
    before = mark;
  }
}

function judgeCases(
  { referee, policy, tickets, witnesses, isSingleUse, fold, event }: Judgement,
  counts: (mark: Mark) => boolean,
): void {
  const [reference] = witnesses;
  if (reference === undefined) return;
  const index = createMarkIndex();
  for (const { mark } of reference.replica.marks(event)) index.add(mark);
  const all = knownMarks(() => [index]);
  // A ticket that such a mark names may have another history elsewhere.
  const touched = new Set(
    witnesses.flatMap(({ replica }) =>
      replica.marks(event).flatMap(({ mark }) => ('ticketId' in mark && !counts(mark) ? [mark.ticketId] : [])),
    ),
  );
  for (const ticket of tickets) {
    const marks = all.ofTicket(ticket.id);
    if (marks.length === 0 || touched.has(ticket.id)) continue;
    const expected = isSingleUse(ticket.id)
      ? casesOfSingleUse(event, ticket.id, marks)
      : describe(foldTicketHistory(marks, policy, ticket).cases);
    if (expected.includes(uncertain)) referee.noteUncertainOrder(ticket.id);
    for (const { address, known } of witnesses) {
      const found = describe(fold(known.ofTicket(ticket.id), policy, ticket).cases);
      if (found !== expected)
        referee.violate(
          'case-wrong',
          `${address} has for ${ticket.id} the cases [${found}] where [${expected}] are due`,
        );
    }
  }
}

/**
 * By the meaning of the words, not by the fold: the earliest entry fits, and so does whatever a person answers for; every later use is in
 * the case of its day. The times are those that the clock corrections give.
 */
function casesOfSingleUse(event: number, ticketId: string, marks: readonly Mark[]): string {
  const entries = effectiveEntries(correctMarks(marks));
  const isMisfit = (mark: Mark, place: number): boolean => place > 0 && mark.kind === 'admitted';
  const misfits = entries.filter(isMisfit);
  const fitting = entries.filter((mark, place) => !isMisfit(mark, place));
  const days = new Map<string, Mark[]>();
  for (const mark of misfits) {
    const day = new Date(mark.at.ms - 4 * 3_600_000).toISOString().slice(0, 10);
    days.set(day, [...(days.get(day) ?? []), mark]);
  }
  return [...days]
    .map(([day, ofDay]) => {
      const orderUncertain = ofDay.some((misfit) => fitting.some((other) => mayBeEither(misfit, other)));
      return describeCase(caseId(event, ticketId, day), ofDay, fitting, orderUncertain);
    })
    .join('; ');
}

/** Whether what two gates say of their clocks leaves open which of the marks was first. */
const mayBeEither = (a: Mark, b: Mark): boolean =>
  a.gate !== b.gate &&
  a.at.ms - a.clock.uncertaintyMs <= b.at.ms + b.clock.uncertaintyMs &&
  b.at.ms - b.clock.uncertaintyMs <= a.at.ms + a.clock.uncertaintyMs;

const describe = (cases: readonly Case[]): string =>
  cases
    .map(({ id, misfits, fitting, orderUncertain }) =>
      describeCase(
        id,
        misfits.map(({ mark }) => mark),
        fitting.map(({ mark }) => mark),
        orderUncertain,
      ),
    )
    .join('; ');

const describeCase = (
  id: string,
  misfits: readonly Mark[],
  fitting: readonly Mark[],
  orderUncertain: boolean,
): string =>
  `${id}: ${misfits.map(markKey).join(' ')} beside ${fitting.map(markKey).join(' ')}${orderUncertain ? `, ${uncertain}` : ''}`;
const uncertain = 'order uncertain';
