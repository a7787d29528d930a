// The cloud's central store on a database of its own, with a clock, a timer and tickets that a test holds in its hands.
import { admissionPolicySchema, centralGate, encodeMark, type Mark, type Ticket } from '@postern/shared';
import { sql } from 'kysely';
import { onTestFinished } from 'vitest';
import { storeHistories } from '../../cloud-sync/src/services/stories.ts';
import { openCentralStore, refusalsWaitMs, type CentralStore } from '../../cloud-sync/src/store/central-store.ts';
import type { Database } from '../../cloud-sync/src/store/database.ts';
import { lockTickets } from '../../cloud-sync/src/store/locks.ts';
import { readMark, ticketOf, toMarkRow } from '../../cloud-sync/src/store/mark-rows.ts';
import type { StoreHarness } from '../contract/store.ts';
import { databaseKind, openTestDatabase, type DatabaseKind } from './database.ts';
import { createTestClock, createTestTimer, samplePolicy, silentLogger } from './gate-rig.ts';

export interface CentralStoreHarness extends StoreHarness {
  readonly database: Database;
  readonly central: () => CentralStore;
  /** Transactions so far that others were told of. */
  readonly commits: () => number;
  /** Another process on the same database. */
  readonly openAnother: () => Promise<CentralStore>;
}

/** As the gates' sample policy, with a limit on its zone: only then does the cloud count who is in it. */
export const centralPolicy = admissionPolicySchema.parse({
  ...samplePolicy,
  zones: samplePolicy.zones.map((zone) => ({ ...zone, capacity: 1_000 })),
});

export async function createCentralStoreHarness(): Promise<CentralStoreHarness> {
  const { database, close } = await openTestDatabase();
  const { event } = centralPolicy;
  const policy = { id: event, policy: JSON.stringify(centralPolicy), code_hash_key: '00'.repeat(32) };
  await database
    .insertInto('event')
    .values({ ...policy, revision: 0, rules_revision: 0, created_at_ms: 0 })
    .execute();
  const clock = createTestClock();
  const timer = createTestTimer();
  const tickets = new Map<string, Ticket>();
  let boots = 0;
  let commits = 0;
  const open = (): Promise<CentralStore> =>
    openCentralStore({
      database,
      clock,
      timer,
      log: silentLogger,
      random: (bytes) => new Uint8Array(bytes).fill(++boots),
      policyOf: async (_queries, of) => (of === event ? centralPolicy : undefined),
      ticketsOf: async () => tickets,
      keep: async (queries, batch, of, histories, _marks, known) => {
        await storeHistories(queries, batch, clock.wallMs(), of, histories, known);
      },
      record: async () => undefined,
      committed: () => void (commits += 1),
    });
  let central = await open();
  const others: CentralStore[] = [];
  onTestFinished(async () => {
    await Promise.all([central, ...others].map((store) => store.close()));
    await close();
  });
  return {
    database,
    event,
    gate: centralGate,
    clock,
    canBeOutOfTouch: false,
    central: () => central,
    commits: () => commits,
    openAnother: async () => {
      const other = await open();
      others.push(other);
      return other;
    },
    store: () => central.ofEvent(event),
    setTicket: (ticket) => void tickets.set(ticket.id, ticket),
    restart: async () => {
      await central.close();
      central = await open();
    },
    becomeQuiet: async () => {
      clock.advance(refusalsWaitMs + 1);
      timer.runAll();
      // Whatever waits is committed before this next admission, which writes nothing.
      await central.ofEvent(event).admit('00'.repeat(16), () => ({ decision: undefined, mark: undefined }));
    },
    durableMarks: () => readMarks(database, event),
    learn: (marks) =>
      database.transaction().execute(async (queries) => {
        await queries
          .insertInto('mark')
          .values(marks.map((mark) => toMarkRow(mark, { mark, bytes: encodeMark(mark) }, 0)))
          .execute();
        // As everybody who adds marks to what is folded.
        await lockTickets(
          queries,
          event,
          marks.flatMap((mark) => ticketOf(mark) ?? []),
        );
      }),
    breakCommits: async () => {
      if (databaseKind() === 'postgres') await sql.raw(failingFunction).execute(database);
      for (const table of brokenTables) await sql.raw(failingTrigger(databaseKind(), table)).execute(database);
    },
    repair: async () => {
      for (const table of brokenTables)
        await sql
          .raw(databaseKind() === 'postgres' ? `DROP TRIGGER broken ON ${table}` : `DROP TRIGGER broken_${table}`)
          .execute(database);
    },
  };
}

const brokenTables = ['mark', 'central_writer'];
const failingFunction =
  "CREATE OR REPLACE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'disk I/O error'; END $$";
const failingTrigger = (kind: DatabaseKind, table: string): string =>
  kind === 'postgres'
    ? `CREATE TRIGGER broken BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION broken()`
    : `CREATE TRIGGER broken_${table} BEFORE INSERT ON ${table} BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END`;

async function readMarks(database: Database, event: number): Promise<readonly Mark[]> {
  const rows = await database
    .selectFrom('mark')
    .selectAll()
    .where('event', '=', event)
    .orderBy('gate')
    .orderBy('boot')
    .orderBy('sequence')
    .execute();
  return rows.flatMap((row) => readMark(row) ?? []);
}
