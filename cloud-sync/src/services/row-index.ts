// In which row each ticket of a source came first. Two million are a few tens of megabytes here and several hundred in a Map of texts: open
// addressing over typed arrays, keyed by 64 bits of the ticket's id, which nobody can choose.

export interface RowIndex {
  /** The earlier row of the ticket; undefined where this is its first one, which is then remembered. */
  readonly firstRow: (ticketId: string, row: number) => number | undefined;
}

const slotsAtFirst = 1_024;
/** Of the slots, before there are twice as many. */
const loadMax = 0.6;

export function createRowIndex(): RowIndex {
  let slots = slotsAtFirst;
  let [high, low, rows] = makeArrays(slots);
  let used = 0;

  /** Where the key is, or would be: rows count from 1, so 0 is an empty slot. */
  const slotOf = (keyHigh: number, keyLow: number): number => {
    let slot = keyLow & (slots - 1);
    while (rows[slot] !== 0 && (high[slot] !== keyHigh || low[slot] !== keyLow)) slot = (slot + 1) & (slots - 1);
    return slot;
  };
  const grow = (): void => {
    const [oldHigh, oldLow, oldRows] = [high, low, rows];
    slots *= 2;
    [high, low, rows] = makeArrays(slots);
    for (const [old, row] of oldRows.entries()) {
      if (row === 0) continue;
      const slot = slotOf(oldHigh[old] ?? 0, oldLow[old] ?? 0);
      [high[slot], low[slot], rows[slot]] = [oldHigh[old] ?? 0, oldLow[old] ?? 0, row];
    }
  };

  return {
    firstRow: (ticketId, row) => {
      // The end of an id: the beginning of a UUIDv7 is a time.
      const keyHigh = Number.parseInt(ticketId.slice(16, 24), 16);
      const keyLow = Number.parseInt(ticketId.slice(24, 32), 16);
      const slot = slotOf(keyHigh, keyLow);
      const earlier = rows[slot] ?? 0;
      if (earlier !== 0) return earlier;
      [high[slot], low[slot], rows[slot]] = [keyHigh, keyLow, row];
      used += 1;
      if (used > slots * loadMax) grow();
      return undefined;
    },
  };
}

const makeArrays = (slots: number): readonly [Uint32Array, Uint32Array, Uint32Array] => [
  new Uint32Array(slots),
  new Uint32Array(slots),
  new Uint32Array(slots),
];
