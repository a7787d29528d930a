// Deltas as a gate reads them: hashed by Node, with pauses in which lanes have their turn.
import type { DeltaRows, FeedError, Manifest, Result } from '@postern/shared';
import { readDeltas as readDeltasWith } from '../read-deltas.ts';
import { checkBytes } from './feed-file.ts';

/** Lets whatever else waits on this thread go first. */
export const breathe = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** `blobs` by SHA-256. */
export const readDeltas = (
  event: number,
  deltas: Manifest['deltas'],
  blobs: ReadonlyMap<string, Uint8Array>,
): Promise<Result<readonly DeltaRows[], FeedError>> =>
  readDeltasWith(event, deltas, blobs, { check: (bytes, expected) => checkBytes(bytes, expected, 'delta'), breathe });
