// Makes one key of the deployment: a fresh secret, sealed, with its place among the keys of its purpose; a feed key also with the
// signature by which the active one announces it.
import {
  announceFeedKey,
  bytesToHex,
  keyId,
  keyPairFromSeed,
  seedBytes,
  sha256,
  type Clock,
  type KeyPair,
  type Random,
  type RotatingPurpose,
} from '@postern/shared';
import type { Insertable } from 'kysely';
import type { Schema } from '../store/schema.ts';
import type { Vault } from './vault.ts';

export type KeyPurpose = RotatingPurpose | 'authority' | 'web-authority' | 'central' | 'server';
/** Of these the secret is no Ed25519 seed. */
const secretsAlone: readonly KeyPurpose[] = ['server', 'web-authority'];

export interface MakeKeyDeps {
  readonly vault: Vault;
  readonly random: Random;
  readonly clock: Clock;
}

export interface NewKey {
  readonly purpose: KeyPurpose;
  readonly state: 'active' | 'next';
  readonly generation: number;
  /** The active key of the purpose, for a next one. */
  readonly active?: KeyPair;
}

export function makeKeyRow(
  { vault, random, clock }: MakeKeyDeps,
  { purpose, state, generation, active }: NewKey,
): Insertable<Schema['key']> {
  const secret = random(seedBytes);
  const publicKey = secretsAlone.includes(purpose) ? undefined : keyPairFromSeed(secret).publicKey;
  const nowMs = clock.wallMs();
  return {
    id: publicKey === undefined ? bytesToHex(sha256(secret).slice(0, 8)) : keyId(publicKey),
    purpose,
    state,
    generation,
    public_key: publicKey === undefined ? '' : bytesToHex(publicKey),
    sealed_secret: vault.seal(secret, purpose),
    announcement:
      purpose === 'feed' && publicKey !== undefined && active !== undefined
        ? Buffer.from(announceFeedKey(publicKey, active)).toString('base64')
        : null,
    certificate: null,
    created_at_ms: nowMs,
    activated_at_ms: state === 'active' ? nowMs : null,
    retired_at_ms: null,
    revoked_at_ms: null,
    reason: null,
  };
}
