// The cloud's side of the feed in a simulation: signed manifests with rising versions, keys that are rotated and announced, gates that are
// revoked, with what stays accepted of them. It also hands out old manifests, as a stale cache in between would.
import {
  announceFeedKey,
  bytesToHex,
  keyId,
  signManifest,
  signServerTime,
  type AcceptedHead,
  type AdmissionPolicy,
  type FeedKey,
  type KeyPair,
  type Manifest,
  type TrustedFeedKey,
} from '@postern/shared';
import type { AcceptedOf } from './accepted-marks.ts';
import { simulatedKeys } from './gate-marks.ts';
import { simulatedZone } from './world.ts';

export interface FeedPublisher {
  /** The manifest that the cloud stands by. */
  readonly latest: () => Uint8Array;
  readonly version: () => number;
  /** Every manifest ever signed, the oldest first. */
  readonly published: () => readonly Uint8Array[];
  readonly isRevoked: (gate: string) => boolean;
  readonly accepted: AcceptedOf;
  /** What a pass is signed with now. */
  readonly issuer: () => KeyPair;
  /** What the time is, signed for whoever sent this nonce. */
  readonly signTime: (nonce: Uint8Array) => Uint8Array;
  readonly rotateFeedKey: () => void;
  /** A new issuer key; the one before it is retired, or revoked. */
  readonly rotateIssuerKey: (before: 'retired' | 'revoked') => void;
  /** `heads`: what of it stays accepted. */
  readonly revokeGate: (gate: string, heads: readonly AcceptedHead[]) => void;
  /** What a gate trusts that has just been enrolled. */
  readonly enrolledKeys: readonly TrustedFeedKey[];
}

export interface FeedPublisherDeps {
  readonly policy: AdmissionPolicy;
  readonly tickets: number;
  readonly gates: readonly string[];
  readonly wallMs: () => number;
}

const dayMs = 86_400_000;
const noFile = { sha256: '0'.repeat(64), bytes: 0 };

export function createFeedPublisher({ policy, tickets, gates, wallMs }: FeedPublisherDeps): FeedPublisher {
  const published: Uint8Array[] = [];
  const revoked = new Map<string, readonly AcceptedHead[]>();
  const announcements: Uint8Array[] = [];
  let feedKeys = [simulatedKeys('feed 1')];
  let issuers: { readonly keys: KeyPair; readonly state: FeedKey['state'] }[] = [
    { keys: simulatedKeys('issuer 1'), state: 'active' },
  ];
  let version = 0;

  const activeFeedKey = (): KeyPair => feedKeys.at(-1) as KeyPair;
  const activeIssuer = (): KeyPair => (issuers.at(-1) as { readonly keys: KeyPair }).keys;

  const publish = (): void => {
    version += 1;
    const manifest: Manifest = {
      v: 1,
      event: policy.event,
      version,
      createdAtMs: wallMs(),
      expiresAtMs: wallMs() + 2 * dayMs,
      policy,
      codeHashKey: '0'.repeat(64),
      snapshot: { version: 1, tickets, ...noFile, database: noFile },
      deltas: [],
      keys: [
        ...feedKeys.map((keys, index) => toFeedKey('feed', keys, index === feedKeys.length - 1 ? 'active' : 'retired')),
        ...issuers.map(({ keys, state }) => toFeedKey('issuer', keys, state)),
      ],
      gates: gates
        .filter((id) => !revoked.has(id))
        .map((id) => ({
          id,
          name: id,
          zone: simulatedZone,
          publicKey: bytesToHex(simulatedKeys(id).publicKey),
          certificate: '',
        })),
      revokedGates: [...revoked].map(([id, heads]) => ({
        id,
        name: id,
        publicKey: bytesToHex(simulatedKeys(id).publicKey),
        heads: [...heads],
      })),
      ca: '',
      staff: [],
    };
    published.push(signManifest(manifest, activeFeedKey(), announcements));
  };

  publish();
  return {
    latest: () => published.at(-1) as Uint8Array,
    version: () => version,
    published: () => published,
    isRevoked: (gate) => revoked.has(gate),
    accepted: (gate) => revoked.get(gate),
    issuer: activeIssuer,
    enrolledKeys: feedKeys.map(({ publicKey }) => ({ keyId: keyId(publicKey), publicKey })),
    signTime: (nonce) => signServerTime(nonce, wallMs(), activeFeedKey()),
    rotateFeedKey: () => {
      const next = simulatedKeys(`feed ${feedKeys.length + 1}`);
      announcements.push(announceFeedKey(next.publicKey, activeFeedKey()));
      feedKeys = [...feedKeys, next];
      publish();
    },
    rotateIssuerKey: (before) => {
      issuers = [
        ...issuers.map((issuer) => ({ ...issuer, state: issuer.state === 'active' ? before : issuer.state })),
        { keys: simulatedKeys(`issuer ${issuers.length + 1}`), state: 'active' },
      ];
      publish();
    },
    revokeGate: (gate, heads) => {
      revoked.set(gate, heads);
      publish();
    },
  };
}

const toFeedKey = (use: FeedKey['use'], { publicKey }: KeyPair, state: FeedKey['state']): FeedKey => ({
  use,
  keyId: keyId(publicKey),
  publicKey: bytesToHex(publicKey),
  state,
});
