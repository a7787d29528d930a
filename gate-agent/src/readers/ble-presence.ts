// Which bands are held up: heard strongly enough for as long as `dwellMs`, more often than not. One strong echo of a band that is carried past
// does not count, one weak reading of a band that is held up does not matter. Times are monotonic milliseconds.

export interface Presence {
  /** A band was heard now: whether it is held up, and for the first time since it was last away. */
  readonly hear: (name: string, rssi: number, nowMs: number) => 'no' | 'now' | 'still';
  /** A band that could not be heard, as it was being talked to, is still there. */
  readonly keep: (name: string, nowMs: number) => void;
  /** Bands that are near enough to be watched. */
  readonly size: () => number;
}

interface Near {
  readonly sinceMs: number;
  strongAtMs: number;
  strong: number;
  heard: number;
  isHeldUp: boolean;
}

/** A band that is held up is heard several times a second; after so long without, it is somebody else's turn to count. */
const silenceMsMax = 1_000;
/** As long as a lane waits before it takes what it sees for shown anew. */
const awayMs = 2_000;
const strongReadingsMin = 2;
/** Only bands within the threshold are watched: a crowd is not. Beyond it the one heard longest ago is forgotten. */
export const bandsNearMax = 1_024;

export function createPresence({ rssiMin, dwellMs }: { readonly rssiMin: number; readonly dwellMs: number }): Presence {
  /** In the order of their last strong reading. */
  const near = new Map<string, Near>();

  const touch = (name: string, band: Near, nowMs: number): void => {
    band.strongAtMs = nowMs;
    near.delete(name);
    near.set(name, band);
  };

  return {
    hear: (name, rssi, nowMs) => {
      let band = near.get(name);
      if (band !== undefined && nowMs - band.strongAtMs >= (band.isHeldUp ? awayMs : silenceMsMax)) {
        near.delete(name);
        band = undefined;
      }
      const isStrong = rssi >= rssiMin;
      if (band === undefined) {
        if (!isStrong) return 'no';
        const oldest = near.keys().next().value;
        if (near.size >= bandsNearMax && oldest !== undefined) near.delete(oldest);
        band = { sinceMs: nowMs, strongAtMs: nowMs, strong: 0, heard: 0, isHeldUp: false };
      }
      band.heard++;
      if (isStrong) {
        band.strong++;
        touch(name, band, nowMs);
      } else if (!band.isHeldUp && band.strong * 2 < band.heard) near.delete(name);
      if (!isStrong) return 'no';
      if (band.isHeldUp) return 'still';
      band.isHeldUp = nowMs - band.sinceMs >= dwellMs && band.strong >= strongReadingsMin;
      return band.isHeldUp ? 'now' : 'no';
    },
    keep: (name, nowMs) => {
      const band = near.get(name);
      if (band !== undefined) touch(name, band, nowMs);
    },
    size: () => near.size,
  };
}
