// Revokes gates. What had come in of a gate up to that moment stays; the accepted heads say so to every gate with the next feed, and
// everything else of it is put aside wherever it turns up.
import {
  acceptedHeadsMax,
  acceptedHeadsPerGateMax,
  err,
  ok,
  type AcceptedHead,
  type Clock,
  type Ingest,
  type Logger,
  type Result,
  type RevokeGateResponse,
  type WriterId,
} from '@postern/shared';
import { countAcceptedHeads } from '../store/accepted-heads.ts';
import type { Database, Queries } from '../store/database.ts';
import { gateHistoryLock, gateLock, inTransaction, lockAlone } from '../store/locks.ts';
import { systemActor, type Audit, type AuditRecord, type EntryOf } from './audit.ts';
import { raiseRulesRevision } from './events.ts';
import type { Failure } from './problems.ts';

export interface Revocations {
  /**
   * At every event at which the gate stands and whoever asks may revoke gates, or at none: it is the device that is not to be believed
   * any more.
   */
  readonly revoke: (
    event: number,
    gate: string,
    reason: string,
    mayRevokeAt: (event: number) => boolean,
    entry?: EntryOf,
  ) => Promise<Result<RevokeGateResponse, Failure>>;
  /** At those of these events where it stands, as the last thing in a transaction that has the gate's lock. */
  readonly revokeWithin: (
    queries: Queries,
    gate: string,
    events: readonly number[],
    reason: string,
    entry?: EntryOf,
  ) => Promise<RevokedWithin>;
}

export interface RevokedWithin {
  readonly revoked: readonly RevokeGateResponse[];
  /** What follows once the transaction is committed. */
  readonly committed: () => Promise<void>;
}

export interface RevocationsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly audit: Pick<Audit, 'record'>;
  readonly ingest: Pick<Ingest, 'revise'>;
  /** Removes marks of a writer after `sequence`, with all that followed from them. */
  readonly forgetAfter: (queries: Queries, writer: WriterId, sequence: number) => Promise<number>;
  /** Gates of an event, or its history, have changed. */
  readonly changed: (event: number) => void;
}

const systemEntry: EntryOf = (addition) => ({ action: 'gate-revoked', actor: systemActor, ...addition });

export function createRevocations(deps: RevocationsDeps): Revocations {
  const { database, clock, log, audit, ingest, changed } = deps;

  const revokeAt = async (
    queries: Queries,
    event: number,
    gate: string,
    reason: string,
  ): Promise<RevokeGateResponse | undefined> => {
    const revokedAtMs = clock.wallMs();
    const row = await queries
      .updateTable('gate')
      .set({ revoked_at_ms: revokedAtMs, revoked_reason: reason })
      .where('event', '=', event)
      .where('id', '=', gate)
      .where('revoked_at_ms', 'is', null)
      .returning('id')
      .executeTakeFirst();
    if (row === undefined) return undefined;
    const heads = await acceptAll(deps, queries, event, gate);
    await raiseRulesRevision(queries, event);
    return { event, gate, revokedAtMs, marks: heads.reduce((sum, head) => sum + head.count, 0) };
  };

  const revokeWithin: Revocations['revokeWithin'] = async (queries, gate, events, reason, entry = systemEntry) => {
    // All before anything else is written: whoever stores marks at one of them never waits for what we have while we wait for it.
    for (const event of events) await lockAlone(queries, gateHistoryLock(event, gate));
    await queries.deleteFrom('enrolment').where('gate', '=', gate).where('used_at_ms', 'is', null).execute();
    const revoked: RevokeGateResponse[] = [];
    for (const event of events) {
      const at = await revokeAt(queries, event, gate, reason);
      if (at !== undefined) revoked.push(at);
    }
    await audit.record(
      queries,
      revoked.map(({ event, marks }): AuditRecord => entry({ event, details: { why: reason, marks } })),
    );
    return {
      revoked,
      committed: async () => {
        for (const { event } of revoked) {
          log.warn({ event, gate, reason }, 'a gate has been revoked');
          await ingest.revise(event, gate);
          changed(event);
        }
      },
    };
  };

  return {
    revokeWithin,
    revoke: async (event, gate, reason, mayRevokeAt, entry) => {
      const done = await inTransaction(
        database,
        gateLock(gate),
        async (queries): Promise<Result<RevokedWithin, Failure>> => {
          const rows = await queries
            .selectFrom('gate')
            .select(['event', 'revoked_at_ms'])
            .where('id', '=', gate)
            .orderBy('event')
            .execute();
          const own = rows.find((at) => at.event === event);
          if (own === undefined) return err({ type: 'gate-unknown' });
          if (own.revoked_at_ms !== null) return err({ type: 'gate-revoked' });
          const at = rows.map((row) => row.event).filter((other) => other === event || mayRevokeAt(other));
          return ok(await revokeWithin(queries, gate, at, reason, entry));
        },
      );
      if (!done.ok) return done;
      await done.value.committed();
      const here = done.value.revoked.find((at) => at.event === event);
      return here === undefined ? err({ type: 'gate-revoked' }) : ok(here);
    },
  };
}

/** The heads of everything that has come in of a gate; marks that came in without their segment's head go. */
async function acceptAll(
  { forgetAfter }: RevocationsDeps,
  queries: Queries,
  event: number,
  gate: string,
): Promise<readonly AcceptedHead[]> {
  const states = await queries
    .selectFrom('segment')
    .select(['boot', 'segment', 'first_sequence', 'count', 'hash'])
    .where((where) => where.and({ event, gate }))
    .execute();
  const room = Math.min(acceptedHeadsPerGateMax, acceptedHeadsMax - (await countAcceptedHeads(queries, event)));
  const marksByBoot = new Map<string, number>();
  for (const { boot, count } of states) marksByBoot.set(boot, (marksByBoot.get(boot) ?? 0) + count);
  // Should there be too many, the starts with the most marks come first, and of each its first segments.
  const heads = states
    .toSorted(
      (a, b) =>
        (marksByBoot.get(b.boot) ?? 0) - (marksByBoot.get(a.boot) ?? 0) ||
        (a.boot < b.boot ? -1 : a.boot > b.boot ? 1 : a.segment - b.segment),
    )
    .slice(0, Math.max(0, room));
  for (const { boot, segment, count, hash } of heads)
    await queries.insertInto('accepted_head').values({ event, gate, boot, segment, count, hash }).execute();
  const ends = await queries
    .selectFrom('mark')
    .select(['boot', ({ fn }) => fn.max<number>('sequence').as('last')])
    .where((where) => where.and({ event, gate }))
    .groupBy('boot')
    .execute();
  for (const { boot, last } of ends) {
    const known = Math.max(
      0,
      ...states.filter((state) => state.boot === boot).map((state) => state.first_sequence + state.count - 1),
    );
    if (last > known) await forgetAfter(queries, { event, gate, boot }, known);
  }
  return heads;
}
