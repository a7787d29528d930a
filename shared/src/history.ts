// The fold of all known marks of one ticket: who was first, who is inside, which uses do not fit. A pure function of the SET of
// marks and the rules; never of the order in which they arrived.
import type { HybridTimestamp } from './clock.ts';
import type { Mark } from './mark.ts';
import type { AdmissionPolicy, Ticket } from './ticket.ts';

/** What of the feed the fold depends on; equal rules and equal sets of marks give equal histories everywhere. */
export interface HistoryRules {
  readonly uses: number;
  readonly party: number;
  readonly reentry: boolean;
  readonly oncePerDay: boolean;
  readonly timeZone: string;
  readonly dayStartsAtHour: number;
}

/** One effective entry: an admitted or overridden mark that neither `lapsed` nor `undone` has taken back. */
export interface Entry {
  readonly mark: Extract<Mark, { kind: 'admitted' | 'overridden' }>;
  /** Persons, after partial lapses. */
  readonly persons: number;
}

/** One per ticket and event day: all uses that do not fit, with the entries they collide with. */
export interface Case {
  /** 32 hexadecimal digits, the same on every replica. */
  readonly id: string;
  readonly event: number;
  readonly ticketId: string;
  /** Local event day, `YYYY-MM-DD`. */
  readonly day: string;
  /** The uses that fitted and with which the others collide, earliest first, then those that do not fit. */
  readonly fitting: readonly Entry[];
  readonly misfits: readonly Entry[];
  /** True when the clock uncertainties of a fitting and a misfit entry overlap: who was first cannot be known. */
  readonly orderUncertain: boolean;
}

export interface History {
  /** Effective entries in the fold's order. */
  readonly entries: readonly Entry[];
  /** Uses spent: persons that entered, re-entries after an exit not counted. */
  readonly usesSpent: number;
  /** Persons inside now as far as known. */
  readonly inside: number;
  /** True when a steward's pass-out or a scanned exit allows one to come back. */
  readonly mayReturn: boolean;
  readonly lastEntry: Entry | undefined;
  readonly lastExitAt: HybridTimestamp | undefined;
  /** Highest epoch that an admitted mark has carried. */
  readonly epochSeen: number;
  /** Newest accepted time step of a dynamic pass, Unix seconds, of the epoch `epochSeen`. */
  readonly issuedAtS: number | undefined;
  readonly denied: boolean;
  readonly cases: readonly Case[];
}

export declare const foldHistory: (marks: readonly Mark[], rules: HistoryRules) => History;
export declare const historyRules: (policy: AdmissionPolicy, ticket: Pick<Ticket, 'type' | 'party'>) => HistoryRules;
