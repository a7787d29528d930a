// The fold of all known marks of one ticket: who was first, who is inside, which uses do not fit. A pure function of the SET of
// marks and the rules, never of the order in which they arrived: equal sets give equal histories on every replica.
import { compareHybrid, type HybridTimestamp } from './clock.ts';
import { caseId, type Case } from './case.ts';
import { likelyCause, type CauseEntry } from './case-cause.ts';
import { correctMarks } from './corrections.ts';
import { eventDay } from './event-day.ts';
import { markKey, type Mark } from './mark.ts';
import type { AdmissionPolicy, Ticket } from './ticket.ts';

/** What of the feed the fold depends on. */
export interface HistoryRules {
  /** Entries a person of the ticket may make in all, over every zone; 0 without limit. */
  readonly uses: number;
  readonly party: number;
  readonly reentry: boolean;
  readonly oncePerDay: boolean;
  /** Zones whose exits are scanned: only there can "is still inside" be held against anybody. */
  readonly exitsScannedZones: readonly string[];
  readonly timeZone: string;
  readonly dayStartsAtHour: number;
}

export function historyRules(policy: AdmissionPolicy, ticket: Pick<Ticket, 'type' | 'party'>): HistoryRules {
  const type = policy.types.find((candidate) => candidate.id === ticket.type);
  return {
    uses: type?.uses ?? 1,
    party: ticket.party,
    reentry: type?.reentry ?? false,
    oncePerDay: type?.oncePerDay ?? false,
    exitsScannedZones: policy.zones.filter((zone) => zone.exitsScanned).map((zone) => zone.id),
    timeZone: policy.timeZone,
    dayStartsAtHour: policy.dayStartsAtHour,
  };
}

/**
 * The history of one ticket, as every replica folds it. `ticket` as the feed has it, undefined when it is not there; a mark of a newer
 * generation than the feed's says of which type the ticket is now.
 */
export function foldTicketHistory(
  marks: readonly Mark[],
  policy: AdmissionPolicy,
  ticket: Pick<Ticket, 'epoch' | 'type' | 'party'> | undefined,
): History {
  const epoch = ticket?.epoch ?? -1;
  let newest: AdmittedMark | undefined;
  for (const mark of marks)
    if (mark.kind === 'admitted' && mark.epoch > epoch && (newest === undefined || speaksBefore(mark, newest)))
      newest = mark;
  const type = newest?.ticketType ?? ticket?.type ?? -1;
  return foldHistory(marks, historyRules(policy, { type, party: ticket?.party ?? 1 }));
}

type AdmittedMark = Extract<Mark, { kind: 'admitted' }>;

/** Who says of which type a ticket is: the newest generation, and where marks of one generation do not agree, the first of them. */
const speaksBefore = (a: AdmittedMark, b: AdmittedMark): boolean =>
  a.epoch > b.epoch || (a.epoch === b.epoch && compareMarks(a, b) < 0);

/** One effective entry: an admitted or overridden mark that neither `lapsed` nor `undone` has taken back. */
export interface Entry {
  /** With the time at which it was made as far as is known now: see `correctedByMs`. */
  readonly mark: Extract<Mark, { kind: 'admitted' | 'overridden' }>;
  /** Persons, after partial lapses. */
  readonly persons: number;
  /** By how much clock corrections have moved it from what it says itself; 0 for most. */
  readonly correctedByMs: number;
}

/** An exit of somebody who was inside. */
export type Exit = Extract<Mark, { kind: 'exited' | 'passed-out' }>;

