// What the operator's dashboard costs the cloud at a large event: one live state of 200 gates and a million marks beside a bare count of the
// same marks, its size, and a search beside the bare look-up in the same index.
import { encodeMark, eventRequestSchema, ready, ticketQuerySchema, type GateVitals, type Mark } from '@postern/shared';
import { sql } from 'kysely';
import type { Cloud } from '../../cloud-sync/src/main.ts';
import { createCases } from '../../cloud-sync/src/services/cases.ts';
import { createRollCalls } from '../../cloud-sync/src/services/central-roll-call.ts';
import { createCoverage } from '../../cloud-sync/src/services/coverage.ts';
import { createGateViews } from '../../cloud-sync/src/services/gate-views.ts';
import { createReadLive, type ReadLive } from '../../cloud-sync/src/services/live.ts';
import { countEntriesByGate } from '../../cloud-sync/src/services/live-figures.ts';
import { createRehearsals } from '../../cloud-sync/src/services/rehearsals.ts';
import { createTicketStory } from '../../cloud-sync/src/services/ticket-story.ts';
import type { Database, Queries } from '../../cloud-sync/src/store/database.ts';
import { insertRows } from '../../cloud-sync/src/store/insert-rows.ts';
import { createSystem } from '../../cloud-sync/src/system.ts';
import { withDatabase } from '../lib/cloud-database.ts';
import { benchEvent, openBenchCloud, withDatabases, type BenchDatabases, type DatabaseKind } from './cloud-rig.ts';
import { benchRow, type Bench, type BenchRow } from './row.ts';

const gates = 200;
const zones = Array.from({ length: 12 }, (_, index) => ({
  id: `zone-${index}`,
  name: `Zone ${index}`,
  capacity: 20_000,
}));
const rowsPerTransaction = 20_000;
/** All of it happened within so long: the whole of it is in the series. */
const spanMs = 3 * 3_600_000;
const rounds = 15;
const boot = '0011223344556677';

export const benchDashboard: Bench = ({ quick }) =>
  withDatabases(async (databases) => {
    await ready;
    const rows: BenchRow[] = [];
    for (const kind of databases.kinds) rows.push(...(await benchOn(databases, kind, quick ? 50_000 : 1_000_000)));
    return rows;
  });

async function benchOn(databases: BenchDatabases, kind: DatabaseKind, marks: number): Promise<readonly BenchRow[]> {
  const url = await databases.create(kind);
  const cloud = await openBenchCloud(databases, `${kind}-dashboard`, url);
  try {
    await cloud.events.create(eventRequestSchema.parse({ ...benchEvent, zones, types: [{ id: 1, name: 'Day' }] }));
    return await withDatabase(url, async (database) => {
      await fill(database, marks);
      const { readLive, readStory } = readers(database, cloud);
      const called = `${kind}: ${marks.toLocaleString('en')} marks, ${gates} gates`;
      const cold = await timed(() => readLive(benchEvent.event));
      const count = async (): Promise<unknown> =>
        database
          .selectFrom('mark')
          .select(({ fn }) => fn.countAll<number>().as('count'))
          .where('event', '=', benchEvent.event)
          .executeTakeFirstOrThrow();
      const live: number[] = [];
      const bare: number[] = [];
      const found: number[] = [];
      const lookedUp: number[] = [];
      const told: number[] = [];
      for (let round = 0; round < rounds; round++) {
        bare.push(await timed(count));
        live.push(await timed(() => readLive(benchEvent.event)));
        const at = (round * 7_919) % ticketsOf(marks);
        const query = ticketQuerySchema.parse({ event: '1', search: nameOf(at) });
        found.push(await timed(() => cloud.tickets.search(query)));
        lookedUp.push(await timed(() => lookUp(database, nameOf(at))));
        told.push(await timed(() => readStory(ticketOf(at), () => true)));
      }
      const state = await readLive(benchEvent.event);
      if (!state.ok) throw new Error(state.error.type);
      return [
        benchRow(`${called}: the first live state, with everything counted`, cold, 'ms', { baseline: median(bare) }),
        benchRow(`${called}: a live state while people watch, beside a bare count`, median(live), 'ms', {
          baseline: median(bare),
        }),
        benchRow(`${called}: a live state as JSON`, JSON.stringify(state.value).length, 'B', {
          bar: { atMost: 64 * 1024 },
        }),
        benchRow(`${called}: find a ticket by its holder's name, beside a bare look-up`, median(found), 'ms', {
          baseline: median(lookedUp),
        }),
        benchRow(`${called}: the story of a ticket`, median(told), 'ms'),
      ];
    });
  } finally {
    await cloud.close();
  }
}

