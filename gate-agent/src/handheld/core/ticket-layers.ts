// The two layers of ticket-source.ts on a phone: the snapshot's file in memory, and what deltas have changed since, in maps.
import { bytesToHex, encodeTicketRow, tokenTable, type DeltaRows } from '@postern/shared';
import { shortCodeCandidatesMax, type OverlayLayer, type TicketLayer } from '../../ticket-source.ts';
import type { SqliteImage } from './sqlite-image.ts';

export const createImageLayer = (image: SqliteImage): TicketLayer => ({
  byKey: (key) => image.find('ticket', key),
  byKeyRange: (from, until) => image.range('ticket', from, until, shortCodeCandidatesMax),
  code: (hash) => image.find('code', hash)?.slice(1),
  // Absent in a snapshot of an event without a contract.
  token: (key) => (image.tables.includes(tokenTable) ? image.find(tokenTable, key) : undefined),
});

export interface PhoneOverlay extends OverlayLayer {
  readonly add: (rows: DeltaRows) => void;
}

/** Bounded by `deltaRowsMax` and `overlayBytesMax`. */
export function createPhoneOverlay(): PhoneOverlay {
  const tickets = new Map<string, readonly unknown[]>();
  const codes = new Map<string, readonly unknown[]>();
  const tokens = new Map<string, readonly unknown[]>();
  return {
    empty: () => tickets.size === 0 && codes.size === 0 && tokens.size === 0,
    add: ({ tickets: changed, codes: led, tokens: owned = [] }) => {
      for (const ticket of changed) {
        const row = encodeTicketRow(ticket);
        tickets.set(bytesToHex(row[0]), row);
      }
      for (const [hash, reference] of led) codes.set(bytesToHex(hash), [reference]);
      for (const token of owned) tokens.set(bytesToHex(token[0]), token);
    },
    byKey: (key) => tickets.get(bytesToHex(key)),
    byKeyRange: (from, until) => {
      const [low, high] = [bytesToHex(from), bytesToHex(until)];
      const keys = [...tickets.keys()].filter((key) => key >= low && key < high).toSorted();
      return keys.slice(0, shortCodeCandidatesMax).flatMap((key) => {
        const row = tickets.get(key);
        return row === undefined ? [] : [row];
      });
    },
    code: (hash) => codes.get(bytesToHex(hash)),
    token: (key) => tokens.get(bytesToHex(key)),
  };
}
