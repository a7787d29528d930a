// A gate's side of the feed in a simulation: it believes only what a key has signed that it trusts, takes nothing older than what it has,
// and goes by a manifest only once that is durable. The rules are the real ones (feed.ts).
import {
  trustedFeedKeys,
  verifyManifest,
  type acceptManifest,
  type GateDirectory,
  type Manifest,
  type TrustedFeedKey,
} from '@postern/shared';
import { createGateDirectory, listedGates } from '../../gate-agent/src/peers/gate-directory.ts';
import type { ListedGate } from '../../gate-agent/src/peers/replication-status.ts';
import type { AcceptedOf } from './accepted-marks.ts';
import type { LogFile } from './disk.ts';
import type { EventQueue } from './event-queue.ts';

export interface FeedClient {
  readonly manifest: () => Manifest | undefined;
  /** Takes what it was offered, or does not; resolves with whether something is new. */
  readonly offer: (bytes: Uint8Array) => Promise<boolean>;
  /** Who is listed, and of revoked gates what stays accepted. */
  readonly directory: GateDirectory;
  readonly isRevoked: (gate: string) => boolean;
  readonly accepted: AcceptedOf;
}

export interface FeedClientDeps {
  readonly event: number;
  /** Known before the first manifest. */
  readonly self: { readonly id: string; readonly publicKey: Uint8Array };
  readonly file: LogFile<Uint8Array>;
  readonly enrolledKeys: readonly TrustedFeedKey[];
  readonly wallMs: () => number;
  readonly queue: EventQueue;
  readonly syncMs: () => number;
  /** The rule by which a manifest may replace another. */
  readonly accept: typeof acceptManifest;
}

export function createFeedClient(deps: FeedClientDeps): FeedClient {
  const { event, file } = deps;
  let current: Manifest | undefined;

  const verified = (bytes: Uint8Array): Manifest | undefined => {
    const trusted = current === undefined ? deps.enrolledKeys : trustedFeedKeys(current);
    const manifest = verifyManifest(bytes, trusted);
    if (!manifest.ok) return undefined;
    const accepted = deps.accept({ event, current, candidate: manifest.value, nowMs: deps.wallMs() });
    return accepted.ok ? accepted.value.manifest : undefined;
  };
  for (const bytes of file.all()) current = verified(bytes) ?? current;

  const listed = (gate: string): ListedGate | undefined =>
    current === undefined ? undefined : listedGates(current).find(({ id }) => id === gate);
  const accepted: AcceptedOf = (gate) => listed(gate)?.accepted;

  return {
    manifest: () => current,
    offer: async (bytes) => {
      if (verified(bytes) === undefined) return false;
      file.append(bytes);
      const length = file.length();
      await deps.queue.sleep(deps.syncMs());
      file.sync(length);
      // Another one may have been taken while this one was on its way to the disk.
      const before = current;
      current = verified(bytes) ?? current;
      return current !== before;
    },
    isRevoked: (gate) => accepted(gate) !== undefined,
    accepted,
    directory: createGateDirectory({ event, self: deps.self, listed }),
  };
}
