// The Store port on a simulated disk, with the semantics of the gate's own store: read, decide and append in one transaction, one after
// the other; a mark is acknowledged, and seen by the replicator, only once the simulated sync is over. Refusals are stamped at once
// and written before the next mark or at a quiet moment, without a sync.
import {
  asCaused,
  createHybridClock,
  createLatestTime,
  encodeMark,
  foldRehearsal,
  isRehearsalSwitch,
  ok,
  type AdmissionPolicy,
  type AdmitView,
  type Clock,
  type EncodedMark,
  type History,
  type HybridClock,
  type HybridTimestamp,
  type Mark,
  type MarkDraft,
  type OpeningMark,
  type Store,
  type Ticket,
  type TrustedTime,
} from '@postern/shared';
import type { Disk } from './disk.ts';
import type { EventQueue } from './event-queue.ts';
import { createMemoryJournal, type MemoryJournal } from './gate-marks.ts';
import { createMarkIndex, knownMarks, type FoldedMarks, type KnownMarks } from './mark-index.ts';

export interface SimulatedStoreDeps {
  readonly disk: Disk;
  readonly gate: string;
  readonly boot: string;
  readonly clock: Clock;
  /** What the gate holds for the time. */
  readonly time: () => TrustedTime;
  readonly queue: EventQueue;
  /** How long the next sync takes. */
  readonly syncMs: () => number;
  readonly ticket: (ticketId: string) => Ticket | undefined;
  readonly policy: () => AdmissionPolicy;
  /** The history of a ticket as this gate folds it. */
  readonly fold: (marks: readonly Mark[], ticket: Ticket | undefined) => History;
  /** What was learned from others; there once the replica is open. */
  readonly others: () => FoldedMarks;
  readonly occupancy: AdmitView['occupancy'];
  /** A mark is on its way to the disk; and later, it is acknowledged. */
  readonly onWritten: (mark: EncodedMark) => void;
  readonly onAcknowledged: (mark: EncodedMark) => void;
}

export interface SimulatedStore extends Store {
  /** What is committed, as the replicator sees it. */
  readonly journal: MemoryJournal;
  readonly hybrid: HybridClock;
  /** Undefined while stamped marks wait for their commit. */
  readonly through: () => HybridTimestamp | undefined;
  readonly known: KnownMarks;
  /** By which this gate has begun and left rehearsals. */
  readonly rehearsalSwitches: () => readonly Mark[];
  /** The last entry that this process start has confirmed. */
  readonly lastOpening: () => OpeningMark | undefined;
  /** Of this process start. */
  readonly lastSequence: () => number;
}

/** Without a commit for this long, refusals that wait are written. */
const quietMs = 250;

export function createSimulatedStore(deps: SimulatedStoreDeps): SimulatedStore {
  const { disk, gate, boot, queue } = deps;
  const before = disk.journal.all().flat();
  const journal = createMemoryJournal(before);
  const reached = createLatestTime();
  for (const { mark } of before) reached.note(mark);
  const hybrid = createHybridClock(() => deps.time().nowMs, reached.latest());
  const own = createMarkIndex();
  let sequence = before.reduce((last, { mark }) => (mark.boot === boot ? Math.max(last, mark.sequence) : last), 0);
  const switches: Mark[] = before.flatMap(({ mark }) => (isRehearsalSwitch(mark) ? [mark] : []));
  let waiting: EncodedMark[] = [];
  let lastOpening: OpeningMark | undefined;
  let flushes = false;
  let commits = false;
  let turn: Promise<unknown> = Promise.resolve();

  const inTurn = <T>(task: () => Promise<T>): Promise<T> => {
    const result = turn.then(task);
    turn = result;
    return result;
  };

  const stamp = (draft: MarkDraft): EncodedMark => {
    sequence += 1;
    const { source, uncertaintyMs } = deps.time();
    const mark: Mark = {
      ...draft,
      gate,
      boot,
      sequence,
      at: hybrid.tick(),
      monotonicMs: Math.round(deps.clock.monotonicMs()),
      clock: { source, uncertaintyMs: Math.ceil(uncertaintyMs) },
    };
    return { mark, bytes: encodeMark(mark) };
  };

  const show = (marks: readonly EncodedMark[]): void => {
    for (const mark of marks) {
      journal.add(mark);
      own.add(mark.mark);
    }
  };
  const write = (marks: readonly EncodedMark[]): void => {
    disk.journal.append(marks);
    marks.forEach(deps.onWritten);
  };

  /** Refusals that wait, then the mark, as one transaction; resolves when it is durable. */
  const commit = async (draft: MarkDraft): Promise<EncodedMark> => {
    const mark = stamp(draft);
    const marks = [...waiting, mark];
    waiting = [];
    commits = true;
    write(marks);
    const length = disk.journal.length();
    await queue.sleep(deps.syncMs());
    disk.journal.sync(length);
    commits = false;
    show(marks);
    marks.forEach(deps.onAcknowledged);
    const caused = asCaused(mark.mark);
    if (caused.kind === 'admitted' || caused.kind === 'overridden') lastOpening = caused;
    if (isRehearsalSwitch(mark.mark)) switches.push(mark.mark);
    return mark;
  };

  const writeLazily = async (): Promise<void> => {
    flushes = false;
    if (waiting.length === 0) return;
    const marks = waiting;
    waiting = [];
    write(marks);
    show(marks);
  };

  const known = knownMarks(() => [own, deps.others()]);

  for (const { mark } of before) own.add(mark);
  return {
    admit: (ticketId, decide) =>
      inTurn(async () => {
        const ticket = deps.ticket(ticketId);
        const marks = known.ofTicket(ticketId);
        const history = deps.fold(marks, ticket);
        const practised: AdmitView['practised'] = (session) =>
          foldRehearsal(marks, session, deps.policy(), ticket, history);
        const verdict = decide({ ticket, history, practised, occupancy: deps.occupancy });
        if (verdict.mark === undefined) return ok({ decision: verdict.decision, mark: undefined, commitMs: 0 });
        const startedMs = queue.nowMs();
        const { mark } = await commit(verdict.mark);
        return ok({ decision: verdict.decision, mark, commitMs: queue.nowMs() - startedMs });
      }),
    append: (draft) => inTurn(async () => ok((await commit(draft)).mark)),
    appendLater: (draft) => {
      // In turn, so that no stamp falls between those of a transaction that is being committed.
      void inTurn(async () => {
        waiting.push(stamp(draft));
        if (flushes) return;
        flushes = true;
        queue.after(quietMs, () => void inTurn(writeLazily));
      });
    },
    healthy: () => true,
    reopen: async () => ok(undefined),
    close: async () => undefined,
    journal,
    hybrid,
    through: () => (commits || waiting.length > 0 ? undefined : hybrid.tick()),
    known,
    rehearsalSwitches: () => switches,
    lastOpening: () => lastOpening,
    lastSequence: () => sequence,
  };
}
