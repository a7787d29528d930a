// The cloud as one more gate, without a turnstile: what is verified over HTTP leaves marks under the gate id `cloud`, and this file
// brings them into signed segments that gates fetch and check like anybody's. It knows no tickets and decides nothing.
import {
  centralGate,
  createOwnSegments,
  type Clock,
  type KeyPair,
  type Ledger,
  type Logger,
  type OwnSegments,
  type ReplicaStore,
  type Timer,
} from '@postern/shared';
import { setImmediate } from 'node:timers/promises';
import { createCentralJournal } from '../store/central-journal.ts';
import type { CentralStore } from '../store/central-store.ts';
import type { CentralEntry } from './working-store.ts';
import { endExpiredLeases, leaseMs } from '../store/central-writer.ts';
import type { Database } from '../store/database.ts';

/** Marks wait this long for others to travel in one chunk with them. */
export const drainDelayMs = 100;
/**
 * How often it says that it is alive and how far its marks reach, as gates do, once it has made some. Before, it only looks once for what
 * the process before it has left behind.
 */
export const heartbeatMs = 10_000;

export interface CentralGateDeps {
  readonly database: Database;
  readonly store: CentralStore<CentralEntry>;
  readonly replica: ReplicaStore;
  readonly ledger: Ledger;
  /** Signs segments; its public key is among the event's gates in every manifest. */
  readonly keys: KeyPair;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly log: Logger;
  /** Gates of this event have something to fetch. */
  readonly changed: (event: number) => void;
}

export interface CentralGate {
  readonly storeOf: CentralStore<CentralEntry>['ofEvent'];
  /** Marks of an event are durable: they go into a segment soon. */
  readonly committed: (event: number) => void;
  /** Brings all marks into segments now. */
  readonly drain: () => Promise<void>;
  /** Commits what waits, closes this process start's segments, and ends. */
  readonly close: () => Promise<void>;
}

export function createCentralGate(deps: CentralGateDeps): CentralGate {
  const { database, store, replica, ledger, keys, clock, timer, log } = deps;
  const journal = createCentralJournal({ database, own: store.writer });
  let segments: { readonly boot: string; readonly own: OwnSegments } | undefined;
  let cancelDrain: (() => void) | undefined;
  let cancelHeartbeat: (() => void) | undefined;
  let closed = false;

  /** Of the present process start: a store that was reopened writes under a new one. */
  const ownSegments = (): OwnSegments => {
    const { boot } = store.writer();
    segments =
      segments?.boot === boot
        ? segments
        : {
            boot,
            own: createOwnSegments({
              gate: centralGate,
              boot,
              secretKey: keys.secretKey,
              ledger,
              store: replica,
              journal,
              log,
              breathe: () => setImmediate(),
            }),
          };
    return segments.own;
  };

  const drain = async (): Promise<void> => {
    const drained = await ownSegments().drain();
    if (!drained.ok)
      return log.error({ cause: drained.error.cause }, 'marks of the cloud cannot be signed for the gates');
    if (drained.value > 0) for (const event of store.writer().events) deps.changed(event);
  };

  const guarded = (work: () => Promise<void>): void =>
    void work().catch((cause: unknown) => {
      if (!closed) log.error({ cause: String(cause) }, 'signing the marks of the cloud failed; it is tried again');
    });

  const beat = async (): Promise<void> => {
    await store.heartbeat();
    await endExpiredLeases(database, store.writer().boot, clock.wallMs());
    await drain();
    const at = store.through();
    if (at === undefined) return;
    for (const event of store.writer().events) await ownSegments().sayThrough(event, at);
  };
  const beatAfter = (ms: number): void => {
    if (closed) return;
    cancelHeartbeat?.();
    cancelHeartbeat = timer.after(ms, () => {
      guarded(beat);
      if (isWriting()) beatAfter(heartbeatMs);
    });
  };
  const isWriting = (): boolean => store.writer().events.size > 0;
  let isBeating = false;
  // By then the lease of a process that this one has replaced is over.
  beatAfter(leaseMs + heartbeatMs);

  return {
    storeOf: store.ofEvent,
    committed: () => {
      if (closed) return;
      if (!isBeating && isWriting()) {
        isBeating = true;
        beatAfter(heartbeatMs);
      }
      cancelDrain ??= timer.after(drainDelayMs, () => {
        cancelDrain = undefined;
        guarded(drain);
      });
    },
    drain,
    close: async () => {
      if (closed) return;
      closed = true;
      cancelDrain?.();
      cancelHeartbeat?.();
      await store.flush();
      const ended = await ownSegments().close();
      if (!ended.ok) log.error({ cause: ended.error.cause }, 'the last marks of the cloud wait for its next start');
      await store.close();
    },
  };
}
