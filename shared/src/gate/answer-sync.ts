// The answering side of a sync exchange, the same for a gate's LAN listener and the cloud's POST /sync: bytes in, bytes out. It
// ingests what was pushed, then answers with what differs and with what was asked for. The caller has authenticated the sender.
import type { Alarm, Ingest } from './ingest.ts';
import type { ReplicaStore } from './replica-store.ts';
import { err, type Result } from '../result.ts';

/** Who asks, as its certificate or signed token has proved. */
export interface SyncSender {
  readonly gate: string;
}

export interface AnswerSyncDeps {
  readonly store: ReplicaStore;
  readonly ingest: Ingest;
  /** Whether this sender may exchange marks of this event. */
  readonly maySync: (sender: SyncSender, event: number) => Promise<boolean>;
}

export interface SyncAnswered {
  /** CBOR, at most `syncMessageBytesMax`. */
  readonly answer: Uint8Array;
  readonly event: number;
  readonly marksAccepted: number;
  readonly alarms: readonly Alarm[];
}

export type AnswerSyncError =
  | { readonly type: 'malformed'; readonly cause: string }
  /** HTTP 403. */
  | { readonly type: 'event-forbidden'; readonly event: number };

/** `malformed` is HTTP 400. Never throws for any message; store faults reject. */
export async function answerSync(_deps: AnswerSyncDeps, _sender: SyncSender, _message: Uint8Array): Promise<Result<SyncAnswered, AnswerSyncError>> {
  return err({ type: 'malformed', cause: 'not yet' });
}
