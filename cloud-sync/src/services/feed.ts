// Publishes the feed: what gates need in order to decide alone. Every publication is a new version with a signed manifest; changed
// tickets travel as a delta, and as a new snapshot once the deltas outgrow it. Versions only rise, files never change.
import {
  err,
  manifestSchema,
  ok,
  signManifest,
  type AdmissionPolicy,
  type ChainHead,
  type Clock,
  type JobResult,
  type Logger,
  type Manifest,
  type Result,
  type Timer,
} from '@postern/shared';
import { readAcceptedHeads } from '../store/accepted-heads.ts';
import type { Database } from '../store/database.ts';
import type { Authority } from './authority.ts';
import { readEvent, type EventRecord } from './events.ts';
import type { FaceFeed } from './face-feed.ts';
import { contractOf, forgetOldContent, makeContent, namedFiles, type FeedRow } from './feed-content.ts';
import type { FeedFiles } from './feed-files.ts';
import type { WatchedWork } from './jobs/watched-work.ts';
import type { Keys } from './keys.ts';
import { readHeadFor } from './nft/feed-tokens.ts';
import type { Failure } from './problems.ts';
import { readPublicAddress } from './public-address.ts';

/** A manifest is good for this long; gates act on an expired one as the event's rules say. Signed anew after half of it. */
export const manifestLifetimeMs = 24 * 3_600_000;
/** A change is published this long after it, together with what else changed meanwhile. */
export const publishDelayMs = 1_000;
/** A change that a gate's question shows to be unpublished is published after this: whoever made it comes first, unless it has died. */
export const overlookedDelayMs = 10_000;
/** The chain is read all the time; where nothing else happens gates learn how far only this often. */
export const chainHeadEveryMs = 5 * 60_000;
/** Publications of several processes that may come first before ours fails. */
const attemptsMax = 20;

export interface Publication {
  readonly event: number;
  readonly version: number;
  readonly snapshotVersion: number;
  readonly deltas: number;
  readonly tickets: number;
  /** COSE_Sign1 bytes. */
  readonly manifest: Uint8Array;
}

export interface PublishOptions {
  readonly snapshot?: boolean;
  /** Versions left out: more than may have been published and forgotten. */
  readonly skipping?: number;
}

export interface Feed {
  /** Publishes what has changed; answers with the current version when nothing has. `snapshot` asks for a new snapshot anyway. */
  readonly publish: (event: number, options?: PublishOptions) => Promise<Result<Publication, Failure>>;
  /** Publishes every event that has a feed, at once: the keys have changed. Answers with those that have a new version. */
  readonly publishAll: (options?: PublishOptions) => Promise<readonly number[]>;
  /** The newest publication, made anew if rules or keys have changed or half of its life is over; `feed-unpublished` before the first. */
  readonly current: (event: number) => Promise<Result<Publication, Failure>>;
  readonly version: (event: number) => Promise<number>;
  /** Whose file this is. */
  readonly eventOfFile: (sha256: string) => Promise<number | undefined>;
  /** Tickets or rules have changed: publish soon, unless nothing was ever published. */
  readonly changed: (event: number) => void;
  /** Ends pending publications. */
  readonly stop: () => Promise<void>;
}

export interface FeedDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly keys: Keys;
  readonly authority: Authority;
  readonly files: FeedFiles;
  readonly faces: Pick<FaceFeed, 'referencesAt'>;
  readonly log: Logger;
  /** An event's rules with everything that is switched off for it. */
  readonly effectivePolicy: (policy: AdmissionPolicy) => Promise<AdmissionPolicy>;
  /** The cloud itself, as it is among the gates of every event. */
  readonly central: Manifest['gates'][number];
  /** A new version of this event is there. */
  readonly published: (event: number) => void;
  readonly note: WatchedWork['note'];
}

