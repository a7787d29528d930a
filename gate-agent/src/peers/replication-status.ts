// How the exchange with the cloud and with other gates stands, in plain data: what the replication thread (or worker) tells, and what
// health pages and screens are made of.
import type { AcceptedHead, Alarm, HybridTimestamp, PeerStatus } from '@postern/shared';

/** A gate as the feed lists it. */
export interface ListedGate {
  readonly id: string;
  /** Ed25519, hexadecimal. */
  readonly publicKey: string;
  /** Of a revoked one: what of it stays accepted. */
  readonly accepted?: readonly AcceptedHead[];
}

/** How far this gate knows another one. */
export interface KnownGate {
  readonly gate: string;
  /** No mark of its newest start that is not known here will be older. */
  readonly through: HybridTimestamp;
  /** Everything that it did up to here is known, in whichever of its starts; Unix ms. */
  readonly coveredMs: number;
  readonly marks: number;
}

export interface ReplicationStatus {
  readonly peers: readonly PeerStatus[];
  /** The cloud or another gate has answered within the last 30 s. */
  readonly inTouch: boolean;
  readonly peersReachable: number;
  /** Wall time of the last answer of anybody, Unix ms; "No contact since …". */
  readonly lastContactMs: number | undefined;
  /** Own marks that the cloud has not confirmed; undefined before its first answer. */
  readonly cloudBacklogMarks: number | undefined;
  readonly gates: readonly KnownGate[];
  /** About everything that was put aside, now or in earlier starts, at most `alarmsKeptMax`, newest last. */
  readonly alarms: readonly Alarm[];
  /** Why the journal cannot be drained, when it cannot. */
  readonly drainError: string | undefined;
  readonly lan: LanStatus;
}

/** This gate among the others on the LAN. */
export interface LanStatus {
  /** Gates of this event that mDNS has found. */
  readonly found: number;
  /** Neighbours that answered last. */
  readonly answering: number;
  /** Found or configured ones that are not this deployment's gates. */
  readonly refused: number;
  /** Why nobody on the LAN can reach this gate, or it cannot find anybody, when that is so. */
  readonly trouble: LanTrouble | undefined;
}

/** In words for people, as in the health. */
export interface LanTrouble {
  readonly what: string;
  readonly next: string;
}

export const alarmsKeptMax = 100;
export const emptyStatus: ReplicationStatus = {
  peers: [],
  inTouch: false,
  peersReachable: 0,
  lastContactMs: undefined,
  cloudBacklogMarks: undefined,
  gates: [],
  alarms: [],
  drainError: undefined,
  lan: { found: 0, answering: 0, refused: 0, trouble: undefined },
};
