// Rotates and revokes the deployment's keys. Rotation: the announced next key becomes active, the active one retires (what it signed
// stays good, its secret is destroyed), a new next is announced. Revocation: what a key signed is dead at every gate with its next feed.
// Each is one transaction that takes the key out of the state it was seen in, so that of several processes one wins.
import {
  err,
  ok,
  type Clock,
  type KeyTicketCount,
  type KeyView,
  type Logger,
  type Result,
  type RotatingPurpose,
} from '@postern/shared';
import type { Database, Queries } from '../store/database.ts';
import { inTransaction } from '../store/locks.ts';
import { systemActor, type Audit, type EntryOf } from './audit.ts';
import { raiseAllRulesRevisions } from './events.ts';
import type { Feed } from './feed.ts';
import {
  isRotating,
  keysLock,
  listedKeysMax,
  openPair,
  readRotatingKeys,
  toKeyState,
  type KeyRow,
  type Keys,
  type KeyState,
} from './keys.ts';
import { makeKeyRow, type MakeKeyDeps } from './make-key.ts';
import type { Failure } from './problems.ts';
import { walkKeyTickets } from './signed-passes.ts';

/** A next key that gates need is announced for so long before it signs: a gate may be offline for that time and know it. */
export const announcedMsMin = 14 * 86_400_000;

export interface Rotation {
  readonly active: KeyView;
  readonly next: KeyView;
  readonly retired: KeyView;
  readonly publishedEvents: readonly number[];
}

export interface Revocation {
  readonly revoked: KeyView;
  readonly active: KeyView;
  readonly next: KeyView;
  readonly publishedEvents: readonly number[];
  readonly toReissue: KeyTicketCount;
}

export interface RotateOptions {
  readonly force?: boolean;
  /** The key that the caller takes for the active one: when it is not, nothing happens. */
  readonly active?: string | undefined;
  /** Who asked, for the audit log. */
  readonly entry?: EntryOf | undefined;
}

export interface KeyRotation {
  /** By purpose, the oldest first. */
  readonly list: () => Promise<readonly KeyView[]>;
  /** `key-unknown` for whatever is no key that rotates. */
  readonly find: (keyId: string) => Promise<Result<KeyView, Failure>>;
  /** `next-key-too-young` unless `force`; `rotation-conflict` when somebody else was faster. */
  readonly rotate: (purpose: RotatingPurpose, options?: RotateOptions) => Promise<Result<Rotation, Failure>>;
  /** An active key hands over to the next one at once, whatever its age. */
  readonly revoke: (keyId: string, reason: string, entry?: EntryOf) => Promise<Result<Revocation, Failure>>;
}

export interface KeyRotationDeps extends MakeKeyDeps {
  readonly database: Database;
  readonly keys: Keys;
  readonly feed: Pick<Feed, 'publishAll'>;
  readonly audit: Pick<Audit, 'record'>;
  readonly clock: Clock;
  readonly log: Logger;
}

