// Keys that sign the heads of audit chains and nothing else. Both halves are sealed: who can write to the database but does not know the
// master key can neither sign a head nor put a public key there that makes a rewritten chain look signed.
import {
  err,
  keyId,
  keyPairFromSeed,
  ok,
  seedBytes,
  sign,
  type Clock,
  type KeyPair,
  type Random,
  type Result,
} from '@postern/shared';
import type { Queries } from '../store/database.ts';
import type { Vault, VaultError } from './vault.ts';

/** What the sealed halves are bound to: they cannot be exchanged, nor made older or newer. */
const secretLabel = (createdAtMs: number): string => `audit ${createdAtMs}`;
const publicLabel = (createdAtMs: number): string => `audit-public ${createdAtMs}`;

/** `keyId`: 16 hexadecimal digits. */
export interface AuditSigner {
  readonly keyId: string;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

export interface AuditKeys {
  /** Signs with the newest key. */
  readonly signer: AuditSigner;
  /** The public key that a head names, also a retired one; undefined for one that was never ours. */
  readonly publicKey: (keyId: string) => Uint8Array | undefined;
}

export interface AuditKeysDeps {
  readonly vault: Vault;
  readonly random: Random;
  readonly clock: Clock;
}

/** Reads the keys, making the first. `vault-unreadable` when the master key is not the one they were sealed with. */
export async function openAuditKeys(queries: Queries, deps: AuditKeysDeps): Promise<Result<AuditKeys, VaultError>> {
  const rows = await queries
    .selectFrom('audit_key')
    .selectAll()
    .orderBy('created_at_ms', 'desc')
    .orderBy('id')
    .execute();
  const publicKeys = new Map<string, Uint8Array>();
  let newest: KeyPair | undefined;
  for (const row of rows) {
    const publicKey = deps.vault.open(row.sealed_public, publicLabel(row.created_at_ms));
    if (!publicKey.ok) return publicKey;
    publicKeys.set(keyId(publicKey.value), publicKey.value);
    if (newest !== undefined || row.sealed_secret === null) continue;
    const seed = deps.vault.open(row.sealed_secret, secretLabel(row.created_at_ms));
    if (!seed.ok) return seed;
    if (seed.value.length !== seedBytes)
      return err({ type: 'vault-unreadable', cause: 'an audit key of a wrong length' });
    newest = keyPairFromSeed(seed.value);
  }
  newest ??= await makeAuditKey(queries, deps);
  publicKeys.set(keyId(newest.publicKey), newest.publicKey);
  return ok({ signer: signerOf(newest), publicKey: (id) => publicKeys.get(id) });
}

/** A new key; the secrets of the older ones are gone. Processes that run go on with theirs until they end. */
export async function rotateAuditKey(queries: Queries, deps: AuditKeysDeps): Promise<string> {
  await queries.updateTable('audit_key').set({ sealed_secret: null }).execute();
  return keyId((await makeAuditKey(queries, deps)).publicKey);
}

/** Seals both halves of every key under another master key; answers how many keys there are. */
export async function resealAuditKeys(queries: Queries, from: Vault, to: Vault): Promise<Result<number, VaultError>> {
  const rows = await queries.selectFrom('audit_key').selectAll().execute();
  for (const { id, created_at_ms, sealed_public, sealed_secret } of rows) {
    const publicKey = from.open(sealed_public, publicLabel(created_at_ms));
    if (!publicKey.ok) return publicKey;
    const secret = sealed_secret === null ? ok(undefined) : from.open(sealed_secret, secretLabel(created_at_ms));
    if (!secret.ok) return secret;
    await queries
      .updateTable('audit_key')
      .set({
        sealed_public: to.seal(publicKey.value, publicLabel(created_at_ms)),
        sealed_secret: secret.value === undefined ? null : to.seal(secret.value, secretLabel(created_at_ms)),
      })
      .where('id', '=', id)
      .execute();
  }
  return ok(rows.length);
}

async function makeAuditKey(queries: Queries, { vault, random, clock }: AuditKeysDeps): Promise<KeyPair> {
  const seed = random(seedBytes);
  const pair = keyPairFromSeed(seed);
  const createdAtMs = clock.wallMs();
  await queries
    .insertInto('audit_key')
    .values({
      id: keyId(pair.publicKey),
      sealed_public: vault.seal(pair.publicKey, publicLabel(createdAtMs)),
      sealed_secret: vault.seal(seed, secretLabel(createdAtMs)),
      created_at_ms: createdAtMs,
    })
    .execute();
  return pair;
}

const signerOf = ({ publicKey, secretKey }: KeyPair): AuditSigner => ({
  keyId: keyId(publicKey),
  sign: (message) => sign(secretKey, message),
});
