// What this handheld has learned of other gates, as the scan path reads it: marks by ticket out of the replica's database, which a worker
// writes; and in memory what is asked without waiting (bindings of bands, persons by zone), read again whenever the worker says so.
import {
  decodeMark,
  markKey,
  readCorrections,
  type Logger,
  type Mark,
  type MarkId,
  type OrderNews,
} from '@postern/shared';
import { lastRecounts, type Recount } from '../../counts/recount.ts';
import type { ZoneOfOthers } from '../../counts/zone-counts.ts';
import { marksOfWriter, openReplicaDatabase, type LearnedMark, type ReplicaDatabase } from './databases.ts';

export interface OtherGates {
  /** With the clock corrections that concern them. */
  readonly marksOf: (ticketId: string) => Promise<readonly Mark[]>;
  readonly zone: (zone: string) => ZoneOfOthers;
  readonly bound: () => readonly Mark[];
  readonly recent: (gate: string, sinceMs: number, max: number) => Promise<readonly Mark[]>;
  /** Since the last call. */
  readonly newsOfOrders: () => readonly OrderNews[];
}

/** Of which kinds marks have come or gone. */
export interface Learned {
  readonly bound: boolean;
  readonly orders: boolean;
  /** Clock corrections and recounts. */
  readonly ofGates: boolean;
}
export const everything: Learned = { bound: true, orders: true, ofGates: true };

export interface OtherGatesReader extends OtherGates {
  /** Reads again what is kept in memory: all of it, or that of which the worker has stored something. */
  readonly refresh: (learned?: Learned) => Promise<void>;
  readonly close: () => void;
}

export interface OtherGatesDeps {
  /** Of the replica's database. */
  readonly name: string;
  readonly event: number;
  readonly logger: Logger;
}

/** Persons whom other gates' marks have brought into each zone, as the worker has counted them. */
export const zonesKey = (event: number): string => `zones-${event}`;

export async function openOtherGates({ name, event, logger }: OtherGatesDeps): Promise<OtherGatesReader> {
  const database = await openReplicaDatabase(name);
  let bound: readonly Mark[] = [];
  let corrections: readonly Mark[] = [];
  let readable = true;
  let orders = new Map<string, Mark>();
  let zones: Readonly<Record<string, number>> = {};
  let recounts: ReadonlyMap<string, Recount> = new Map();
  let news: OrderNews[] = [];

  const toMarks = (stored: readonly LearnedMark[]): readonly Mark[] =>
    stored.flatMap((one) => {
      const mark = one.event === event ? decodeMark(one.bytes, one) : undefined;
      return mark?.ok === true ? [mark.value] : [];
    });

  const readBound = async (): Promise<void> => {
    bound = toMarks(await database.getAllFromIndex('mark', 'tag'));
  };
  const readOrders = async (): Promise<void> => {
    const found = toMarks(await database.getAllFromIndex('mark', 'order'));
    const now = new Map(found.map((mark) => [markKey(mark), mark]));
    for (const [key, mark] of now) if (!orders.has(key)) news.push({ type: 'learned', mark });
    for (const [key, mark] of orders) if (!now.has(key)) news.push({ type: 'unlearned', id: idOf(mark) });
    orders = now;
  };
  const readOfGates = async (): Promise<void> => {
    const marks = toMarks(await database.getAllFromIndex('mark', 'ofGate'));
    corrections = marks.filter(({ kind }) => kind === 'corrected');
    recounts = lastRecounts(marks, readCorrections(marks));
  };
  const readZones = async (): Promise<void> => {
    const counted = await database.get('derived', zonesKey(event));
    zones = isCounts(counted) ? counted : {};
  };
  const refresh = async (learned: Learned = everything): Promise<void> => {
    await Promise.all([
      readZones(),
      ...(learned.bound ? [readBound()] : []),
      ...(learned.orders ? [readOrders()] : []),
      ...(learned.ofGates ? [readOfGates()] : []),
    ]);
  };

  await refresh().catch((cause: unknown) =>
    logger.warn({ cause: String(cause) }, 'What other gates have told cannot be read'),
  );
  return {
    marksOf: async (ticketId) => {
      try {
        const marks = toMarks(await database.getAllFromIndex('mark', 'ticket', ticketId));
        readable = true;
        // Most tickets that are shown have no marks yet.
        if (marks.length === 0 || corrections.length === 0) return marks;
        const writers = new Set(marks.map(({ gate, boot }) => `${gate}/${boot}`));
        return [...marks, ...corrections.filter(({ gate, boot }) => writers.has(`${gate}/${boot}`))];
      } catch (cause) {
        if (readable) logger.warn({ cause: String(cause) }, 'replica cannot be read; deciding from the own journal');
        readable = false;
        return [];
      }
    },
    // A handheld's journal is never an old image of itself.
    zone: (zone) => ({ persons: zones[zone] ?? 0, recount: recounts.get(zone), hasHeardOf: () => false }),
    bound: () => bound,
    recent: async (gate, sinceMs, max) => recentOf(database, { event, gate, sinceMs, max, toMarks }),
    newsOfOrders: () => {
      const told = news;
      news = [];
      return told;
    },
    refresh,
    close: () => database.close(),
  };
}

interface RecentQuery {
  readonly event: number;
  readonly gate: string;
  readonly sinceMs: number;
  readonly max: number;
  readonly toMarks: (stored: readonly LearnedMark[]) => readonly Mark[];
}

async function recentOf(
  database: ReplicaDatabase,
  { event, gate, sinceMs, max, toMarks }: RecentQuery,
): Promise<readonly Mark[]> {
  const marks: Mark[] = [];
  const segments = await database.getAll('segment', IDBKeyRange.bound([event, gate], [event, gate, []]));
  for (const boot of new Set(segments.map((segment) => segment.boot))) {
    let cursor = await database.transaction('mark').store.openCursor(marksOfWriter({ event, gate, boot }), 'prev');
    while (cursor !== null && marks.length < max) {
      const [mark] = toMarks([cursor.value]);
      if (mark !== undefined && mark.at.ms < sinceMs) break;
      if (mark !== undefined) marks.push(mark);
      cursor = await cursor.continue();
    }
  }
  return marks;
}

const idOf = ({ event, gate, boot, sequence }: Mark): MarkId => ({ event, gate, boot, sequence });
const isCounts = (value: unknown): value is Readonly<Record<string, number>> =>
  typeof value === 'object' && value !== null && Object.values(value).every((count) => Number.isSafeInteger(count));
