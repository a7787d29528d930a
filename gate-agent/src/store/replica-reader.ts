// What the replicator has learned from other gates, read from its database while it writes there. The file may not exist yet, and
// may be dropped and rebuilt at any time: trouble with it is reported and never stops the gate, whose own journal decides.
import { statSync } from 'node:fs';
import {
  bytesToHex,
  decodeMark,
  hexToBytes,
  orderMarksPerGateMax,
  type Clock,
  type Logger,
  type Mark,
  type OrderNews,
} from '@postern/shared';
import { openDatabase, type Database, type DiskKey, type Statement } from './database.ts';
import { isOfGateSql, marksOfGateSql } from './mark-tables.ts';
import type { ZoneOfOthers } from '../counts/zone-counts.ts';
import { recentOf } from './recent-marks.ts';

/** How long a missing or broken replica is left alone before the next look, and how often it is asked whether it is still the same file. */
const retryMs = 1_000;
const openAgainMs = 100;
/** More corrections of one process start than the fold looks at, with the recounts beside them. */
const ofGateMarksMax = 1_000;

type Row = readonly [writer: number, bytes: Uint8Array];
/** No bytes: the mark was there and does not count any more. */
type OrderRow = readonly [writer: number, sequence: number, bytes: Uint8Array | null, id: number];

export interface ReplicaReader {
  /** With the clock corrections of the process starts that made them. */
  readonly marksOf: (ticketId: string) => readonly Mark[];
  /** Bindings of a tag. */
  readonly boundTo: (tagHash: string) => readonly Mark[];
  /** The next tickets after one in the order of ids, with how many marks there are of each; the last one may not be complete. */
  readonly ticketsAfter: (ticketId: string | undefined, marksMax: number) => readonly TicketMarks[];
  readonly find: (event: number, gate: string, boot: string, sequence: number) => Mark | undefined;
  /** The last marks of a gate: those from `sinceMs` on, at most `max`. */
  readonly recent: (event: number, gate: string, sinceMs: number, max: number) => readonly Mark[];
  /** What this reader has not told yet; again from the first mark of an order when the file was replaced or could not be read. */
  readonly newsOfOrders: (event: number) => readonly OrderNews[];
  readonly zone: (event: number, zone: string) => ZoneOfOthers;
  /** False when the last attempt to read an existing file failed. */
  readonly healthy: () => boolean;
  readonly close: () => void;
}