export interface History {
  /** Effective entries in the fold's order. */
  readonly entries: readonly Entry[];
  /** Effective exits, likewise: entries minus exits of a zone are who is inside it. */
  readonly exits: readonly Exit[];
  /** Persons that entered on a use; those who came back after going out are not counted again. */
  readonly usesSpent: number;
  /** The same by event day (`YYYY-MM-DD`); empty for tickets that are not once-per-day. */
  readonly usesByDay: ReadonlyMap<string, number>;
  /** Persons inside now as far as known, in all zones and by zone. */
  readonly inside: number;
  readonly insideByZone: ReadonlyMap<string, number>;
  /** Persons that went out and may come back without spending a use. */
  readonly returnsLeft: number;
  readonly lastEntry: Entry | undefined;
  readonly lastExitAt: HybridTimestamp | undefined;
  /** Highest epoch that an admitted mark has carried. */
  readonly epochSeen: number;
  /** Highest epoch that a `denied` mark blocks, or undefined. */
  readonly deniedEpoch: number | undefined;
  /**
   * Highest count of each tag that counts its readings, by tag. Entries that were taken back count as well: the tag's next reading is a
   * new one, and what somebody has copied before is not.
   */
  readonly counters: ReadonlyMap<string, number>;
  /** Of each epoch, zone and gate the one that ends last. They change nothing by themselves: `precheckedUntilMs` asks. */
  readonly prechecks: readonly Precheck[];
  readonly cases: readonly Case[];
}

/** The holder was there, by a `prechecked` mark. */
export interface Precheck {
  readonly epoch: number;
  readonly zone: string;
  /** Absent: at every gate of the zone. */
  readonly forGate?: string;
  readonly untilS: number;
}

/** Why an entry does not fit what the ticket allows. */
export type Misfit = 'uses-spent' | 'still-inside' | 'same-day';

interface State {
  usesSpent: number;
  returnsLeft: number;
  readonly insideByZone: Map<string, number>;
  readonly usesByDay: Map<string, number>;
}

/** `corrected` marks of the process starts that occur in `marks` belong to the set: they say when its marks were made. */
export function foldHistory(marks: readonly Mark[], rules: HistoryRules): History {
  const stated = uniqueMarks(marks);
  const corrected = correctMarks(stated);
  const unique = sortMarks(corrected);
  const statedMs = corrected === stated ? undefined : new Map(stated.map((mark) => [markKey(mark), mark.at.ms]));
  const takenBack = usesTakenBack(unique);
  const state: State = { usesSpent: 0, returnsLeft: 0, insideByZone: new Map(), usesByDay: new Map() };
  const entries: Entry[] = [];
  const fitting: Entry[] = [];
  const misfits: Entry[] = [];
  const exits: Exit[] = [];
  let lastExitAt: HybridTimestamp | undefined;
  for (const mark of unique) {
    if (mark.kind === 'admitted' || mark.kind === 'overridden') {
      const persons = mark.uses - (takenBack.get(markKey(mark)) ?? 0);
      if (persons <= 0) continue;
      const correctedByMs = statedMs === undefined ? 0 : mark.at.ms - (statedMs.get(markKey(mark)) ?? mark.at.ms);
      const entry = { mark, persons, correctedByMs };
      entries.push(entry);
      // A person took the responsibility for an override: it spends a use, but it is nobody's double entry.
      if (
        mark.kind === 'admitted' &&
        misfitOf(state, rules, mark.zone, persons, () => dayOf(mark, rules)) !== undefined
      )
        misfits.push(entry);
      else fitting.push(entry);
      applyEntry(state, rules, mark.zone, persons, () => dayOf(mark, rules));
    } else if (mark.kind === 'exited' || mark.kind === 'passed-out') {
      if (takenBack.has(markKey(mark))) continue;
      lastExitAt = mark.at;
      if (applyExit(state, mark.zone, rules.reentry || mark.kind === 'passed-out')) exits.push(mark);
    }
  }
  const epochSeen = unique.reduce((epoch, mark) => (mark.kind === 'admitted' ? Math.max(epoch, mark.epoch) : epoch), 0);
  return {
    entries,
    exits,
    usesSpent: state.usesSpent,
    usesByDay: state.usesByDay,
    inside: [...state.insideByZone.values()].reduce((sum, persons) => sum + persons, 0),
    insideByZone: state.insideByZone,
    returnsLeft: state.returnsLeft,
    lastEntry: entries.at(-1),
    lastExitAt,
    epochSeen,
    deniedEpoch: unique.reduce<number | undefined>(
      (epoch, mark) => (mark.kind === 'denied' ? Math.max(epoch ?? 0, mark.epoch) : epoch),
      undefined,
    ),
    counters: highestCounters(unique),
    prechecks: latestPrechecks(unique),
    cases: groupCases(fitting, misfits, rules),
  };
}

