// What the tables say, in the words of the API and the live page: counts, gates, cases, the story of one ticket. Only reads.
import {
  compareMarks,
  err,
  isProvisional,
  ok,
  type Clock,
  type Coverage,
  type GateView,
  type LiveEntry,
  type LiveState,
  type LostGate,
  type Mark,
  type MarkView,
  type ReplicaStore,
  type Result,
  type Summary,
  type TicketHistory,
} from '@postern/shared';
import type { Selectable } from 'kysely';
import type { Database } from '../store/database.ts';
import { readMark } from '../store/mark-rows.ts';
import type { Schema } from '../store/schema.ts';
import type { Cases } from './cases.ts';
import type { CoverageService } from './coverage.ts';
import { readEvent } from './events.ts';
import type { Failure } from './problems.ts';
import { foldTickets } from './stories.ts';
import { rowView } from './ticket-views.ts';

/** A gate that has not called for this long is shown as silent. */
export const silentAfterMs = 60_000;
const lastEntriesMax = 20;
const casesMax = 500;
const historyMarksMax = 2_000;

export interface Reports {
  readonly summary: (event: number) => Promise<Result<Summary, Failure>>;
  readonly gates: (event: number) => Promise<readonly GateView[]>;
  readonly history: (ticketId: string) => Promise<Result<TicketHistory, Failure>>;
  /** Everything on the live page. */
  readonly live: (event: number) => Promise<Result<LiveState, Failure>>;
}

export interface ReportsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly replica: ReplicaStore;
  readonly coverage: CoverageService;
  readonly cases: Cases;
  readonly feedVersion: (event: number) => Promise<number>;
}

export function createReports({ database, clock, replica, coverage, cases, feedVersion }: ReportsDeps): Reports {
  const counts = async (
    event: number,
  ): Promise<Pick<Summary, 'admitted' | 'refused' | 'marks' | 'cases' | 'aside'>> => {
    const entries = await database
      .selectFrom('entry')
      .select(({ fn }) => fn.sum<number | null>('persons').as('sum'))
      .where('event', '=', event)
      .executeTakeFirstOrThrow();
    const refusals = await database
      .selectFrom('mark')
      .select(({ fn }) => fn.sum<number | null>('count').as('sum'))
      .where('event', '=', event)
      .where('kind', '=', 'refused')
      .executeTakeFirstOrThrow();
    const marks = await database
      .selectFrom('mark')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('event', '=', event)
      .executeTakeFirstOrThrow();
    const cases = await database
      .selectFrom('case')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('event', '=', event)
      .where('state', '=', 'open')
      .executeTakeFirstOrThrow();
    const quarantine = await database
      .selectFrom('quarantine')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('event', '=', event)
      .where('released_at_ms', 'is', null)
      .executeTakeFirstOrThrow();
    return {
      admitted: entries.sum ?? 0,
      refused: refusals.sum ?? 0,
      marks: marks.count,
      cases: cases.count,
      aside: quarantine.count,
    };
  };

  const gates = async (event: number, known?: Coverage): Promise<readonly GateView[]> => {
    const covered = known ?? (await coverage.read(event));
    const lost = await coverage.lost(event);
    const rows = await database.selectFrom('gate').selectAll().where('event', '=', event).orderBy('id').execute();
    const throughByGate = new Map(covered.gates.map(({ gate, throughMs }) => [gate, throughMs]));
    const entries = await database
      .selectFrom('entry')
      .select(['gate', ({ fn }) => fn.sum<number>('persons').as('persons')])
      .where('event', '=', event)
      .groupBy('gate')
      .execute();
    const personsByGate = new Map(entries.map((row) => [row.gate, row.persons]));
    return rows.map((row) =>
      toGateView(row, {
        // Nothing heard of it is no time that it has signed.
        throughMs: throughByGate.get(row.id) === 0 ? undefined : throughByGate.get(row.id),
        entries: personsByGate.get(row.id) ?? 0,
        nowMs: clock.wallMs(),
        lost: lost.get(row.id),
      }),
    );
  };

  return {
    summary: async (event) => {
      if ((await readEvent(database, event)) === undefined) return err({ type: 'event-unknown' });
      const { completeUpToMs } = await coverage.read(event);
      return ok({
        event,
        ...(await counts(event)),
        ...(completeUpToMs === undefined ? {} : { completeUpToMs }),
        historyHash: await replica.contentHash(event),
        feedVersion: await feedVersion(event),
        atMs: clock.wallMs(),
      });
    },
    gates,

    history: async (ticketId) => {
      const row = await database.selectFrom('ticket').selectAll().where('id', '=', ticketId).executeTakeFirst();
      const event =
        row?.event ??
        (await database.selectFrom('mark').select('event').where('ticket', '=', ticketId).executeTakeFirst())?.event;
      const policy = event === undefined ? undefined : (await readEvent(database, event))?.policy;
      if (event === undefined || policy === undefined) return err({ type: 'ticket-unknown' });
      const history = (await foldTickets(database, policy, [ticketId])).get(ticketId);
      const rows = await database
        .selectFrom('mark')
        .select(['event', 'gate', 'boot', 'bytes'])
        .where('event', '=', event)
        .where('ticket', '=', ticketId)
        .orderBy('at_ms')
        .limit(historyMarksMax)
        .execute();
      const marks = rows.flatMap((stored) => readMark(stored) ?? []).toSorted(compareMarks);
      return ok({
        ticket: row === undefined ? { id: ticketId, event } : publicTicket(row),
        usesSpent: history?.usesSpent ?? 0,
        inside: history?.inside ?? 0,
        marks: marks.map(toMarkView),
        cases: [...(await cases.ofTicket(event, ticketId))],
      });
    },

    live: async (event) => {
      const record = await readEvent(database, event);
      if (record === undefined) return err({ type: 'event-unknown' });
      const covered = await coverage.read(event);
      const rows = await database
        .selectFrom('entry')
        .selectAll()
        .where('event', '=', event)
        .orderBy('at_ms', 'desc')
        .limit(lastEntriesMax)
        .execute();
      return ok({
        event,
        name: record.policy.name,
        timeZone: record.policy.timeZone,
        atMs: clock.wallMs(),
        feedVersion: await feedVersion(event),
        ...(await counts(event)),
        ...(covered.completeUpToMs === undefined ? {} : { completeUpToMs: covered.completeUpToMs }),
        gates: [...(await gates(event, covered))],
        entries: rows.map((row): LiveEntry => ({
          ticket: row.ticket,
          gate: row.gate,
          lane: row.lane,
          kind: row.kind,
          atMs: row.at_ms,
          uncertaintyMs: row.uncertainty_ms,
          persons: row.persons,
          provisional: isProvisional(covered, row.at_ms),
        })),
        openCases: [...(await cases.open(event, covered, casesMax))],
      });
    },
  };
}

