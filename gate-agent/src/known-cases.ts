// The cases that this gate knows of, for its own interface: found when somebody asks, by folding the tickets with more than one use, a few
// at a time so that no scan waits. Read-only: people work cases off in the cloud.
import {
  centralGate,
  coverageOfGates,
  foldTicketHistory,
  gatesLost,
  gatesNotHeard,
  mayChangeText,
  toCaseEntry,
  type AdmissionPolicy,
  type CaseCause,
  type CaseEntry,
  type Clock,
  type Coverage,
  type ExpectedGate,
  type Mark,
  type Ticket,
} from '@postern/shared';
import type { KnownGate } from './peers/replication-status.ts';
import type { GateStore } from './store/store.ts';

/** What a slice of the search may take of the thread that lets people in: about a millisecond. */
const marksPerSlice = 1_000;
const ticketsPerSlice = 20;
/** An answer is given again for so long. */
export const casesAgeMsMax = 10_000;
/** The latest ones; more are counted. */
const casesMax = 200;
const entriesMax = 20;

export interface KnownCase {
  /** The same as everywhere. */
  readonly id: string;
  readonly ticket: string;
  readonly day: string;
  /** The first of them. */
  readonly fitting: readonly CaseEntry[];
  readonly misfits: readonly CaseEntry[];
  readonly misfitCount: number;
  readonly orderUncertain: boolean;
  readonly cause: CaseCause;
  readonly lastAtMs: number;
  readonly gatesNotHeard: readonly string[];
  /** Gates that were declared lost before this one had heard everything up to then. */
  readonly gatesLost: readonly string[];
  readonly mayChange?: string;
}

export interface KnownCasesAnswer {
  /** The latest use first. */
  readonly cases: readonly KnownCase[];
  readonly count: number;
  /** Unix ms, when it was looked. */
  readonly atMs: number;
  /** Everything that the other gates did up to here is known; absent where no other gate is waited for. */
  readonly completeUpToMs?: number;
}

export interface KnownCasesDeps {
  readonly store: Pick<GateStore, 'marksOf' | 'ticketsAfter' | 'ownTickets'>;
  readonly policy: () => AdmissionPolicy;
  readonly ticket: (ticketId: string) => Ticket | undefined;
  /** Other gates that the feed lists, and whether it says that they are lost. */
  readonly gates: () => readonly ExpectedGate[];
  /** Those of them that have been heard, and up to when. */
  readonly heard: () => readonly Pick<KnownGate, 'gate' | 'coveredMs'>[];
  readonly clock: Clock;
  readonly nowMs: () => number;
  /** Lets others have the thread. */
  readonly breathe: () => Promise<void>;
}

export function createKnownCases(deps: KnownCasesDeps): () => Promise<KnownCasesAnswer> {
  const { store, policy, ticket, clock, breathe } = deps;
  let last: { readonly atMonotonicMs: number; readonly answer: Promise<KnownCasesAnswer> } | undefined;

  /** Tickets that more than one mark of use may be about: all others fit whatever they do. */
  async function* candidates(): AsyncGenerator<string> {
    const seen = new Set<string>();
    for (let after: string | undefined; ;) {
      const page = store.ticketsAfter(after, marksPerSlice);
      for (const { ticketId, marks } of page)
        if (marks > 1 || ticketId === page.at(-1)?.ticketId) {
          seen.add(ticketId);
          yield ticketId;
        }
      await breathe();
      const end = page.at(-1)?.ticketId;
      if (end === undefined) break;
      after = end;
    }
    for (const ticketId of store.ownTickets()) if (!seen.has(ticketId)) yield ticketId;
  }

  const find = async (): Promise<KnownCasesAnswer> => {
    const atMs = deps.nowMs();
    const coverage = covered(deps);
    const found: KnownCase[] = [];
    let looked = 0;
    for await (const ticketId of candidates()) {
      const marks = store.marksOf(ticketId);
      if (marks.filter(isUse).length > 1)
        for (const one of foldTicketHistory(marks, policy(), ticket(ticketId)).cases) {
          const lastAtMs = Math.max(...[...one.fitting, ...one.misfits].map(({ mark }) => mark.at.ms));
          const notHeard = gatesNotHeard(coverage, lastAtMs);
          const mayChange = mayChangeText(notHeard.length);
          found.push({
            id: one.id,
            ticket: one.ticketId,
            day: one.day,
            fitting: one.fitting.slice(0, entriesMax).map(toCaseEntry),
            misfits: one.misfits.slice(0, entriesMax).map(toCaseEntry),
            misfitCount: one.misfits.length,
            orderUncertain: one.orderUncertain,
            cause: one.cause,
            lastAtMs,
            gatesNotHeard: notHeard,
            gatesLost: gatesLost(coverage, lastAtMs),
            ...(mayChange === undefined ? {} : { mayChange }),
          });
        }
      if (++looked % ticketsPerSlice === 0) await breathe();
    }
    const { completeUpToMs } = coverage;
    return {
      cases: found.toSorted((a, b) => b.lastAtMs - a.lastAtMs || (a.id < b.id ? -1 : 1)).slice(0, casesMax),
      count: found.length,
      atMs,
      ...(completeUpToMs === undefined ? {} : { completeUpToMs }),
    };
  };

  return () => {
    const nowMs = clock.monotonicMs();
    if (last === undefined || nowMs - last.atMonotonicMs > casesAgeMsMax)
      last = { atMonotonicMs: nowMs, answer: find() };
    return last.answer;
  };
}

const isUse = (mark: Mark): boolean => mark.kind === 'admitted' || mark.kind === 'overridden';

/** This gate knows what it did itself, and the cloud says something of itself only once it has written a mark. */
function covered({ gates, heard }: KnownCasesDeps): Coverage {
  const throughByGate = new Map(heard().map(({ gate, coveredMs }) => [gate, coveredMs]));
  const expected = gates().filter(({ id }) => id !== centralGate || throughByGate.has(id));
  return coverageOfGates(
    expected.map(({ id, lost = false }) => ({ gate: id, throughMs: throughByGate.get(id) ?? 0, lost })),
  );
}