const noCounters: ReadonlyMap<string, number> = new Map();

/** Hardly any ticket has one, and every scan asks. */
function highestCounters(marks: readonly Mark[]): ReadonlyMap<string, number> {
  let counters: Map<string, number> | undefined;
  for (const mark of marks) {
    if (mark.kind !== 'admitted' || mark.tap === undefined) continue;
    const { tag, counter } = mark.tap;
    counters ??= new Map();
    counters.set(tag, Math.max(counters.get(tag) ?? 0, counter));
  }
  return counters ?? noCounters;
}

const noPrechecks: readonly Precheck[] = [];

function latestPrechecks(marks: readonly Mark[]): readonly Precheck[] {
  let latest: Map<string, Precheck> | undefined;
  for (const mark of marks) {
    if (mark.kind !== 'prechecked') continue;
    const { epoch, zone, forGate, untilS } = mark;
    latest ??= new Map();
    const key = JSON.stringify([epoch, zone, forGate]);
    if ((latest.get(key)?.untilS ?? -1) >= untilS) continue;
    latest.set(key, { epoch, zone, untilS, ...(forGate === undefined ? {} : { forGate }) });
  }
  return latest === undefined
    ? noPrechecks
    : [...latest.entries()].toSorted(([a], [b]) => compareText(a, b)).map(([, precheck]) => precheck);
}

/**
 * Until when (Unix ms, exclusive) a pre-check of this very epoch counts at a gate of `zone`; undefined where there was none. What one
 * holder has proved says nothing of the next.
 */
export function precheckedUntilMs(
  { prechecks }: Pick<History, 'prechecks'>,
  at: { readonly epoch: number; readonly zone: string; readonly gate: string },
): number | undefined {
  let untilS: number | undefined;
  for (const precheck of prechecks) {
    if (precheck.epoch !== at.epoch || precheck.zone !== at.zone) continue;
    if (precheck.forGate === undefined || precheck.forGate === at.gate) untilS = Math.max(untilS ?? 0, precheck.untilS);
  }
  return untilS === undefined ? undefined : untilS * 1_000;
}

/** Whether `persons` more may enter `zone` after this history; the same test that the fold applies to marks. */
export function misfitAfter(
  history: History,
  rules: HistoryRules,
  zone: string,
  persons: number,
  nowMs: number,
): Misfit | undefined {
  const { usesSpent, returnsLeft, insideByZone, usesByDay } = history;
  const state: State = { usesSpent, returnsLeft, insideByZone: new Map(insideByZone), usesByDay: new Map(usesByDay) };
  return misfitOf(state, rules, zone, persons, () => eventDay(nowMs, rules));
}

/**
 * Newest time step of a rotating code that `epoch` was let in with, Unix seconds, up to `notAfterS`: a mark of a gate whose clock ran
 * ahead must not lock a ticket out. An entry that was taken back as a whole has returned its code.
 */
export function newestIssuedAtS({ entries }: History, epoch: number, notAfterS: number): number | undefined {
  let newest: number | undefined;
  for (const { mark } of entries) {
    if (mark.kind !== 'admitted' || mark.epoch !== epoch || mark.issuedAtS === undefined) continue;
    if (mark.issuedAtS <= notAfterS) newest = Math.max(newest ?? 0, mark.issuedAtS);
  }
  return newest;
}

function misfitOf(
  state: State,
  rules: HistoryRules,
  zone: string,
  persons: number,
  day: () => string,
): Misfit | undefined {
  const inside = state.insideByZone.get(zone) ?? 0;
  if (rules.exitsScannedZones.includes(zone) && inside + persons > rules.party)
    return rules.uses === 1 && !rules.reentry ? 'uses-spent' : 'still-inside';
  const newUses = Math.max(0, persons - state.returnsLeft);
  if (rules.uses > 0 && state.usesSpent + newUses > rules.uses * rules.party) return 'uses-spent';
  if (rules.oncePerDay && newUses > 0 && (state.usesByDay.get(day()) ?? 0) + newUses > rules.party) return 'same-day';
  return undefined;
}

