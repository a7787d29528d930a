// Downloaded or remembered deltas, from bytes to rows: size and SHA-256 first, then the header, then every row, before any of
// them is used. Decoding pauses between chunks so that lanes get their turn.
import {
  decodeDelta,
  decodeDeltaChunk,
  err,
  ok,
  rowsIn,
  type DeltaRows,
  type FeedError,
  type FileReference,
  type Manifest,
  type Result,
} from '@postern/shared';

type DeltaReference = Manifest['deltas'][number];

export interface DeltaTools {
  /** Size and hash against what was signed. */
  readonly check: (
    bytes: Uint8Array,
    expected: FileReference,
  ) => Result<void, FeedError> | Promise<Result<void, FeedError>>;
  /** Lets whatever else waits on this thread go first. */
  readonly breathe: () => Promise<void>;
}

/** The rows of `deltas` in order, or the first thing that is wrong with any of them. `blobs` by SHA-256. */
export async function readDeltas(
  event: number,
  deltas: readonly DeltaReference[],
  blobs: ReadonlyMap<string, Uint8Array>,
  tools: DeltaTools,
): Promise<Result<readonly DeltaRows[], FeedError>> {
  const chunks: DeltaRows[] = [];
  for (const delta of deltas) {
    const bytes = blobs.get(delta.sha256);
    if (bytes === undefined) return err({ type: 'feed-cut-off', what: 'delta', bytes: 0, expected: delta.bytes });
    const read = await readDelta(event, delta, bytes, tools);
    if (!read.ok) return read;
    chunks.push(...read.value);
  }
  return ok(chunks);
}

async function readDelta(
  event: number,
  reference: DeltaReference,
  bytes: Uint8Array,
  { check, breathe }: DeltaTools,
): Promise<Result<readonly DeltaRows[], FeedError>> {
  const right = await check(bytes, reference);
  if (!right.ok) return right;
  const delta = decodeDelta(bytes);
  if (!delta.ok) return delta;
  if (delta.value.event !== event)
    return err({ type: 'feed-wrong-event', what: 'delta', expected: event, found: delta.value.event });
  if (delta.value.from !== reference.from || delta.value.to !== reference.to)
    return malformed('not between the versions that its manifest says');
  const chunks: DeltaRows[] = [];
  for (const chunk of delta.value.chunks) {
    const rows = decodeDeltaChunk(chunk);
    if (!rows.ok) return rows;
    chunks.push(rows.value);
    await breathe();
  }
  const rowsFound = chunks.reduce((sum, rows) => sum + rowsIn(rows), 0);
  return rowsFound === reference.rows ? ok(chunks) : malformed('more or fewer rows than its manifest says');
}

const malformed = (cause: string): Result<never, FeedError> => err({ type: 'feed-malformed', what: 'delta', cause });
