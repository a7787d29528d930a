// What was put aside: chunks that contradict what is known, that are no segments, or that lie beyond what is accepted of a revoked gate.
// A person looks at them, and may let those of a revoked gate into the history after all: that raises its accepted heads.
import {
  acceptedHeadOf,
  acceptedHeadsMax,
  acceptedHeadsPerGateMax,
  decodeChunk,
  err,
  ok,
  type Clock,
  type GateDirectory,
  type Ingest,
  type Ledger,
  type Logger,
  type QuarantinePage,
  type QuarantineQuery,
  type QuarantinedChunk,
  type ReleaseResponse,
  type ReplicaStore,
  type Result,
  type SegmentState,
  type SignedChunk,
} from '@postern/shared';
import type { Selectable } from 'kysely';
import { z } from 'zod';
import { countAcceptedHeads, readAcceptedHeads } from '../store/accepted-heads.ts';
import type { Database, Queries } from '../store/database.ts';
import { gateHistoryLock, inTransaction } from '../store/locks.ts';
import type { Schema } from '../store/schema.ts';
import { systemActor, type Audit, type EntryOf } from './audit.ts';
import { cursorText, readPage } from './cursor.ts';
import { raiseRulesRevision, readEvent } from './events.ts';
import type { Failure } from './problems.ts';

export interface Quarantine {
  /** The latest first. */
  readonly list: (event: number, query: QuarantineQuery) => Promise<Result<QuarantinePage, Failure>>;
  /** Accepts a chunk of a revoked gate, with those before it that it needs; the gates hear of it with the next feed. */
  readonly release: (event: number, chunk: string, entry?: EntryOf) => Promise<Result<ReleaseResponse, Failure>>;
}

export interface QuarantineDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly audit: Pick<Audit, 'record'>;
  readonly ledger: Pick<Ledger, 'check'>;
  readonly replica: Pick<ReplicaStore, 'segment'>;
  readonly directory: GateDirectory;
  readonly ingest: Pick<Ingest, 'chunk'>;
  /** Gates of an event, or its history, have changed. */
  readonly changed: (event: number) => void;
}

type Row = Selectable<Schema['quarantine']>;
const keySchema = z.tuple([z.number().int(), cursorText]);
type Key = z.infer<typeof keySchema>;

const systemEntry: EntryOf = (addition) => ({ action: 'chunk-released', actor: systemActor, ...addition });
/** `reason` of what was put aside only because its gate is revoked. */
const ofRevokedGate = 'gate-revoked:%';

export function createQuarantine(deps: QuarantineDeps): Quarantine {
  const { database, clock, log, audit, ingest, changed } = deps;

  const find = (event: number, id: string): Promise<Row | undefined> =>
    database
      .selectFrom('quarantine')
      .selectAll()
      .where('event', '=', event)
      .where('sha256', '=', id)
      .limit(1)
      .executeTakeFirst();

  /** Those of the same writer that were put aside too, up to and including this one, in the order in which they follow each other. */
  const upTo = async (target: SignedChunk): Promise<readonly SignedChunk[]> => {
    const { event, gate, boot, segment, count } = target.head;
    const rows = await database
      .selectFrom('quarantine')
      .select('bytes')
      .where((where) => where.and({ event, gate, boot }))
      .where('released_at_ms', 'is', null)
      .where('reason', 'like', ofRevokedGate)
      .execute();
    return rows
      .flatMap(({ bytes }) => readChunk(bytes) ?? [])
      .filter(({ head }) => head.segment < segment || (head.segment === segment && head.count <= count))
      .toSorted((a, b) => a.head.segment - b.head.segment || a.head.count - b.head.count || a.head.from - b.head.from);
  };

  return {
    list: async (event, query) => {
      if ((await readEvent(database, event)) === undefined) return err({ type: 'event-unknown' });
      let select = database.selectFrom('quarantine').selectAll().where('event', '=', event);
      if (query.gate !== undefined) select = select.where('gate', '=', query.gate);
      const page = await readPage({
        name: 'quarantine',
        query: { ...query, event },
        key: keySchema,
        read: (after, limit) =>
          (after === undefined
            ? select
            : select.where((where) => where(where.refTuple('received_at_ms', 'sha256'), '<', where.tuple(...after)))
          )
            .orderBy('received_at_ms', 'desc')
            .orderBy('sha256', 'desc')
            .limit(limit)
            .execute(),
        keyOf: (row): Key => [row.received_at_ms, row.sha256],
      });
      if (!page.ok) return page;
      const { rows, ...rest } = page.value;
      return ok({ chunks: rows.map(toView), ...rest });
    },

    release: async (event, id, entry = systemEntry) => {
      const row = await find(event, id);
      const target = row === undefined ? undefined : readChunk(row.bytes);
      if (row === undefined || target === undefined) return err({ type: 'chunk-unknown' });
      if (row.released_at_ms !== null) return err({ type: 'chunk-released' });
      const following = await chooseFollowing(deps, target, await upTo(target));
      if (!following.some((chunk) => sameEnd(chunk, target)))
        return err({
          type: 'chunk-not-releasable',
          detail: `Only what follows from what is accepted of a revoked gate can be. It was put aside for: ${row.reason}`,
        });
      const { gate, boot } = row;
      const { segment, count } = target.head;
      const raised = await inTransaction(
        database,
        gateHistoryLock(event, gate),
        async (queries): Promise<Result<void, Failure>> => {
          if (!(await raiseHeads(queries, event, gate, following)))
            return err({ type: 'chunk-not-releasable', detail: 'Gates can take no more accepted heads.' });
          await queries
            .updateTable('quarantine')
            .set({ released_at_ms: clock.wallMs() })
            .where((where) => where.and({ event, gate, boot, sha256: id }))
            .execute();
          await raiseRulesRevision(queries, event);
          await audit.record(queries, entry({ subject: id, details: { gate, boot, segment, count } }));
          return ok(undefined);
        },
      );
      if (!raised.ok) return raised;
      let marks = 0;
      for (const chunk of following) {
        const taken = await ingest.chunk(chunk, 'quarantine');
        if (taken.ok) marks += taken.value.marks;
        else if (taken.error.type !== 'gap')
          log.error({ event, gate, cause: taken.error.type }, 'a released chunk did not come in');
      }
      changed(event);
      return ok({ marks });
    },
  };
}

