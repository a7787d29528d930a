// The deployment's own keys, each with one purpose: `issuer` signs passes, `feed` signs manifests and the time, `authority` is the
// CA for gates, `server` is a secret for nonces and code hashes. Made at first run; secrets are sealed in the database.
import {
  assert,
  bytesToHex,
  keyId,
  keyPairFromSeed,
  keyedHash,
  ok,
  seedBytes,
  sha256,
  utf8,
  type Clock,
  type KeyPair,
  type Random,
  type Result,
} from '@postern/shared';
import type { Database, Queries } from '../store/database.ts';
import { inTransaction } from '../store/locks.ts';
import type { Vault, VaultError } from './vault.ts';

export type KeyPurpose = 'issuer' | 'feed' | 'authority' | 'server';
export type KeyState = 'next' | 'active' | 'retired' | 'revoked';

export interface PublicKey {
  readonly use: 'issuer' | 'feed';
  readonly keyId: string;
  readonly publicKey: string;
  readonly state: KeyState;
}

export interface Keys {
  readonly issuer: KeyPair;
  readonly feed: KeyPair;
  readonly authority: { readonly seed: Uint8Array; readonly publicKey: Uint8Array };
  /** Issuer and feed keys in every state, as the feed lists them. */
  readonly published: readonly PublicKey[];
  /** 32 bytes under which nonces are made. */
  readonly nonceSecret: Uint8Array;
  /** Keyed hash under a secret that only this deployment knows, hexadecimal; `purpose` keeps uses apart. */
  readonly serverHash: (purpose: string, text: string) => string;
}

export interface KeysDeps {
  readonly database: Database;
  readonly vault: Vault;
  readonly random: Random;
  readonly clock: Clock;
}

/** Reads the keys, making those that do not exist yet. `vault-unreadable` when the master key is not the one they were sealed with. */
export async function openKeys(deps: KeysDeps): Promise<Result<Keys, VaultError>> {
  const secrets = new Map<KeyPurpose, Uint8Array>();
  for (const purpose of ['issuer', 'feed', 'authority', 'server'] as const) {
    const secret = await readOrMakeSecret(deps, purpose);
    if (!secret.ok) return secret;
    secrets.set(purpose, secret.value);
  }
  const secretOf = (purpose: KeyPurpose): Uint8Array => {
    const secret = secrets.get(purpose);
    assert(secret !== undefined, 'every purpose has its key');
    return secret;
  };
  const authoritySeed = secretOf('authority');
  return ok({
    issuer: keyPairFromSeed(secretOf('issuer')),
    feed: keyPairFromSeed(secretOf('feed')),
    authority: { seed: authoritySeed, publicKey: keyPairFromSeed(authoritySeed).publicKey },
    published: await listPublished(deps.database),
    nonceSecret: keyedHash(secretOf('server'), utf8('nonce'), 32),
    serverHash: (purpose, text) => bytesToHex(keyedHash(secretOf('server'), utf8(`${purpose}\0${text}`), 32)),
  });
}

/** Of several processes that start on an empty database one makes the key, and all read the same. */
const readOrMakeSecret = (deps: KeysDeps, purpose: KeyPurpose): Promise<Result<Uint8Array, VaultError>> =>
  inTransaction(deps.database, keysLock, (queries) => readOrMakeSecretIn(queries, deps, purpose));

/** Held by whoever makes a key or what belongs to one. */
export const keysLock = 'keys';

async function readOrMakeSecretIn(
  queries: Queries,
  { vault, random, clock }: KeysDeps,
  purpose: KeyPurpose,
): Promise<Result<Uint8Array, VaultError>> {
  const row = await queries
    .selectFrom('key')
    .selectAll()
    .where('purpose', '=', purpose)
    .where('state', '=', 'active')
    .executeTakeFirst();
  if (row !== undefined) return vault.open(row.sealed_secret, purpose);
  const secret = random(seedBytes);
  const publicKey = purpose === 'server' ? undefined : keyPairFromSeed(secret).publicKey;
  await queries
    .insertInto('key')
    .values({
      id: publicKey === undefined ? bytesToHex(sha256(secret).slice(0, 8)) : keyId(publicKey),
      purpose,
      state: 'active',
      public_key: publicKey === undefined ? '' : bytesToHex(publicKey),
      sealed_secret: vault.seal(secret, purpose),
      certificate: null,
      created_at_ms: clock.wallMs(),
    })
    .execute();
  return ok(secret);
}

async function listPublished(database: Database): Promise<readonly PublicKey[]> {
  const rows = await database
    .selectFrom('key')
    .select(['id', 'purpose', 'public_key', 'state'])
    .where('purpose', 'in', ['issuer', 'feed'])
    .orderBy('created_at_ms')
    .execute();
  return rows.flatMap((row) =>
    isUse(row.purpose) && isState(row.state)
      ? [{ use: row.purpose, keyId: row.id, publicKey: row.public_key, state: row.state }]
      : [],
  );
}

const isUse = (text: string): text is 'issuer' | 'feed' => text === 'issuer' || text === 'feed';
const isState = (text: string): text is KeyState =>
  text === 'next' || text === 'active' || text === 'retired' || text === 'revoked';
