// What the tables say, in the words of the API and the live page: counts, gates, cases, the story of one ticket. Only reads.
import {
  compareHybrid,
  compareMarks,
  entryViewSchema,
  err,
  ok,
  type CaseView,
  type Clock,
  type GateView,
  type LiveEntry,
  type LiveState,
  type Mark,
  type MarkView,
  type ReplicaStore,
  type Result,
  type SegmentState,
  type Summary,
  type TicketHistory,
} from '@postern/shared';
import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { Database } from '../store/database.ts';
import { readMark } from '../store/mark-rows.ts';
import type { Schema } from '../store/schema.ts';
import { caseText } from './case-text.ts';
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
  /** Open cases, the latest use first. */
  readonly cases: (event: number) => Promise<readonly CaseView[]>;
  readonly history: (ticketId: string) => Promise<Result<TicketHistory, Failure>>;
  /** Everything on the live page. */
  readonly live: (event: number) => Promise<Result<LiveState, Failure>>;
}

export interface ReportsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly replica: ReplicaStore;
  readonly feedVersion: (event: number) => Promise<number>;
}

const caseEntriesSchema = z.object({ fitting: entryViewSchema.array(), misfits: entryViewSchema.array() });

export function createReports({ database, clock, replica, feedVersion }: ReportsDeps): Reports {
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

  const gates = async (event: number): Promise<readonly GateView[]> => {
    const rows = await database.selectFrom('gate').selectAll().where('event', '=', event).orderBy('id').execute();
    const throughByGate = coverage(await replica.frontier(event));
    const entries = await database
      .selectFrom('entry')
      .select(['gate', ({ fn }) => fn.sum<number>('persons').as('persons')])
      .where('event', '=', event)
      .groupBy('gate')
      .execute();
    const personsByGate = new Map(entries.map((row) => [row.gate, row.persons]));
    return rows.map((row) =>
      toGateView(row, throughByGate.get(row.id), personsByGate.get(row.id) ?? 0, clock.wallMs()),
    );
  };

  const readCases = async (event: number, ticket?: string): Promise<readonly CaseView[]> => {
    const policy = (await readEvent(database, event))?.policy;
    const rows = await database
      .selectFrom('case')
      .selectAll()
      .where('event', '=', event)
      .where('state', '=', 'open')
      .$if(ticket !== undefined, (query) => query.where('ticket', '=', ticket ?? ''))
      .orderBy('last_at_ms', 'desc')
      .limit(casesMax)
      .execute();
    const gateViews = rows.length === 0 ? [] : await gates(event);
    const namesByGate = new Map(gateViews.map((gate) => [gate.id, gate.name]));
    return rows.map((row) => {
      const entries = caseEntriesSchema.parse(JSON.parse(row.entries));
      const found = {
        id: row.id,
        event,
        ticket: row.ticket,
        day: row.day,
        ...entries,
        orderUncertain: row.order_uncertain === 1,
        gatesNotHeard: gateViews
          .filter((gate) => gate.enrolled && gate.revokedAtMs === undefined && (gate.throughMs ?? 0) < row.last_at_ms)
          .map((gate) => gate.id),
      };
      return { ...found, text: caseText(found, namesByGate, policy?.timeZone ?? 'UTC') };
    });
  };

  return {
    summary: async (event) => {
      if ((await readEvent(database, event)) === undefined) return err({ type: 'event-unknown' });
      return ok({
        event,
        ...(await counts(event)),
        historyHash: await replica.contentHash(event),
        feedVersion: await feedVersion(event),
        atMs: clock.wallMs(),
      });
    },
    gates,
    cases: (event) => readCases(event),

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
        cases: [...(await readCases(event, ticketId))],
      });
    },

    live: async (event) => {
      const record = await readEvent(database, event);
      if (record === undefined) return err({ type: 'event-unknown' });
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
        gates: [...(await gates(event))],
        entries: rows.map((row): LiveEntry => ({
          ticket: row.ticket,
          gate: row.gate,
          lane: row.lane,
          kind: row.kind,
          atMs: row.at_ms,
          uncertaintyMs: row.uncertainty_ms,
          persons: row.persons,
        })),
        openCases: [...(await readCases(event))],
      });
    },
  };
}

/** Up to when everything that each gate did is known. An older process start counts as long as its last segment is open. */
export function coverage(frontier: readonly SegmentState[]): ReadonlyMap<string, number> {
  const byGate = new Map<string, SegmentState[]>();
  for (const state of frontier) byGate.set(state.gate, [...(byGate.get(state.gate) ?? []), state]);
  return new Map(
    [...byGate].map(([gate, states]) => {
      const [latest, ...older] = states.toSorted((a, b) => compareHybrid(b.through, a.through));
      return [
        gate,
        Math.min(latest?.through.ms ?? 0, ...older.filter((state) => !state.closed).map((state) => state.through.ms)),
      ];
    }),
  );
}

function toGateView(
  row: Selectable<Schema['gate']>,
  throughMs: number | undefined,
  entries: number,
  nowMs: number,
): GateView {
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
  ...('of' in mark ? { of: { gate: mark.gate, ...mark.of } } : {}),
});