export function createKeyRotation(deps: KeyRotationDeps): KeyRotation {
  const { database, clock, keys, feed, audit, log } = deps;

  const find = async (keyId: string): Promise<Result<KeyRow, Failure>> => {
    const row = await database.selectFrom('key').selectAll().where('id', '=', keyId).executeTakeFirst();
    if (row === undefined) return err({ type: 'key-unknown' });
    return isRotating(row.purpose)
      ? ok(row)
      : err({ type: 'key-not-rotatable', detail: `Key ${keyId} is the ${row.purpose} key.` });
  };
  const rowsOf = async (purpose: RotatingPurpose): Promise<readonly KeyRow[]> =>
    (await readRotatingKeys(database)).filter((row) => row.purpose === purpose);
  const inState = (rows: readonly KeyRow[], state: KeyState): KeyRow | undefined =>
    rows.find((row) => row.state === state);
  const viewOf = async (keyId: string): Promise<KeyView> =>
    toView(await database.selectFrom('key').selectAll().where('id', '=', keyId).executeTakeFirstOrThrow());

  /** What every change ends with: this process knows it now, and gates can fetch it. */
  const announce = async (): Promise<readonly number[]> => {
    await keys.refresh();
    return feed.publishAll();
  };

  return {
    list: async () => (await readRotatingKeys(database)).map(toView),

    find: async (keyId) => {
      const row = await find(keyId);
      return row.ok ? ok(toView(row.value)) : row;
    },

    rotate: async (purpose, { force = false, active: expected, entry = systemEntry('key-rotated') } = {}) => {
      const rows = await rowsOf(purpose);
      const [active, next] = [inState(rows, 'active'), inState(rows, 'next')];
      if (active === undefined || next === undefined) return err({ type: 'key-is-last', detail: restartHint(purpose) });
      if (expected !== undefined && expected !== active.id) return err({ type: 'rotation-conflict' });
      const tooYoung = force || purpose === 'token' ? undefined : checkAnnounced(next, clock.wallMs());
      if (tooYoung !== undefined) return err(tooYoung);
      if (purpose === 'issuer' && rows.filter((row) => row.state !== 'revoked').length >= listedKeysMax)
        return err({
          type: 'keys-too-many',
          detail: `Gates take ${listedKeysMax} issuer keys. Revoke the oldest retired ones whose passes are past.`,
        });
      const following = followingKey(deps, rows, next);
      const rotated = await allOrNothing(database, async (queries) => {
        await move(queries, active, { state: 'retired', sealed_secret: '', retired_at_ms: clock.wallMs() });
        await move(queries, next, { state: 'active', activated_at_ms: clock.wallMs() });
        await insertKey(deps, queries, following, next);
        await raiseAllRulesRevisions(queries);
        await audit.record(queries, entry({ subject: next.id, details: { purpose, retired: active.id } }));
      });
      if (!rotated.ok) return rotated;
      log.info({ purpose, active: next.id, retired: active.id, next: following.id }, 'a key has been rotated');
      const publishedEvents = await announce();
      return ok({
        active: await viewOf(next.id),
        next: await viewOf(following.id),
        retired: await viewOf(active.id),
        publishedEvents,
      });
    },

    revoke: async (keyId, reason, entry = systemEntry('key-revoked')) => {
      const found = await find(keyId);
      if (!found.ok) return found;
      const { purpose, state } = found.value;
      if (state === 'revoked') return err({ type: 'key-already-revoked' });
      if (!isRotating(purpose)) return err({ type: 'key-not-rotatable' });
      const rows = await rowsOf(purpose);
      const [active, next] = [inState(rows, 'active'), inState(rows, 'next')];
      if (active === undefined || next === undefined) return err({ type: 'key-is-last', detail: restartHint(purpose) });
      /** Who is active afterwards, and whether that takes a new next key. */
      const successor = state === 'active' ? next : active;
      const following = state === 'retired' ? undefined : followingKey(deps, rows, successor);
      const revoked = await allOrNothing(database, async (queries) => {
        const change = { state: 'revoked', sealed_secret: '', revoked_at_ms: clock.wallMs(), reason };
        await move(queries, found.value, change);
        if (state === 'active') await move(queries, next, { state: 'active', activated_at_ms: clock.wallMs() });
        if (following !== undefined) await insertKey(deps, queries, following, successor);
        await raiseAllRulesRevisions(queries);
        await audit.record(queries, entry({ subject: keyId, details: { purpose, why: reason } }));
      });
      if (!revoked.ok) return revoked;
      log.warn({ purpose, revoked: keyId, active: successor.id, reason }, 'a key has been revoked');
      const publishedEvents = await announce();
      return ok({
        revoked: await viewOf(keyId),
        active: await viewOf(successor.id),
        next: await viewOf(following?.id ?? next.id),
        publishedEvents,
        toReissue: purpose === 'issuer' ? await countTickets(deps, keyId) : { tickets: 0, withoutGoodPass: 0 },
      });
    },
  };
}

