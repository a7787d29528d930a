// The handheld's store on an IndexedDB in memory, with a clock, a timer and a feed that a test holds in its hands.
import 'fake-indexeddb/auto';
import { IDBObjectStore as FakeObjectStore } from 'fake-indexeddb';
import { onTestFinished } from 'vitest';
import { decodeMark, type Mark, type Ticket } from '@postern/shared';
import {
  databaseNames,
  openJournalDatabase,
  openReplicaDatabase,
} from '../../gate-agent/src/handheld/core/databases.ts';
import { toStored } from '../../gate-agent/src/handheld/core/journal.ts';
import { openOtherGates } from '../../gate-agent/src/handheld/core/other-gates.ts';
import { openHandheldStore, quietMs, type HandheldStore } from '../../gate-agent/src/handheld/core/store.ts';
import type { StoreHarness } from '../contract/store.ts';
import { createTestClock, createTestTimer, samplePolicy, silentLogger } from './gate-rig.ts';

let harnesses = 0;

export interface HandheldStoreHarness extends StoreHarness {
  readonly store: () => HandheldStore;
  readonly names: ReturnType<typeof databaseNames>;
  /** As `breakCommits`, with an error of this name: what a browser says. */
  readonly breakCommitsWith: (errorName: string) => void;
}

export async function createHandheldStoreHarness(): Promise<HandheldStoreHarness> {
  const names = databaseNames(`test-${++harnesses}`, 'gate-1', samplePolicy.event);
  const clock = createTestClock();
  const timer = createTestTimer();
  const tickets = new Map<string, Ticket>();
  const { event } = samplePolicy;
  let boots = 0;
  const others = await openOtherGates({ name: names.replica, event, logger: silentLogger });
  const start = (): Promise<HandheldStore> =>
    openHandheldStore({
      name: names.journal,
      event,
      gate: 'gate-1',
      boot: (++boots).toString(16).padStart(16, '0'),
      clock,
      timer,
      logger: silentLogger,
      time: () => ({ nowMs: clock.wallMs(), trusted: true, source: 'server', uncertaintyMs: 20 }),
      policy: () => samplePolicy,
      ticket: (id) => tickets.get(id),
      others,
    });
  let store = await start();
  let repair = (): void => undefined;
  const breakCommitsWith = (errorName: string): void => {
    repair();
    repair = failCommits(errorName);
  };
  onTestFinished(async () => {
    repair();
    await store.close();
    others.close();
  });
  return {
    names,
    clock,
    event,
    gate: 'gate-1',
    canBeOutOfTouch: true,
    store: () => store,
    setTicket: (ticket) => void tickets.set(ticket.id, ticket),
    restart: async () => {
      await store.close();
      store = await start();
    },
    becomeQuiet: async () => {
      clock.advance(quietMs + 1);
      timer.runAll();
      await store.settled();
    },
    durableMarks: () => readJournal(names.journal),
    learn: async (marks) => {
      await writeLearned(names.replica, marks);
      await others.refresh();
    },
    breakCommits: () => breakCommitsWith('UnknownError'),
    breakCommitsWith,
    repair: () => repair(),
  };
}

type Write = (this: IDBObjectStore, value: unknown, key?: IDBValidKey) => IDBRequest<IDBValidKey>;

/** From now on what is written to a journal is taken back by the browser, after every request in it has succeeded. Gives the way back. */
function failCommits(errorName: string): () => void {
  const prototype = FakeObjectStore.prototype as Record<'add' | 'put', Write>;
  const { add, put } = prototype;
  const failing = (write: Write): Write =>
    function (this, ...args) {
      const request = write.apply(this, args);
      const { transaction } = this;
      if (this.name !== 'mark' && this.name !== 'probe') return request;
      request.addEventListener('success', () => {
        Object.defineProperty(transaction, 'error', {
          value: new DOMException('no room', errorName),
          configurable: true,
        });
        transaction.abort();
      });
      return request;
    };
  Object.assign(prototype, { add: failing(add), put: failing(put) });
  return () => Object.assign(prototype, { add, put });
}

/** Every mark of a journal, in order of start and sequence. */
export async function readJournal(name: string): Promise<readonly Mark[]> {
  const database = await openJournalDatabase(name);
  const [starts, stored] = await Promise.all([database.getAll('start'), database.getAll('mark')]);
  database.close();
  const order = new Map(starts.map(({ boot }, index) => [boot, index]));
  return stored
    .toSorted((a, b) => (order.get(a.boot) ?? 0) - (order.get(b.boot) ?? 0) || a.sequence - b.sequence)
    .map((one) => {
      const mark = decodeMark(one.bytes, one);
      if (!mark.ok) throw new Error(mark.error.cause);
      return mark.value;
    });
}

/** Stores marks of other gates as the worker does. */
async function writeLearned(name: string, marks: readonly Mark[]): Promise<void> {
  const database = await openReplicaDatabase(name);
  for (const mark of marks) await database.put('mark', toStored(mark));
  database.close();
}