function readers(
  database: Database,
  { replica, keys }: Pick<Cloud, 'replica' | 'keys'>,
): {
  readonly readLive: ReadLive;
  readonly readStory: ReturnType<typeof createTicketStory>;
} {
  const { clock, random } = createSystem();
  const nothing = async (): Promise<void> => undefined;
  const coverage = createCoverage({ database, clock, replica, audit: { record: nothing }, changed: () => undefined });
  const cases = createCases({
    database,
    clock,
    audit: { record: nothing },
    coverage,
    changed: () => undefined,
    tell: nothing,
  });
  const gateViews = createGateViews({
    database,
    clock,
    coverage,
    countEntriesByGate: (event) => countEntriesByGate(database, event),
  });
  const rehearsals = createRehearsals({ database, clock, random, keys, changed: () => undefined });
  const rollCalls = createRollCalls({ database, clock, replica });
  return {
    readLive: createReadLive({ database, clock, coverage, cases, gateViews, rollCalls, rehearsal: rehearsals.view }),
    readStory: createTicketStory({ database, coverage, cases }),
  };
}

const gateOf = (index: number): string => `gate-${index % gates}`;
const zoneOf = (index: number): string => zones[(index % gates) % zones.length]?.id ?? '';
const ticketOf = (index: number): string => index.toString(16).padStart(32, '0');
const ticketsOf = (marks: number): number => Math.ceil(marks / 2);
const nameOf = (index: number): string => `Visitor ${index.toString(36).padStart(6, '0')}`;

const lookUp = (database: Database, name: string): Promise<unknown> =>
  database
    .selectFrom('ticket_holder')
    .innerJoin('ticket', (join) =>
      join.onRef('ticket.event', '=', 'ticket_holder.event').onRef('ticket.id', '=', 'ticket_holder.ticket'),
    )
    .selectAll('ticket')
    .where('ticket_holder.event', '=', benchEvent.event)
    .where('ticket_holder.name_key', '=', name.toLowerCase())
    .execute();

/** As ingest leaves it, but for what the dashboard does not read: every second mark is an entry, every tenth a refusal, the rest exits. */
async function fill(database: Database, marks: number): Promise<void> {
  const { event } = benchEvent;
  const nowMs = Date.now();
  for (let index = 0; index < gates; index++) await fillGate(database, index, nowMs);
  for (let start = 0; start < marks; start += rowsPerTransaction)
    await database.transaction().execute(async (queries) => {
      const some = Array.from({ length: Math.min(rowsPerTransaction, marks - start) }, (_, offset) => start + offset);
      const made = some.map((index) => {
        const kind = index % 2 === 0 ? 'admitted' : index % 10 === 1 ? 'refused' : 'exited';
        const atMs = nowMs - Math.floor((spanMs * (marks - index)) / marks);
        const writer = { event, gate: gateOf(index), boot, sequence: Math.floor(index / gates) + 1 };
        return { index, kind, atMs, writer, ticket: ticketOf(Math.floor(index / 2)), zone: zoneOf(index) };
      });
      await insertRows(
        queries,
        'mark',
        made.map(({ kind, atMs, writer, ticket }) => ({
          ...writer,
          ticket,
          kind,
          at_ms: atMs,
          at_counter: 0,
          count: 1,
          bytes,
          received_at_ms: atMs,
        })),
      );
      await insertRows(
        queries,
        'usage',
        made.map(({ kind, atMs, writer, ticket }) => ({
          ...writer,
          at_ms: atMs,
          kind,
          lane: 'lane-1',
          ticket,
          method: 'qr',
          person: null,
          reason: kind === 'refused' ? 'already-used' : null,
          count: 1,
        })),
      );
      const entries = made.filter(({ kind }) => kind === 'admitted');
      await insertRows(
        queries,
        'entry',
        entries.map(({ kind, atMs, writer, ticket, zone }) => ({
          ...writer,
          ticket,
          lane: 'lane-1',
          kind,
          at_ms: atMs,
          uncertainty_ms: 50,
          persons: 1,
          zone,
          out_of_touch: 0,
          peers_reachable: 1,
          feed_age_s: null,
        })),
      );
      await insertRows(
        queries,
        'presence',
        entries.filter(({ index }) => index % 8 === 0).map(({ ticket, zone }) => ({ event, ticket, zone, persons: 1 })),
      );
      await insertRows(
        queries,
        'departure',
        made
          .filter(({ kind }) => kind === 'exited')
          .map(({ atMs, writer, ticket, zone }) => ({ ...writer, ticket, zone, at_ms: atMs })),
      );
      await fillTickets(
        queries,
        entries.map(({ index }) => index / 2),
        nowMs,
      );
    });
  await analyse(database);
}