/** Those of `chunks` that go on from what is held, one after the other; `target` is the last one where all before it are there. */
async function chooseFollowing(
  { ledger, replica, directory }: QuarantineDeps,
  target: SignedChunk,
  chunks: readonly SignedChunk[],
): Promise<readonly SignedChunk[]> {
  const key = await directory.gateKey(target.head.event, target.head.gate);
  if (key?.state !== 'revoked') return [];
  const states = new Map<number, SegmentState | undefined>();
  const stateOf = async (segment: number): Promise<SegmentState | undefined> => {
    if (!states.has(segment)) states.set(segment, await replica.segment({ ...target.head, segment }));
    return states.get(segment);
  };
  const following: SignedChunk[] = [];
  for (const chunk of chunks) {
    const { segment, firstSequence } = chunk.head;
    const known = await stateOf(segment);
    const previous = segment === 0 ? undefined : await stateOf(segment - 1);
    const begins = segment === 0 ? 1 : previous === undefined ? undefined : previous.firstSequence + previous.count;
    const checked = ledger.check(chunk, key.publicKey, known);
    if (!checked.ok || checked.value.stale || (known === undefined && firstSequence !== begins)) continue;
    following.push(chunk);
    states.set(segment, checked.value.state);
  }
  return following;
}

/** False when gates could not take so many. */
async function raiseHeads(
  queries: Queries,
  event: number,
  gate: string,
  chunks: readonly SignedChunk[],
): Promise<boolean> {
  const before = await readAcceptedHeads(queries, event, gate);
  const ends = [...new Map(chunks.map(({ head }) => [head.segment, head])).values()].filter(
    (head) => head.count >= (acceptedHeadOf(before, head)?.count ?? 0),
  );
  const added = ends.filter((head) => acceptedHeadOf(before, head) === undefined).length;
  const ofAll = await countAcceptedHeads(queries, event);
  if (ofAll + added > acceptedHeadsMax || before.length + added > acceptedHeadsPerGateMax) return false;
  for (const { boot, segment, count, hash } of ends)
    await queries
      .insertInto('accepted_head')
      .values({ event, gate, boot, segment, count, hash })
      .onConflict((conflict) => conflict.columns(['event', 'gate', 'boot', 'segment']).doUpdateSet({ count, hash }))
      .execute();
  return true;
}

const sameEnd = (a: SignedChunk, b: SignedChunk): boolean =>
  a.head.segment === b.head.segment && a.head.count === b.head.count && a.head.hash === b.head.hash;

function readChunk(bytes: Uint8Array): SignedChunk | undefined {
  const chunk = decodeChunk(new Uint8Array(bytes));
  return chunk.ok ? chunk.value : undefined;
}

function toView(row: Row): QuarantinedChunk {
  const head = readChunk(row.bytes)?.head;
  return {
    id: row.sha256,
    gate: row.gate,
    boot: row.boot,
    segment: head?.segment ?? 0,
    firstSequence: (head?.firstSequence ?? 1) + (head?.from ?? 0),
    marks: (head?.count ?? 0) - (head?.from ?? 0),
    reason: row.reason,
    from: row.sender,
    receivedAtMs: row.received_at_ms,
    ...(row.released_at_ms === null ? {} : { releasedAtMs: row.released_at_ms }),
  };
}
