// The row of a phone that says where it is, as the services use it: its track, and what has come of its stays. Positions are kept for as long
// as the next fix needs them and no longer.
import { noTrack, type Stay, type Track } from '@postern/shared';
import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { Database } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';

export type SenderRow = Selectable<Schema['geofence_sender']>;

/** A fix is measured against the one before for this long; then where that was is forgotten. */
export const positionKeptMs = 15 * 60_000;

const whole = z.number().int();
const positionSchema = z.tuple([z.number(), z.number(), z.number(), whole]);
const presenceSchema = z.object({
  stays: z.array(z.object({ fence: z.string(), sinceS: whole, lastS: whole })),
  /** Of pre-checks that stand, by geofence zone: until when, Unix seconds. */
  until: z.record(z.string(), whole),
  /** Geofence zones whose present stay has been decided on. */
  decided: z.array(z.string()),
});
export type SenderPresence = z.infer<typeof presenceSchema>;

const noPresence: SenderPresence = { stays: [], until: {}, decided: [] };
export const emptySender = {
  seen_s: 0,
  number: 0,
  position: null,
  presence: JSON.stringify(noPresence),
  zones_sent: '',
  told_at_ms: 0,
  revoked_at_ms: null,
} as const;

/** Some ten metres: what it takes to notice that somebody was elsewhere. */
const roundPlace = (degrees: number): number => Math.round(degrees * 1e4) / 1e4;
const roundedByM = 8;

export const readPresence = ({ presence }: Pick<SenderRow, 'presence'>): SenderPresence =>
  presenceSchema.parse(JSON.parse(presence));

export function readTrack(row: Pick<SenderRow, 'seen_s' | 'position' | 'presence'>, nowMs: number): Track {
  const stays: readonly Stay[] = readPresence(row).stays;
  if (row.position === null) return { ...noTrack, seenS: row.seen_s, stays };
  const [lat, lon, accuracyM, atS] = positionSchema.parse(JSON.parse(row.position));
  const isOld = atS * 1_000 < nowMs - positionKeptMs;
  return { seenS: row.seen_s, stays, ...(isOld ? {} : { last: { lat, lon, accuracyM, atS } }) };
}

/** `before`: what `readTrack` has read of `row`, and `track` follows. */
export function writeTrack(
  row: Pick<SenderRow, 'position'>,
  before: Track,
  { seenS, last }: Track,
  presence: SenderPresence,
): Pick<SenderRow, 'seen_s' | 'position' | 'presence'> {
  const written =
    last === undefined
      ? null
      : JSON.stringify([roundPlace(last.lat), roundPlace(last.lon), last.accuracyM + roundedByM, last.atS]);
  // Rounded once, however many fixes come that are not believed.
  const position = last === before.last && last !== undefined ? row.position : written;
  return { seen_s: seenS, position, presence: JSON.stringify(presence) };
}

/** Forgets where phones were whose last fix is old. */
export async function forgetOldPositions(database: Database, nowMs: number): Promise<void> {
  await database
    .updateTable('geofence_sender')
    .set({ position: null })
    .where('position', 'is not', null)
    .where('seen_s', '<', Math.floor((nowMs - positionKeptMs) / 1_000))
    .execute();
}
