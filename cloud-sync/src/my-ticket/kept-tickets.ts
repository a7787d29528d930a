// What this browser keeps: a record for every ticket, with its key and what the cloud last said of it, and the time. IndexedDB, because only
// that keeps keys which nobody can read.
import type { Holding } from '@postern/shared';
import type { KeptKey } from './holder-key.ts';
import type { KeptTime } from './trusted-time.ts';

export interface KeptTicket {
  /** Of the link or token that it came by, so that the same link opened twice is one ticket with one key. */
  readonly id: string;
  readonly key: KeptKey;
  /** Absent until the cloud has put the ticket on this phone. */
  readonly holding?: Holding;
  /** Where somebody has given the ticket: the link with which it comes back. Gone once it has been put away. */
  readonly ownLink?: string;
  /** A link for a friend. The cloud never says it again. */
  readonly offer?: { readonly link: string; readonly expiresAtMs: number };
}

export interface Keep {
  readonly tickets: () => Promise<readonly KeptTicket[]>;
  /** The record of a link: the one that is there, or `made`. */
  readonly readOrAdd: (made: KeptTicket) => Promise<KeptTicket>;
  /** Writes over what `change` makes of the record, in one transaction; undefined where it is gone. */
  readonly change: (id: string, change: (ticket: KeptTicket) => KeptTicket) => Promise<KeptTicket | undefined>;
  readonly remove: (id: string) => Promise<void>;
  readonly time: () => Promise<KeptTime | undefined>;
  readonly keepTime: (time: KeptTime) => Promise<void>;
}

const databaseName = 'postern-my-ticket';
const timeKey = 'time';

export async function openKeep(): Promise<Keep> {
  const opening = indexedDB.open(databaseName, 1);
  opening.addEventListener('upgradeneeded', () => {
    opening.result.createObjectStore('tickets', { keyPath: 'id' });
    opening.result.createObjectStore('clock');
  });
  const database = await settled<IDBDatabase>(opening);
  const store = (name: 'tickets' | 'clock', mode: IDBTransactionMode): IDBObjectStore =>
    database.transaction(name, mode).objectStore(name);

  return {
    tickets: () => settled(store('tickets', 'readonly').getAll()),
    readOrAdd: async (made) => {
      try {
        await settled(store('tickets', 'readwrite').add(made));
        return made;
      } catch {
        // Another tab was quicker: its key counts.
        return settled(store('tickets', 'readonly').get(made.id));
      }
    },
    change: async (id, change) => {
      const records = store('tickets', 'readwrite');
      const before = await settled<KeptTicket | undefined>(records.get(id));
      if (before === undefined) return undefined;
      const after = change(before);
      await settled(records.put(after));
      return after;
    },
    remove: (id) => settled(store('tickets', 'readwrite').delete(id)),
    time: () => settled(store('clock', 'readonly').get(timeKey)),
    keepTime: async (time) => void (await settled(store('clock', 'readwrite').put(time, timeKey))),
  };
}

const settled = <T>(request: IDBRequest): Promise<T> =>
  new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result as T));
    request.addEventListener('error', (event) => {
      // It is told to whoever waits, and is no error of the page.
      event.preventDefault();
      reject(request.error ?? new Error('IndexedDB failed'));
    });
  });
