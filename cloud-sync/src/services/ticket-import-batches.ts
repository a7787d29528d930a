// Divides what an import is given into what one transaction writes. Some tens of thousands of rows are held at a time, however many there are.
import { foreignTicketId } from '@postern/shared';
import type { EventRecord } from './events.ts';
import { isRefused, type KeyedTicket, type RefusedTicket, type WantedTicket } from './ticket-import-plan.ts';
import { hashCode, printedCode } from './ticket-issue.ts';

/** Tickets of one transaction: some tens of milliseconds in which no other writes on SQLite. */
export const ticketsPerBatch = 1_000;
/**
 * Tickets that are put in the order of their ids before they are divided into batches. Ids of codes are hashes: without this a batch
 * would write to as many pages of each index as it has tickets, and a million tickets would be some tens of gigabytes of journal.
 */
const ticketsPerWindow = 100_000;

/** In the order of ids; what is refused already comes first, without one. */
export type Batch = readonly (KeyedTicket | (RefusedTicket & { readonly id: '' }))[];
export type Wanted = AsyncIterable<WantedTicket | RefusedTicket> | Iterable<WantedTicket | RefusedTicket>;

export async function* inBatches(event: EventRecord, source: Wanted): AsyncGenerator<Batch> {
  let window: Batch[number][] = [];
  for await (const one of source) {
    window.push(isRefused(one) ? { ...one, id: '' } : keyTicket(event, one));
    if (window.length < ticketsPerWindow) continue;
    yield* divide(window);
    window = [];
  }
  yield* divide(window);
}

function* divide(window: Batch[number][]): Generator<Batch> {
  // Rows of one ticket stay in their order.
  window.sort((one, other) => (one.id < other.id ? -1 : one.id > other.id ? 1 : 0));
  for (let start = 0; start < window.length; start += ticketsPerBatch)
    yield window.slice(start, start + ticketsPerBatch);
}

function keyTicket(event: EventRecord, { row, line, key, fields }: WantedTicket): KeyedTicket {
  if ('ticket' in key) return { row, line, key, fields, id: key.ticket, hash: undefined };
  const code = printedCode(key.code);
  return { row, line, key, fields, id: foreignTicketId(event.id, code), hash: hashCode(event, code) };
}

/** By what the tickets of a batch are looked for. */
export function keysOf(batch: Batch): { readonly codes: readonly string[]; readonly ids: readonly string[] } {
  const codes: string[] = [];
  const ids: string[] = [];
  for (const one of batch) {
    if (isRefused(one)) continue;
    if (one.hash === undefined) ids.push(one.id);
    else codes.push(one.hash);
  }
  return { codes, ids };
}
