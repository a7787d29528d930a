// A case: all uses of one ticket on one event day that do not fit, with the entries they collide with. Every replica derives the
// same id, so a late mark extends a case and never opens a second one.
import { bytesToHex, utf8 } from './bytes.ts';
import type { CaseCause } from './case-cause.ts';
import { sha256 } from './crypto.ts';
import type { Entry } from './history.ts';
import type { CaseEntry } from './wire-cases.ts';

export interface Case {
  /** 32 hexadecimal digits, the same on every replica. */
  readonly id: string;
  readonly event: number;
  readonly ticketId: string;
  /** Local event day, `YYYY-MM-DD`. */
  readonly day: string;
  /** The entries that fitted and with which the others collide, earliest first. */
  readonly fitting: readonly Entry[];
  readonly misfits: readonly Entry[];
  /** True when the clock uncertainties of a fitting and a misfit entry overlap: who was first cannot be known. */
  readonly orderUncertain: boolean;
  readonly cause: CaseCause;
}

/** First 16 bytes of SHA-256("postern-case-v1", event, ticket, day), hexadecimal. */
export const caseId = (event: number, ticketId: string, day: string): string =>
  bytesToHex(sha256(utf8(`postern-case-v1\0${event}\0${ticketId}\0${day}`)).slice(0, 16));

/** An entry as the cloud's and a gate's interface tell of it. */
export const toCaseEntry = ({ mark, persons, correctedByMs }: Entry): CaseEntry => ({
  gate: mark.gate,
  boot: mark.boot,
  sequence: mark.sequence,
  lane: mark.lane,
  kind: mark.kind,
  zone: mark.zone,
  atMs: mark.at.ms,
  uncertaintyMs: mark.clock.uncertaintyMs,
  clockSource: mark.clock.source,
  correctedByMs,
  persons,
  ...(mark.operator === undefined ? {} : { operator: mark.operator }),
  ...(mark.kind === 'admitted'
    ? { ticketType: mark.ticketType, outOfTouch: mark.outOfTouch, peersReachable: mark.peersReachable }
    : {}),
});
