// What everything in one simulated world shares: its time, its chance, its network, who keeps the score, and the rhythm of its gates.
import type { AdmissionPolicy, Ledger } from '@postern/shared';
import type { EventQueue } from './event-queue.ts';
import type { FeedPublisher } from './feed-publisher.ts';
import type { Network } from './network.ts';
import type { Seams } from './planted-bugs.ts';
import type { Referee } from './referee.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { Trace } from './trace.ts';

export interface World {
  readonly event: number;
  readonly queue: EventQueue;
  readonly random: SeededRandom;
  readonly trace: Trace;
  readonly network: Network;
  readonly referee: Referee;
  readonly ledger: Ledger;
  readonly seams: Seams;
  readonly policy: AdmissionPolicy;
  readonly feed: FeedPublisher;
  readonly pace: Pace;
  /** Until then the cloud tells nobody the time. */
  readonly timelessMs: number;
  /** Every gate that was ever enrolled, the hostile one among them. */
  readonly enrolledGates: readonly string[];
  /** The true wall time, Unix ms. */
  readonly wallMs: () => number;
}

/** The rhythm of a simulated gate. Idle rounds are slower than a real gate's, so that hours pass in seconds; reactions are not. */
export interface Pace {
  readonly idleExchangeMs: number;
  readonly meshTickMs: number;
  readonly sayThroughMs: number;
  readonly drainMs: number;
  readonly feedPollMs: number;
  readonly askTimeMs: number;
  readonly replicaSyncMs: number;
}

/** Addresses of two devices of one gate differ behind this. */
export const gateOf = (address: string): string => address.split('~')[0] ?? address;
export const cloudAddress = 'cloud';
/** All gates lead into one zone. */
export const simulatedZone = 'hall';
export const startWallMs = Date.UTC(2026, 8, 21, 16);