interface KnownOfGate {
  readonly throughMs: number | undefined;
  readonly entries: number;
  readonly nowMs: number;
  readonly lost: LostGate | undefined;
}

function toGateView(row: Selectable<Schema['gate']>, { throughMs, entries, nowMs, lost }: KnownOfGate): GateView {
  const enrolled = row.enrolled_at_ms !== null;
  return {
    id: row.id,
    name: row.name,
    zone: row.zone,
    enrolled,
    state:
      !enrolled || row.last_contact_ms === null
        ? 'never'
        : nowMs - row.last_contact_ms > silentAfterMs
          ? 'silent'
          : 'ok',
    ...(row.last_contact_ms === null ? {} : { lastContactMs: row.last_contact_ms }),
    ...(throughMs === undefined ? {} : { throughMs }),
    ...(lost === undefined ? {} : { lost }),
    ...(row.feed_version === null ? {} : { feedVersion: row.feed_version }),
    entries,
    ...(row.revoked_at_ms === null ? {} : { revokedAtMs: row.revoked_at_ms }),
  };
}

function publicTicket(row: Selectable<Schema['ticket']>): TicketHistory['ticket'] {
  const { version: _version, ...ticket } = rowView(row);
  return ticket;
}

const toMarkView = (mark: Mark): MarkView => ({
  kind: mark.kind,
  event: mark.event,
  gate: mark.gate,
  boot: mark.boot,
  sequence: mark.sequence,
  lane: mark.lane,
  atMs: mark.at.ms,
  uncertaintyMs: mark.clock.uncertaintyMs,
  clockSource: mark.clock.source,
  ...('ticketId' in mark ? { ticket: mark.ticketId, epoch: mark.epoch, method: mark.method } : {}),
  ...('uses' in mark ? { persons: mark.uses } : {}),
  ...('code' in mark ? { code: mark.code } : {}),
  ...('outOfTouch' in mark ? { outOfTouch: mark.outOfTouch } : {}),
  ...(mark.operator === undefined ? {} : { operator: mark.operator }),
  ...('reason' in mark && mark.reason !== undefined ? { reason: mark.reason } : {}),
  ...('approved' in mark && mark.approved !== undefined ? { approved: mark.approved } : {}),
  ...(mark.kind === 'prechecked'
    ? {
        zone: mark.zone,
        untilMs: mark.untilS * 1_000,
        ...(mark.forGate === undefined ? {} : { forGate: mark.forGate }),
      }
    : {}),
  ...('of' in mark ? { of: { gate: mark.gate, ...mark.of } } : {}),
});
