// What the cloud does with the marks of gates, on SQLite and on PostgreSQL: segments of checked marks stored with their signed chunk and all
// that follows from them (stories, entries, presence, uses, cases), beside a bare insert of equal rows into the same tables of another
// database, through the same query builder, and beside one of the marks alone. All commit batches of the same size durably.
import { marksPerTransactionMax, ready, eventRequestSchema, type Acceptance, type EncodedMark } from '@postern/shared';
import { openDatabase, type Database } from '../../cloud-sync/src/store/database.ts';
import type { Schema } from '../../cloud-sync/src/store/schema.ts';
import { withDatabase } from '../lib/cloud-database.ts';
import { admittedMark, simulatedBoot } from '../sim/gate-marks.ts';
import { benchEvent, openBenchCloud, withDatabases, type BenchDatabases, type DatabaseKind } from './cloud-rig.ts';
import { benchManyGates } from './many-gates.ts';
import { benchRow, type Bench, type BenchRow } from './row.ts';
import { makeSegments } from './segments.ts';

const gate = 'gate-1';
const writer = { event: benchEvent.event, gate, boot: simulatedBoot(gate, 1) };
const startMs = Date.UTC(2026, 8, 21, 16);
/** Until the compiler has seen it. */
const warmUpSegments = 3;

export const benchIngest: Bench = ({ quick, whole }) =>
  withDatabases(async (databases) => {
    await ready;
    const segments = await makeSegments(writer, makeMarks(quick ? 5_000 : 40_000));
    const rows: BenchRow[] = [];
    for (const kind of databases.kinds) rows.push(...(await benchOn(databases, kind, segments)));
    for (const kind of databases.kinds)
      rows.push(
        ...(await benchManyGates(databases, kind, { seconds: whole ? Number.POSITIVE_INFINITY : quick ? 5 : 40 })),
      );
    return rows;
  });

async function benchOn(
  databases: BenchDatabases,
  kind: DatabaseKind,
  segments: readonly Acceptance[],
): Promise<readonly BenchRow[]> {
  const url = await databases.create(kind);
  const cloud = await openBenchCloud(databases, `${kind}-ingest`, url);
  const [equal, marksOnly] = [await openBare(databases, kind), await openBare(databases, kind)];
  try {
    const event = await cloud.events.create(eventRequestSchema.parse(benchEvent));
    if (!event.ok) throw new Error(event.error.type);
    const ms = { ours: 0, equal: 0, marksOnly: 0 };
    let marks = 0;
    for (const [index, segment] of segments.entries()) {
      const started = performance.now();
      const stored = await cloud.replica.append(segment);
      if (!stored.ok) throw new Error(stored.error.type);
      const oursMs = performance.now() - started;
      const rows = await readStored(url, segment);
      const equalMs = await timeInserts(equal, rows);
      const marksMs = await timeInserts(marksOnly, { mark: rows.mark });
      if (index < warmUpSegments) continue;
      ms.ours += oursMs;
      ms.equal += equalMs;
      ms.marksOnly += marksMs;
      marks += segment.marks.length;
    }
    const perSecond = (name: keyof typeof ms): number => (marks / ms[name]) * 1_000;
    return [
      benchRow(
        `${kind}: marks of gates a second with all that follows, beside a bare insert of equal rows`,
        perSecond('ours'),
        '1/s',
        { baseline: perSecond('equal'), bar: { ratioAtLeast: 0.5 } },
      ),
      benchRow(`${kind}: the same, beside a bare insert of the marks alone`, perSecond('ours'), '1/s', {
        baseline: perSecond('marksOnly'),
      }),
    ];
  } finally {
    await Promise.all([equal.destroy(), marksOnly.destroy()]);
    await cloud.close();
  }
}

async function openBare(databases: BenchDatabases, kind: DatabaseKind): Promise<Database> {
  const opened = openDatabase(await databases.create(kind));
  if (!opened.ok) throw new Error(opened.error.type);
  return opened.value;
}

/** The tables that every mark has a row in. */
const filled = ['mark', 'story', 'entry', 'presence', 'usage'] as const satisfies readonly (keyof Schema)[];
type Rows = { readonly [T in (typeof filled)[number]]?: readonly Readonly<Record<string, unknown>>[] | undefined };

/** What the cloud has made of a segment. */
const readStored = (url: string, { marks }: Acceptance): Promise<Rows> =>
  withDatabase(url, async (database) => {
    const tickets = marks.flatMap(({ mark }) => ('ticketId' in mark ? [mark.ticketId] : []));
    const rows: Record<string, readonly Readonly<Record<string, unknown>>[]> = {};
    for (const table of filled) {
      rows[table] = await database.selectFrom(table).selectAll().where('ticket', 'in', tickets).execute();
      if (rows[table].length !== marks.length) throw new Error(`a mark has not one row in ${table}`);
    }
    return rows;
  });

/** As many rows of each table a transaction as the cloud takes marks. */
async function timeInserts(database: Database, rows: Rows): Promise<number> {
  const started = performance.now();
  const count = rows.mark?.length ?? 0;
  for (let start = 0; start < count; start += marksPerTransactionMax)
    await database.transaction().execute(async (queries) => {
      for (const table of filled) {
        const some = rows[table]?.slice(start, start + marksPerTransactionMax) ?? [];
        if (some.length > 0)
          await queries
            .insertInto(table)
            .values(some as never)
            .execute();
      }
    });
  return performance.now() - started;
}

/** Every visitor comes once, in no order of their tickets. */
function* makeMarks(marks: number): Generator<EncodedMark> {
  for (let sequence = 1; sequence <= marks; sequence++)
    yield admittedMark(writer, sequence, sequence, { ms: startMs + sequence * 700, counter: 0 });
}