function applyEntry(state: State, rules: HistoryRules, zone: string, persons: number, day: () => string): void {
  const returning = Math.min(persons, state.returnsLeft);
  state.returnsLeft -= returning;
  state.usesSpent += persons - returning;
  state.insideByZone.set(zone, (state.insideByZone.get(zone) ?? 0) + persons);
  if (rules.oncePerDay) state.usesByDay.set(day(), (state.usesByDay.get(day()) ?? 0) + persons - returning);
}

/** False when nobody was inside. */
function applyExit(state: State, zone: string, mayReturn: boolean): boolean {
  const inside = state.insideByZone.get(zone) ?? 0;
  if (inside === 0) return false;
  state.insideByZone.set(zone, inside - 1);
  if (mayReturn) state.returnsLeft += 1;
  return true;
}

/** Each mark once; without refusals, of which not every replica has all at hand, and which change nothing. */
function uniqueMarks(marks: readonly Mark[]): readonly Mark[] {
  if (marks.length < 2) return marks;
  return [...new Map(marks.flatMap((mark) => (mark.kind === 'refused' ? [] : [[markKey(mark), mark]]))).values()];
}

/** In the fold's order: (hybrid timestamp, gate, boot, sequence). */
const sortMarks = (marks: readonly Mark[]): readonly Mark[] =>
  marks.length < 2 ? marks : marks.toSorted(compareMarks);

export function compareMarks(a: Mark, b: Mark): number {
  return (
    compareHybrid(a.at, b.at) || compareText(a.gate, b.gate) || compareText(a.boot, b.boot) || a.sequence - b.sequence
  );
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Uses that `lapsed` and `undone` marks return, by the key of the mark they name. An undone entry returns all of it. */
function usesTakenBack(marks: readonly Mark[]): ReadonlyMap<string, number> {
  const usesByKey = new Map<string, number>();
  for (const mark of marks) {
    if (mark.kind !== 'lapsed' && mark.kind !== 'undone') continue;
    const key = markKey({
      event: mark.event,
      gate: mark.kind === 'undone' ? mark.of.gate : mark.gate,
      boot: mark.of.boot,
      sequence: mark.of.sequence,
    });
    usesByKey.set(key, mark.kind === 'undone' ? Number.POSITIVE_INFINITY : (usesByKey.get(key) ?? 0) + mark.uses);
  }
  return usesByKey;
}

/** One case per event day on which something does not fit, with the entries it collides with. */
function groupCases(fitting: readonly Entry[], misfits: readonly Entry[], rules: HistoryRules): readonly Case[] {
  const misfitsByDay = new Map<string, Entry[]>();
  for (const entry of misfits) {
    const day = dayOf(entry.mark, rules);
    misfitsByDay.set(day, [...(misfitsByDay.get(day) ?? []), entry]);
  }
  return [...misfitsByDay].map(([day, misfitsOfDay]) => {
    const { event, ticketId } = (misfitsOfDay[0] as Entry).mark;
    const orderUncertain = misfitsOfDay.some((misfit) => fitting.some((other) => overlaps(misfit, other)));
    return {
      id: caseId(event, ticketId, day),
      event,
      ticketId,
      day,
      fitting,
      misfits: misfitsOfDay,
      orderUncertain,
      cause: likelyCause(fitting.map(toCauseEntry), misfitsOfDay.map(toCauseEntry), orderUncertain),
    };
  });
}

/** Two entries whose clock uncertainties overlap: which was first cannot be known. */
const overlaps = (a: Entry, b: Entry): boolean =>
  a.mark.gate !== b.mark.gate &&
  Math.abs(a.mark.at.ms - b.mark.at.ms) <= a.mark.clock.uncertaintyMs + b.mark.clock.uncertaintyMs;

const toCauseEntry = ({ mark, correctedByMs }: Entry): CauseEntry => ({
  gate: mark.gate,
  zone: mark.zone,
  atMs: mark.at.ms,
  uncertaintyMs: mark.clock.uncertaintyMs,
  clockSource: mark.clock.source,
  correctedByMs,
});

const dayOf = (mark: Mark, rules: HistoryRules): string => eventDay(mark.at.ms, rules);