export function createFeed(deps: FeedDeps): Feed {
  const { database, clock, timer, log } = deps;
  /** Publications to come, by event. */
  const pending = new Map<number, { readonly dueMs: number; readonly cancel: () => void }>();
  /** Publications of one event follow each other. */
  const tails = new Map<number, Promise<unknown>>();

  const inTurn = <T>(event: number, work: () => Promise<T>): Promise<T> => {
    const result = (tails.get(event) ?? Promise.resolve()).then(work);
    const settled = result.catch(() => undefined);
    tails.set(event, settled);
    void settled.then(() => tails.get(event) === settled && tails.delete(event));
    return result;
  };

  const publish: Feed['publish'] = (event, options = {}) =>
    inTurn(event, async () => {
      pending.get(event)?.cancel();
      pending.delete(event);
      const startedAtMs = clock.wallMs();
      for (let attempt = 0; attempt < attemptsMax; attempt++) {
        const read = await readWithChain(database, event);
        if (read === undefined) return err({ type: 'event-unknown' });
        const { record } = read;
        const last = await newest(database, event);
        const isCurrent =
          last !== undefined &&
          last.revision === record.revision &&
          last.rules_revision === record.rulesRevision &&
          isFresh(last, clock.wallMs()) &&
          !(await isChainFarther(database, record, last));
        if (isCurrent && options.snapshot !== true) return ok(toPublication(last));
        const row = await publishNext(deps, read, last, options);
        // Another process has published meanwhile, whose content may be all that is wanted; or there is a newer revision.
        if (row === undefined) continue;
        await forgetOldContent(deps, row);
        deps.published(event);
        const published = toPublication(row);
        deps.note('feed-snapshots', event, startedAtMs, { result: describePublication(published) });
        return ok(published);
      }
      throw new Error(`event ${event}: other processes published first, ${attemptsMax} times`);
    });

  /** Unless it is going to be sooner anyway. */
  const publishAfter = (event: number, delayMs: number): void => {
    const dueMs = clock.monotonicMs() + delayMs;
    const waiting = pending.get(event);
    if (waiting !== undefined && waiting.dueMs <= dueMs) return;
    waiting?.cancel();
    const cancel = timer.after(delayMs, () => {
      pending.delete(event);
      void newest(database, event)
        .then((last) => (last === undefined ? undefined : publish(event)))
        .catch((cause: unknown) => {
          log.error({ event, cause: String(cause) }, 'publishing the feed failed');
          const detail = 'Publishing failed; the log says why. The next change, or a gate that asks, tries again.';
          deps.note('feed-snapshots', event, clock.wallMs(), { failure: { type: 'internal-error', detail } });
        });
    });
    pending.set(event, { dueMs, cancel });
  };

  return {
    publish,
    publishAll: async (options = {}) => {
      const events = await database.selectFrom('feed').select('event').distinct().orderBy('event').execute();
      const published: number[] = [];
      for (const { event } of events) {
        try {
          if ((await publish(event, options)).ok) published.push(event);
        } catch (cause) {
          // Another process publishes the same version. Whatever it was, a gate that asks gets the rules of now: `current` looks.
          log.error({ event, cause: String(cause) }, 'publishing the feed failed');
        }
      }
      return published;
    },
    current: async (event) => {
      const last = await newest(database, event);
      if (last === undefined) return err({ type: 'feed-unpublished' });
      const record = await readEvent(database, event);
      if (record === undefined) return err({ type: 'event-unknown' });
      if (hasChanged(record, last)) publishAfter(event, overlookedDelayMs);
      return isFresh(last, clock.wallMs()) && !(await isChainFarther(database, record, last))
        ? ok(toPublication(last))
        : publish(event);
    },
    version: async (event) => (await newest(database, event))?.version ?? 0,
    eventOfFile: async (sha256) =>
      (await database.selectFrom('feed_file').select('event').where('sha256', '=', sha256).executeTakeFirst())?.event,
    changed: (event) => publishAfter(event, publishDelayMs),
    stop: async () => {
      for (const { cancel } of pending.values()) cancel();
      pending.clear();
      await Promise.all(tails.values());
    },
  };
}

const describePublication = ({ version, snapshotVersion, deltas, tickets }: Publication): JobResult => ({
  counts: { version, deltas, tickets },
  summary:
    version === snapshotVersion
      ? `Published version ${version} as a snapshot of ${tickets} tickets.`
      : `Published version ${version}: ${deltas} deltas on the snapshot of version ${snapshotVersion}.`,
});

const newest = (database: Database, event: number): Promise<FeedRow | undefined> =>
  database
    .selectFrom('feed')
    .selectAll()
    .where('event', '=', event)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst();

/** Whether tickets or rules are not as this version shows them. */
const hasChanged = (now: EventRecord, { revision, rules_revision }: FeedRow): boolean =>
  now.revision !== revision || now.rulesRevision !== rules_revision;

/** Whether owners of tokens are known much farther than this version says. */
async function isChainFarther(database: Database, { policy }: EventRecord, { files }: FeedRow): Promise<boolean> {
  if (policy.nft === undefined) return false;
  const head = await readHeadFor(database, policy);
  const told = toldChainSchema.parse(JSON.parse(files)).chain;
  return head !== undefined && (told === undefined || head.atMs >= told.atMs + chainHeadEveryMs);
}

const isFresh = (row: FeedRow, nowMs: number): boolean =>
  nowMs < row.created_at_ms + (row.expires_at_ms - row.created_at_ms) / 2;

/** Of what is kept of a version. */
const toldChainSchema = manifestSchema.pick({ chain: true });