/** A schedule or a command acts. */
const systemEntry =
  (action: 'key-rotated' | 'key-revoked'): EntryOf =>
  (addition) => ({ action, actor: systemActor, ...addition });

/** The next key after `active`, which announces it. */
function followingKey(deps: MakeKeyDeps, rows: readonly KeyRow[], active: KeyRow): ReturnType<typeof makeKeyRow> {
  const generation = 1 + rows.reduce((highest, row) => Math.max(highest, row.generation), 0);
  return makeKeyRow(deps, {
    purpose: active.purpose as RotatingPurpose,
    state: 'next',
    generation,
    active: openPair(deps, active),
  });
}

function checkAnnounced(next: KeyRow, nowMs: number): Failure | undefined {
  const readyAtMs = next.created_at_ms + announcedMsMin;
  if (nowMs >= readyAtMs) return undefined;
  const detail =
    `The next ${next.purpose} key ${next.id} may sign from ${new Date(readyAtMs).toISOString()} on, ` +
    `${announcedMsMin / 86_400_000} days after it was announced, so that gates which are offline know it. ` +
    'Forced now, gates that have not fetched a feed since refuse what it signs until they do.';
  return { type: 'next-key-too-young', detail };
}

const restartHint = (purpose: RotatingPurpose): string =>
  `There is no next ${purpose} key; the service makes one when it starts. Start it, then try again.`;

/** Thrown inside a transaction to roll it back. */
const raced = new Error('the key is no longer in the state it was in');

async function allOrNothing(
  database: Database,
  work: (queries: Queries) => Promise<void>,
): Promise<Result<void, Failure>> {
  try {
    return ok(await inTransaction(database, keysLock, work));
  } catch (cause) {
    if (cause === raced) return err({ type: 'rotation-conflict' });
    throw cause;
  }
}

type Change = Partial<
  Pick<KeyRow, 'state' | 'sealed_secret' | 'activated_at_ms' | 'retired_at_ms' | 'revoked_at_ms' | 'reason'>
>;

/** What was read before the transaction may be past: then the row is no longer in that state, and nothing happens. */
async function move(queries: Queries, row: KeyRow, change: Change): Promise<void> {
  const moved = await queries
    .updateTable('key')
    .set(change)
    .where('id', '=', row.id)
    .where('state', '=', row.state)
    .returning('id')
    .executeTakeFirst();
  if (moved === undefined) throw raced;
}

/** A key sealed under a master key that is no longer the database's would be lost: the one before it must still open. */
async function insertKey(
  deps: MakeKeyDeps,
  queries: Queries,
  row: ReturnType<typeof makeKeyRow>,
  before: KeyRow,
): Promise<void> {
  openPair(deps, await queries.selectFrom('key').selectAll().where('id', '=', before.id).executeTakeFirstOrThrow());
  await queries.insertInto('key').values(row).execute();
}

async function countTickets(deps: KeyRotationDeps, keyId: string): Promise<KeyTicketCount> {
  let [tickets, withoutGoodPass] = [0, 0];
  for await (const page of walkKeyTickets(deps, keyId)) {
    tickets += page.length;
    withoutGoodPass += page.filter((ticket) => !ticket.hasGoodPass).length;
  }
  return { tickets, withoutGoodPass };
}

const toView = (row: KeyRow): KeyView => ({
  keyId: row.id,
  purpose: row.purpose as RotatingPurpose,
  generation: row.generation,
  state: toKeyState(row.state),
  publicKey: row.public_key,
  createdAtMs: row.created_at_ms,
  ...(row.activated_at_ms === null ? {} : { activatedAtMs: row.activated_at_ms }),
  ...(row.retired_at_ms === null ? {} : { retiredAtMs: row.retired_at_ms }),
  ...(row.revoked_at_ms === null ? {} : { revokedAtMs: row.revoked_at_ms }),
  ...(row.reason === null ? {} : { reason: row.reason }),
});