async function fillTickets(queries: Queries, tickets: readonly number[], nowMs: number): Promise<void> {
  const { event } = benchEvent;
  await insertRows(
    queries,
    'ticket',
    tickets.map((index) => ({
      event,
      id: ticketOf(index),
      type: 1,
      epoch: 0,
      status: 'valid',
      party: 1,
      hold: null,
      valid_from_s: null,
      valid_until_s: null,
      revision: 1,
      created_at_ms: nowMs,
      version: 1,
      transferred_at_ms: null,
      language: null,
    })),
  );
  await insertRows(
    queries,
    'ticket_holder',
    tickets.map((index) => ({
      event,
      ticket: ticketOf(index),
      name: nameOf(index),
      email: null,
      order_reference: null,
      account: null,
      name_key: nameOf(index).toLowerCase(),
      surname_key: nameOf(index).toLowerCase().slice('visitor '.length),
      email_key: null,
      order_key: null,
    })),
  );
}

/** One in ten has not been heard for ten minutes; each says a lot of itself. */
async function fillGate(database: Database, index: number, nowMs: number): Promise<void> {
  const { event } = benchEvent;
  const heardMs = index % 10 === 0 ? nowMs - 600_000 : nowMs;
  const gate = gateOf(index);
  await database
    .insertInto('gate')
    .values({
      id: gate,
      event,
      name: `Gate ${index}, north stand, upper level`,
      zone: zoneOf(index),
      lanes: '[]',
      address: null,
      public_key: '00'.repeat(32),
      certificate: null,
      enrolled_at_ms: heardMs,
      last_contact_ms: heardMs,
      feed_version: 1,
      created_at_ms: heardMs,
    })
    .execute();
  await database
    .insertInto('gate_vitals')
    .values({ gate, received_at_ms: heardMs, offset_ms: 12, vitals: JSON.stringify(vitals(heardMs)) })
    .execute();
  await database
    .insertInto('segment')
    .values({
      event,
      gate,
      boot,
      segment: 0,
      first_sequence: 1,
      count: 1_000,
      hash: '00'.repeat(32),
      closed: 0,
      through_ms: heardMs,
      through_counter: 0,
    })
    .execute();
}

const vitals = (nowMs: number): GateVitals => ({
  v: 1,
  kind: 'appliance',
  version: '0.1.0',
  boot,
  upS: 3_600,
  state: 'yellow',
  problems: [
    {
      severity: 'warn',
      what: 'reader lane-1/1 of lane lane-1: no such device (start 14)',
      next: 'check its cable and address; it is started again by itself',
    },
  ],
  clock: { nowMs, source: 'server', trusted: true, uncertaintyMs: 21.5, systemOffsetMs: 3 },
  disk: { freeBytes: 21_000_000_000, totalBytes: 31_000_000_000 },
  temperatureC: 61.2,
  lanes: [{ id: 'lane-1', direction: 'entry', state: 'idle' }],
  readers: [{ id: 'lane-1/1', lane: 'lane-1', state: 'restarting', fault: 'no such device' }],
  events: [{ event: 1, feedVersion: 1, feedAgeS: 4, waiting: 0 }],
});

const someMark: Mark = {
  event: 1,
  gate: 'gate-0',
  boot,
  sequence: 1,
  at: { ms: Date.UTC(2026, 8, 21, 19), counter: 0 },
  monotonicMs: 60_000,
  clock: { source: 'server', uncertaintyMs: 20 },
  lane: 'lane-1',
  ticketId: ticketOf(1),
  epoch: 0,
  method: 'qr',
  kind: 'admitted',
  ticketType: 1,
  zone: 'zone-0',
  uses: 1,
  outOfTouch: false,
  peersReachable: 1,
};
const bytes = Buffer.from(encodeMark(someMark));

/** A database that has been at work for a while knows what is in its tables. */
const analyse = async (database: Database): Promise<void> => {
  await sql`analyze`.execute(database);
};

async function timed(work: () => Promise<unknown>): Promise<number> {
  const beganMs = performance.now();
  await work();
  return performance.now() - beganMs;
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