export interface ReplicaReaderDeps {
  readonly path: string;
  readonly key?: DiskKey | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface TicketMarks {
  readonly ticketId: string;
  readonly marks: number;
}

interface Connection {
  /** Inode: a replica that was set aside is another file under the same name. */
  readonly file: number;
  readonly database: Database;
  readonly byTicket: Statement;
  readonly byIdentity: Statement;
  readonly zone: Statement;
  readonly writersOfGate: Statement;
  readonly backwards: Statement;
  /** Undefined while the file has no such table: it is older than orders are, and the replicator has not opened it yet. */
  orders: Statement | undefined;
  /** Id of the last row of `order_mark` that was told. */
  ordersTold: number;
  /** How many of each gate. */
  readonly ordersToldOf: Map<string, number>;
  /** Undefined in a file that holds marks alone. */
  readonly heard: Statement | undefined;
  readonly recount: Statement;
  readonly corrections: Statement;
  readonly byTag: Statement;
  readonly tickets: Statement;
  readonly writer: Statement;
  readonly writers: Map<number, { readonly event: number; readonly gate: string; readonly boot: string }>;
}

export function createReplicaReader({ path, key, clock, logger }: ReplicaReaderDeps): ReplicaReader {
  let connection: Connection | undefined;
  let lookAgainAtMs = 0;
  let healthy = true;

  const drop = (): void => {
    // A file that could not be opened may be one that is just being made.
    lookAgainAtMs = clock.monotonicMs() + (connection === undefined ? openAgainMs : retryMs);
    connection?.database.close();
    connection = undefined;
  };

  const read = <T>(fallback: T, query: (connection: Connection) => T): T => {
    const nowMs = clock.monotonicMs();
    if (connection === undefined && nowMs < lookAgainAtMs) return fallback;
    try {
      if (nowMs >= lookAgainAtMs) {
        lookAgainAtMs = nowMs + retryMs;
        const file = statSync(path, { throwIfNoEntry: false })?.ino;
        if (file === undefined && connection === undefined) {
          // Before the replicator has made it, which it does within moments: nothing it learns then may go unseen.
          lookAgainAtMs = nowMs;
          return fallback;
        }
        if (file !== undefined && connection !== undefined && file !== connection.file) drop();
      }
      connection ??= connect(path, key);
      const answer = query(connection);
      healthy = true;
      return answer;
    } catch (cause) {
      if (healthy)
        logger.warn(
          { cause: cause instanceof Error ? cause.message : 'unknown' },
          'replica cannot be read; deciding from the own journal',
        );
      healthy = false;
      drop();
      return fallback;
    }
  };

  const toMark = (from: Connection, [writer, bytes]: readonly [number, Uint8Array]): Mark | undefined => {
    const identity = identityOf(from, writer);
    const mark = identity === undefined ? undefined : decodeMark(bytes, identity);
    return mark?.ok === true ? mark.value : undefined;
  };

  const toNews = (from: Connection, [writer, sequence, bytes]: OrderRow): OrderNews | undefined => {
    const identity = identityOf(from, writer);
    if (bytes === null)
      return identity === undefined ? undefined : { type: 'unlearned', id: { ...identity, sequence } };
    const mark = toMark(from, [writer, bytes]);
    return mark === undefined ? undefined : { type: 'learned', mark };
  };

  const hasHeardOf: ZoneOfOthers['hasHeardOf'] = ({ event, gate, boot, sequence }) =>
    read(false, (from) => from.heard?.get(event, gate, boot, sequence) !== undefined);

  /** What a gate says of orders beyond what anybody heeds of it is not held in memory either, however much that is. */
  const isFlood = (from: Connection, [writer, , bytes]: OrderRow): boolean => {
    if (bytes === null) return false;
    const gate = identityOf(from, writer)?.gate ?? '';
    const told = (from.ordersToldOf.get(gate) ?? 0) + 1;
    from.ordersToldOf.set(gate, told);
    // With one more than is heeded, so that it can be said.
    return told > orderMarksPerGateMax + 1;
  };

  return {
    marksOf: (ticketId) =>
      read<readonly Mark[]>([], (from) => {
        const rows = from.byTicket.all(hexToBytes(ticketId)) as Row[];
        // Most tickets that are shown have no marks yet.
        if (rows.length === 0) return [];
        const corrections = [...new Set(rows.map(([writer]) => writer))].flatMap(
          (writer) => from.corrections.all(writer) as Row[],
        );
        return [...rows, ...corrections].flatMap((row) => toMark(from, row) ?? []);
      }),
    boundTo: (tagHash) =>
      read<readonly Mark[]>([], (from) =>
        (from.byTag.all(hexToBytes(tagHash)) as Row[]).flatMap((row) => toMark(from, row) ?? []),
      ),
    ticketsAfter: (ticketId, marksMax) =>
      read<readonly TicketMarks[]>([], (from) => {
        const after = ticketId === undefined ? new Uint8Array(0) : hexToBytes(ticketId);
        const rows = from.tickets.all(after, marksMax) as [Uint8Array, number][];
        return rows.map(([id, marks]) => ({ ticketId: bytesToHex(new Uint8Array(id)), marks }));
      }),
    find: (event, gate, boot, sequence) =>
      read<Mark | undefined>(undefined, (from) => {
        const row = from.byIdentity.get(event, gate, boot, sequence) as [number, Uint8Array] | undefined;
        return row === undefined ? undefined : toMark(from, row);
      }),
    zone: (event, zone) =>
      read<ZoneOfOthers>({ persons: 0, recount: undefined, hasHeardOf }, (from) => {
        const row = from.recount.get(event, zone) as [number, string, string, number, number] | undefined;
        const persons = (from.zone.get(event, zone) as [number] | undefined)?.[0] ?? 0;
        if (row === undefined) return { persons, recount: undefined, hasHeardOf };
        const [atMs, gate, boot, sequence, counted] = row;
        return { persons, recount: { mark: { event, gate, boot, sequence }, atMs, persons: counted }, hasHeardOf };
      }),
    recent: (event, gate, sinceMs, max) =>
      read<readonly Mark[]>([], (from) => {
        const ids = (from.writersOfGate.all(event, gate) as [number][]).map(([id]) => id);
        return recentOf(
          ids,
          sinceMs,
          max,
          (id) => from.backwards.iterate(id),
          (row) => toMark(from, row),
        );
      }),
    newsOfOrders: (event) =>
      read<readonly OrderNews[]>([], (from) => {
        from.orders ??= prepareOrders(from.database);
        const told: OrderNews[] = [];
        for (const row of (from.orders?.iterate(from.ordersTold) ?? []) as Iterable<OrderRow>) {
          from.ordersTold = row[3];
          if (isFlood(from, row)) continue;
          const news = toNews(from, row);
          if (news !== undefined && eventOf(news) === event) told.push(news);
        }
        return told;
      }),
    healthy: () => healthy,
    close: drop,
  };
}

function connect(path: string, key: DiskKey | undefined): Connection {
  const database = openDatabase(path, { readonly: true, key });
  try {
    return {
      database,
      file: statSync(path).ino,
      byTicket: database.prepare('SELECT writer, bytes FROM mark WHERE ticket = ?').raw(),
      byIdentity: database
        .prepare(
          'SELECT mark.writer, mark.bytes FROM mark JOIN writer ON writer.id = mark.writer WHERE writer.event = ? AND writer.gate = ? AND writer.boot = ? AND mark.sequence = ?',
        )
        .raw(),
      zone: database.prepare('SELECT persons FROM zone_count WHERE event = ? AND zone = ?').raw(),
      writersOfGate: database.prepare('SELECT id FROM writer WHERE event = ? AND gate = ? ORDER BY id DESC').raw(),
      backwards: database.prepare('SELECT writer, bytes FROM mark WHERE writer = ? ORDER BY sequence DESC').raw(),
      orders: undefined,
      ordersTold: 0,
      ordersToldOf: new Map(),
      heard: hasTable(database, 'segment')
        ? database.prepare(
            'SELECT 1 FROM segment WHERE event = ? AND gate = ? AND boot = ? AND first_sequence + count > ?',
          )
        : undefined,
      recount: database
        .prepare('SELECT at_ms, gate, boot, sequence, persons FROM zone_recount WHERE event = ? AND zone = ?')
        .raw(),
      corrections: database
        .prepare(
          `SELECT writer, bytes FROM ${hasMarksOfGate(database) ? marksOfGateSql : 'mark'} WHERE writer = ? AND ${isOfGateSql} ORDER BY sequence LIMIT ${ofGateMarksMax}`,
        )
        .raw(),
      byTag: database
        .prepare(
          'SELECT mark.writer, mark.bytes FROM band JOIN mark ON mark.writer = band.writer AND mark.sequence = band.sequence WHERE band.tag = ?',
        )
        .raw(),
      tickets: database
        .prepare(
          'SELECT ticket, count(*) FROM (SELECT ticket FROM mark WHERE ticket IS NOT NULL AND ticket > ? ORDER BY ticket LIMIT ?) GROUP BY ticket ORDER BY ticket',
        )
        .raw(),
      writer: database.prepare('SELECT event, gate, boot FROM writer WHERE id = ?').raw(),
      writers: new Map(),
    };
  } catch (cause) {
    // The file is there but its tables are not yet: the replicator has only just made it.
    database.close();
    throw cause;
  }
}

const eventOf = (news: OrderNews): number => (news.type === 'learned' ? news.mark.event : news.id.event);

/** Not in a file that an older version has left and the replicator has not opened yet. */
const hasMarksOfGate = (database: Database): boolean =>
  database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'mark_of_gate'").get() !== undefined;

const hasTable = (database: Database, name: string): boolean =>
  database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(name) !== undefined;

function prepareOrders(database: Database): Statement | undefined {
  if (!hasTable(database, 'order_mark')) return undefined;
  return database
    .prepare(
      'SELECT order_mark.writer, order_mark.sequence, mark.bytes, order_mark.id FROM order_mark LEFT JOIN mark ON mark.writer = order_mark.writer AND mark.sequence = order_mark.sequence WHERE order_mark.id > ? ORDER BY order_mark.id',
    )
    .raw();
}

function identityOf(
  { writer, writers }: Connection,
  id: number,
): { readonly event: number; readonly gate: string; readonly boot: string } | undefined {
  const known = writers.get(id);
  if (known !== undefined) return known;
  const row = writer.get(id) as [number, string, string] | undefined;
  if (row === undefined) return undefined;
  const identity = { event: row[0], gate: row[1], boot: row[2] };
  writers.set(id, identity);
  return identity;
}
