// A gate's side of the feed in a simulation: it believes only what a key has signed that it trusts, takes nothing older than what it has,
// and goes by a manifest only once that is durable. The rules are the real ones (feed.ts).
import {
  hexToBytes,
  trustedFeedKeys,
  verifyManifest,
  type acceptManifest,
  type GateDirectory,
  type Manifest,
  type TrustedFeedKey,
} from '@postern/shared';
import type { LogFile } from './disk.ts';
import type { EventQueue } from './event-queue.ts';
import { simulatedKeys } from './gate-marks.ts';

export interface FeedClient {
  readonly manifest: () => Manifest | undefined;
  /** Takes what it was offered, or does not; resolves with whether something is new. */
  readonly offer: (bytes: Uint8Array) => Promise<boolean>;
  /** Who is listed; a gate that was enrolled and is listed no longer is a revoked one. */
  readonly directory: GateDirectory;
  readonly isRevoked: (gate: string) => boolean;
}

export interface FeedClientDeps {
  readonly event: number;
  readonly file: LogFile<Uint8Array>;
  readonly enrolledKeys: readonly TrustedFeedKey[];
  readonly enrolledGates: readonly string[];
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

  const listedGate = (gate: string): Manifest['gates'][number] | undefined =>
    current?.gates.find(({ id }) => id === gate);
  const isRevoked = (gate: string): boolean =>
    current !== undefined && listedGate(gate) === undefined && deps.enrolledGates.includes(gate);

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
    isRevoked,
    directory: {
      gateKey: async (ofEvent, gate) => {
        if (ofEvent !== event) return undefined;
        const listed = listedGate(gate);
        if (listed !== undefined)
          return { publicKey: hexToBytes(listed.publicKey) ?? new Uint8Array(0), state: 'active' };
        return isRevoked(gate) ? { publicKey: simulatedKeys(gate).publicKey, state: 'revoked' } : undefined;
      },
    },
  };
}
