// The deployment's own keys, each with one purpose: `issuer` signs passes, `feed` signs manifests and the time, `token` signs access
// tokens, `authority` is the CA for gates, `web-authority` the one for their names on the LAN, `central` signs the cloud's own marks, `server` is a secret for nonces, code hashes and sealed marks. Made at first run; secrets are sealed in
// the database. The first three rotate (key-rotation.ts): whoever signs asks for the keys at that moment and keeps none.
import {
  assert,
  bytesToHex,
  hexToBytes,
  keyPairFromSeed,
  keyedHash,
  ok,
  sealKeyPairFromSeed,
  utf8,
  type FeedKey,
  type KeyPair,
  type Result,
  type RotatingPurpose,
} from '@postern/shared';
import type { Selectable } from 'kysely';
import type { Database, Queries } from '../store/database.ts';
import { inTransaction } from '../store/locks.ts';
import type { Schema } from '../store/schema.ts';
import { raiseAllRulesRevisions } from './events.ts';
import { makeKeyRow, type KeyPurpose, type MakeKeyDeps } from './make-key.ts';
import type { VaultError } from './vault.ts';

export type KeyState = 'next' | 'active' | 'retired' | 'revoked';
export type KeyRow = Selectable<Schema['key']>;

/** So long a process may go on with keys that another one has rotated. */
export const keySetAgeMsMax = 1_000;
/** Keys of one purpose in a manifest, which takes a hundred in all. */
export const listedKeysMax = 48;
const rotatingPurposes = ['issuer', 'feed', 'token'] as const satisfies readonly RotatingPurpose[];
const purposes: readonly KeyPurpose[] = [...rotatingPurposes, 'authority', 'web-authority', 'central', 'server'];

/** The rotating keys at one moment. */
export interface KeySet {
  readonly issuer: KeyPair;
  readonly feed: KeyPair;
  /** Signs access tokens (EdDSA); the key id is `keyId` of its public key. */
  readonly token: KeyPair;
  /** By key id the public keys that an access token may be signed with: the active one and retired ones. */
  readonly tokenKeys: ReadonlyMap<string, Uint8Array>;
  /** Issuer and feed keys in every state, as the feed lists them. */
  readonly published: readonly FeedKey[];
  /** What leads a gate from older feed keys to the active one, in the order the keys were made. */
  readonly announcements: readonly Uint8Array[];
}

export interface Keys {
  /** As they were at most `keySetAgeMsMax` ago. */
  readonly current: () => Promise<KeySet>;
  /** As they are in the database now. */
  readonly refresh: () => Promise<KeySet>;
  readonly authority: { readonly seed: Uint8Array; readonly publicKey: Uint8Array };
  /** 32 bytes, of which the P-256 key of the CA that phones know is made. */
  readonly webAuthoritySecret: Uint8Array;
  /** Signs the segments of what the cloud itself has verified, as a gate's key does. */
  readonly central: KeyPair;
  /** X25519: revoked gates seal their marks to it. It never rotates: a sealed file may turn up years later. */
  readonly sealing: KeyPair;
  /** 32 bytes under which nonces are made. */
  readonly nonceSecret: Uint8Array;
  /** Keyed hash under a secret that only this deployment knows, hexadecimal; `purpose` keeps uses apart. */
  readonly serverHash: (purpose: string, text: string) => string;
}

export interface KeysDeps extends MakeKeyDeps {
  readonly database: Database;
}

/** Reads the keys, making those that do not exist yet. `vault-unreadable` when the master key is not the one they were sealed with. */
export async function openKeys(deps: KeysDeps): Promise<Result<Keys, VaultError>> {
  const { database, clock } = deps;
  const made = await makeMissing(deps);
  if (!made.ok) return made;
  const authority = await activeSecret(deps, 'authority');
  if (!authority.ok) return authority;
  const webAuthority = await activeSecret(deps, 'web-authority');
  if (!webAuthority.ok) return webAuthority;
  const central = await activeSecret(deps, 'central');
  if (!central.ok) return central;
  const server = await activeSecret(deps, 'server');
  if (!server.ok) return server;

  let last:
    | { readonly keySet: KeySet; readonly pairs: ReadonlyMap<string, KeyPair>; readonly atMs: number }
    | undefined;
  let refreshing: Promise<KeySet> | undefined;
  const refresh: Keys['refresh'] = async () => {
    const atMs = clock.monotonicMs();
    const rows = await readRotatingKeys(database);
    // A secret is opened once, and forgotten with its key.
    const active = rows.filter(({ state }) => state === 'active');
    const pairs = new Map(active.map((row) => [row.id, last?.pairs.get(row.id) ?? openPair(deps, row)]));
    const keySet = toKeySet(rows, pairs);
    last = { keySet, pairs, atMs };
    return keySet;
  };
  await refresh();

  return ok({
    refresh,
    current: async () => {
      if (last !== undefined && clock.monotonicMs() - last.atMs < keySetAgeMsMax) return last.keySet;
      // Whoever asks meanwhile shares the reading.
      refreshing ??= refresh().finally(() => (refreshing = undefined));
      return refreshing;
    },
    authority: { seed: authority.value, publicKey: keyPairFromSeed(authority.value).publicKey },
    webAuthoritySecret: webAuthority.value,
    central: keyPairFromSeed(central.value),
    sealing: sealKeyPairFromSeed(keyedHash(server.value, utf8('sealed-marks'), 32)),
    nonceSecret: keyedHash(server.value, utf8('nonce'), 32),
    serverHash: (purpose, text) => bytesToHex(keyedHash(server.value, utf8(`${purpose}\0${text}`), 32)),
  });
}