function toPublication(row: FeedRow): Publication {
  const files = namedFiles(row);
  return {
    event: row.event,
    version: row.version,
    snapshotVersion: files.snapshot.version,
    deltas: files.deltas.length,
    tickets: files.snapshot.tickets,
    manifest: new Uint8Array(row.manifest),
  };
}

interface EventOnChain {
  readonly record: EventRecord;
  /** What was read of the chain by then has raised the event's revision before: the other way round its owners might be missing. */
  readonly chain: ChainHead | undefined;
}

async function readWithChain(database: Database, event: number): Promise<EventOnChain | undefined> {
  for (let before = await readEvent(database, event); before !== undefined;) {
    const chain = await readHeadFor(database, before.policy);
    const record = chain === undefined ? before : await readEvent(database, event);
    // With other rules it may be another chain.
    if (record?.rulesRevision === before.rulesRevision) return { record, chain };
    before = record;
  }
  return undefined;
}

/** Undefined when another process has published this version first, or a face has ended meanwhile. */
async function publishNext(
  deps: FeedDeps,
  { record, chain }: EventOnChain,
  last: FeedRow | undefined,
  { snapshot = false, skipping = 0 }: PublishOptions,
): Promise<FeedRow | undefined> {
  const { database, clock } = deps;
  // Read after the event's revisions: a version that claims a revision says what the keys were at least then.
  const keys = await deps.keys.refresh();
  const version = (last?.version ?? 0) + 1 + skipping;
  const nowMs = clock.wallMs();
  const policy = await deps.effectivePolicy(record.policy);
  const faces = policy.face === undefined ? undefined : await deps.faces.referencesAt(record.id, record.rulesRevision);
  if (faces === 'gone') return undefined;
  const told = chain === undefined ? {} : { chain };
  const cloud = await readPublicAddress(database);
  const content = await makeContent(deps, record, last, version, snapshot);
  const files = { ...content.files, ...(faces === undefined ? {} : { faces }) };
  const manifest: Manifest = {
    v: 1,
    event: record.id,
    version,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + manifestLifetimeMs,
    policy,
    codeHashKey: record.codeHashKey,
    ...told,
    ...files,
    keys: [...keys.published],
    gates: [...(await listGates(database, record.id)), deps.central],
    revokedGates: await listRevokedGates(database, record.id),
    ca: deps.authority.certificate,
    staff: await listStaff(database, record.id),
    ...(cloud === undefined ? {} : { cloud }),
  };
  return database
    .insertInto('feed')
    .values({
      event: record.id,
      version,
      revision: record.revision,
      rules_revision: record.rulesRevision,
      files: JSON.stringify({ ...files, ...told, contract: contractOf(record) }),
      delta_rows: content.deltaRows,
      manifest: Buffer.from(signManifest(manifest, keys.feed, keys.announcements)),
      created_at_ms: manifest.createdAtMs,
      expires_at_ms: manifest.expiresAtMs,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
}

async function listGates(database: Database, event: number): Promise<Manifest['gates']> {
  const rows = await database
    .selectFrom('gate')
    .selectAll()
    .where('event', '=', event)
    .where('revoked_at_ms', 'is', null)
    .orderBy('id')
    .execute();
  const declared = await database.selectFrom('gate_lost').select('gate').where('event', '=', event).execute();
  const lost = new Set(declared.map(({ gate }) => gate));
  return rows.flatMap((row) =>
    row.public_key === null || row.certificate === null
      ? []
      : [
          {
            id: row.id,
            name: row.name,
            zone: row.zone,
            publicKey: row.public_key,
            certificate: row.certificate,
            ...(row.address === null ? {} : { address: row.address }),
            ...(lost.has(row.id) ? { lost: true } : {}),
          },
        ],
  );
}

async function listRevokedGates(database: Database, event: number): Promise<NonNullable<Manifest['revokedGates']>> {
  const rows = await database
    .selectFrom('gate')
    .select(['id', 'name', 'public_key'])
    .where('event', '=', event)
    .where('revoked_at_ms', 'is not', null)
    .where('public_key', 'is not', null)
    .orderBy('id')
    .execute();
  const revoked: NonNullable<Manifest['revokedGates']> = [];
  for (const { id, name, public_key: publicKey } of rows)
    revoked.push({ id, name, publicKey: publicKey ?? '', heads: await readAcceptedHeads(database, event, id) });
  return revoked;
}

async function listStaff(database: Database, event: number): Promise<Manifest['staff']> {
  const rows = await database.selectFrom('staff').selectAll().where('event', '=', event).orderBy('operator').execute();
  return rows.map((row) => ({
    operator: row.operator,
    role: row.role === 'supervisor' ? 'supervisor' : 'steward',
    salt: row.salt,
    pinHash: row.pin_hash,
    ...(row.code_hash === null ? {} : { codeHash: row.code_hash }),
  }));
}
