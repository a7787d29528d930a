// Keeps room on the disk for this gate's own journal, without which nobody is let in: when little is left, what others send is not taken in,
// however much it is and whoever has signed it. It is offered again, and taken once there is room.
import { err, type Ingest, type Logger } from '@postern/shared';

/** Some hundred thousand entries, and what the journal needs beside them. */
export const roomBytesMin = 100e6;

export interface RoomDeps {
  /** Undefined where the disk does not say. */
  readonly freeBytes: () => number | undefined;
  readonly log: Logger;
}

export function keepRoom(ingest: Ingest, { freeBytes, log }: RoomDeps): Ingest {
  let isFull = false;
  const look = (): boolean => {
    const free = freeBytes();
    const wasFull = isFull;
    isFull = free !== undefined && free < roomBytesMin;
    if (isFull && !wasFull) log.error({ free }, 'the disk is nearly full: nothing of other gates is taken in');
    if (wasFull && !isFull) log.info({ free }, 'there is room again: what other gates send is taken in');
    return isFull;
  };
  return {
    ...ingest,
    chunk: async (chunk, from) => (look() ? err({ type: 'no-room' }) : ingest.chunk(chunk, from)),
  };
}