/** Keys for passes, the feed and tokens, the oldest first. */
export const readRotatingKeys = (database: Database): Promise<readonly KeyRow[]> =>
  database
    .selectFrom('key')
    .selectAll()
    .where('purpose', 'in', rotatingPurposes)
    .orderBy('purpose')
    .orderBy('generation')
    .execute();

/** The pair of a key whose secret is still there; only a database that somebody has altered has one that does not open. */
export function openPair({ vault }: Pick<MakeKeyDeps, 'vault'>, row: KeyRow): KeyPair {
  const seed = vault.open(row.sealed_secret, row.purpose);
  assert(seed.ok, `the ${row.purpose} key ${row.id} does not open with this master key`);
  return keyPairFromSeed(seed.value);
}

export const isRotating = (purpose: string): purpose is RotatingPurpose =>
  rotatingPurposes.some((rotating) => rotating === purpose);

/** Held by whoever makes or changes a key, or what belongs to one. */
export const keysLock = 'keys';

/** Of several processes that start on an empty database one makes the keys, and all read the same. */
const makeMissing = (deps: KeysDeps): Promise<Result<void, VaultError>> =>
  inTransaction(deps.database, keysLock, async (queries) => {
    const rows = await queries.selectFrom('key').selectAll().execute();
    // Before anything is sealed with it, the master key shows that it is the right one.
    for (const row of rows) {
      const secret = row.sealed_secret === '' ? ok(undefined) : deps.vault.open(row.sealed_secret, row.purpose);
      if (!secret.ok) return secret;
    }
    for (const purpose of purposes) {
      const ofPurpose = rows.filter((row) => row.purpose === purpose);
      const generation = 1 + ofPurpose.reduce((highest, row) => Math.max(highest, row.generation), 0);
      const active =
        ofPurpose.find(({ state }) => state === 'active') ??
        (await insertKey(queries, makeKeyRow(deps, { purpose, state: 'active', generation })));
      if (!isRotating(purpose) || ofPurpose.some(({ state }) => state === 'next')) continue;
      const following = Math.max(generation, active.generation + 1);
      const announcer = openPair(deps, active);
      await insertKey(queries, makeKeyRow(deps, { purpose, state: 'next', generation: following, active: announcer }));
      await raiseAllRulesRevisions(queries);
    }
    return ok(undefined);
  });

const insertKey = (queries: Queries, row: ReturnType<typeof makeKeyRow>): Promise<KeyRow> =>
  queries.insertInto('key').values(row).returningAll().executeTakeFirstOrThrow();

async function activeSecret(
  { database, vault }: KeysDeps,
  purpose: KeyPurpose,
): Promise<Result<Uint8Array, VaultError>> {
  const row = await database
    .selectFrom('key')
    .select('sealed_secret')
    .where('purpose', '=', purpose)
    .where('state', '=', 'active')
    .executeTakeFirstOrThrow();
  return vault.open(row.sealed_secret, purpose);
}

function toKeySet(rows: readonly KeyRow[], pairs: ReadonlyMap<string, KeyPair>): KeySet {
  const active = (purpose: RotatingPurpose): KeyPair => {
    const row = rows.find((candidate) => candidate.purpose === purpose && candidate.state === 'active');
    const pair = pairs.get(row?.id ?? '');
    assert(pair !== undefined, `there is an active ${purpose} key`);
    return pair;
  };
  return {
    issuer: active('issuer'),
    feed: active('feed'),
    token: active('token'),
    tokenKeys: new Map(
      rows
        .filter(({ purpose, state }) => purpose === 'token' && (state === 'active' || state === 'retired'))
        .map((row) => [row.id, publicKeyOf(row)]),
    ),
    published: [...listed(rows, 'issuer'), ...listed(rows, 'feed')],
    announcements: rows
      .flatMap(({ announcement }) =>
        announcement === null ? [] : [new Uint8Array(Buffer.from(announcement, 'base64'))],
      )
      .slice(-listedKeysMax),
  };
}

/**
 * All keys of a purpose, or as many as gates take: then the oldest revoked ones go first, which gates refuse as unknown ones. Retired
 * ones stay as long as they may have passes out; rotating ends before they are too many.
 */
function listed(rows: readonly KeyRow[], use: 'issuer' | 'feed'): readonly FeedKey[] {
  const keys = rows.filter((row) => row.purpose === use);
  const good = keys.filter((row) => row.state !== 'revoked').slice(-listedKeysMax);
  const room = listedKeysMax - good.length;
  const revoked = room === 0 ? [] : keys.filter((row) => row.state === 'revoked').slice(-room);
  return [...revoked, ...good]
    .toSorted((a, b) => a.generation - b.generation)
    .map((row) => ({ use, keyId: row.id, publicKey: row.public_key, state: toKeyState(row.state) }));
}

function publicKeyOf(row: KeyRow): Uint8Array {
  const publicKey = hexToBytes(row.public_key);
  assert(publicKey !== undefined, 'a public key is hexadecimal');
  return publicKey;
}

export function toKeyState(text: string): KeyState {
  assert(text === 'next' || text === 'active' || text === 'retired' || text === 'revoked', `a key state: ${text}`);
  return text;
}
