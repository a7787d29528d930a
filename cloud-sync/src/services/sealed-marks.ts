// Marks that a revoked gate has sealed to this cloud and somebody has carried here: opened, and taken in as any others, which puts aside
// whatever lies beyond what is accepted of the gate. A person may let in at once what the gate says it made before it was revoked.
import {
  decodeMark,
  decodeSyncRequest,
  err,
  ok,
  openSealed,
  readMarkFile,
  segmentKey,
  type Ingest,
  type IngestError,
  type Ledger,
  type MarkFileError,
  type Result,
  type SignedChunk,
} from '@postern/shared';
import type { Database } from '../store/database.ts';
import type { Keys } from './keys.ts';
import type { Quarantine } from './quarantine.ts';

export interface SealedImport {
  readonly event: number;
  /** Who sealed the file. */
  readonly gate: string;
  /** That were not known before, released ones included. */
  readonly marks: number;
  readonly revokedAtMs: number | undefined;
  /** Put aside and not released: marks by whether their gate says they were made before it was revoked. */
  readonly aside: { readonly before: number; readonly after: number };
  /** Pieces that were neither taken nor put aside because of the revocation. */
  readonly refused: Readonly<Partial<Record<IngestError['type'], number>>>;
}

export type SealedMarksError =
  | MarkFileError
  /** A file of marks that is not sealed; a gate can take it in. */
  | { readonly type: 'mark-file-open' }
  /** Altered, or sealed to another cloud. */
  | { readonly type: 'mark-file-not-ours' };

export interface SealedMarks {
  /** `name`: of the file, kept beside what is put aside. Doing it twice changes nothing. */
  readonly take: (
    file: AsyncIterable<Uint8Array>,
    options: { readonly name: string; readonly release: boolean },
  ) => Promise<Result<SealedImport, SealedMarksError>>;
}

export interface SealedMarksDeps {
  readonly database: Database;
  readonly keys: Pick<Keys, 'sealing'>;
  readonly ledger: Pick<Ledger, 'marks'>;
  readonly ingest: Pick<Ingest, 'chunk'>;
  readonly quarantine: Pick<Quarantine, 'list' | 'release'>;
}

/** Of one gate in quarantine, looked through for what a file brought. */
const asidePagesMax = 100;

export function createSealedMarks({ database, keys, ledger, ingest, quarantine }: SealedMarksDeps): SealedMarks {
  /** How many of a chunk's marks their gate dates up to `untilMs`, and after. */
  const datesOf = (
    chunk: SignedChunk,
    segment: readonly SignedChunk[],
    untilMs: number,
  ): { readonly before: number; readonly after: number } => {
    const { from, count } = chunk.head;
    const dates = ledger
      .marks(segment)
      .slice(from, count)
      .flatMap((bytes) => {
        const mark = decodeMark(bytes, chunk.head);
        return mark.ok ? [mark.value.at.ms] : [];
      });
    const before = dates.filter((ms) => ms <= untilMs).length;
    return { before, after: count - from - before };
  };

  /** Lets in, of what was put aside, these chunks; the marks that came of it. */
  const release = async (event: number, gate: string, chunks: readonly SignedChunk[]): Promise<number> => {
    const wanted = new Set(chunks.map(placeOf));
    let marks = 0;
    let cursor: string | undefined;
    const ids: { readonly id: string; readonly order: string }[] = [];
    for (let page = 0; page < asidePagesMax; page++) {
      const listed = await quarantine.list(event, { gate, limit: 100, ...(cursor === undefined ? {} : { cursor }) });
      if (!listed.ok) break;
      for (const { id, boot, segment, firstSequence, marks: count, releasedAtMs } of listed.value.chunks)
        if (releasedAtMs === undefined && wanted.has(`${boot}/${segment}/${firstSequence + count - 1}`))
          ids.push({ id, order: `${boot}/${String(firstSequence + count).padStart(12, '0')}` });
      cursor = listed.value.next;
      if (cursor === undefined) break;
    }
    for (const { id } of ids.toSorted((a, b) => (a.order < b.order ? -1 : 1))) {
      const released = await quarantine.release(event, id);
      // One that an earlier release has brought along.
      if (released.ok) marks += released.value.marks;
    }
    return marks;
  };

  return {
    take: async (file, { name, release: isToRelease }) => {
      let event = 0;
      let gate = '';
      let problem: SealedMarksError | undefined;
      let marks = 0;
      const refused: Partial<Record<IngestError['type'], number>> = {};
      const aside: SignedChunk[] = [];
      const bySegment = new Map<string, SignedChunk[]>();
      const read = await readMarkFile(file, {
        header: (header) => {
          ({ event, gate } = header);
          if (!header.sealed) problem = { type: 'mark-file-open' };
          return header.sealed;
        },
        message: async (sealed) => {
          const opened = problem === undefined ? openSealed(keys.sealing, sealed) : undefined;
          const request = opened && decodeSyncRequest(opened);
          if (request?.ok !== true || request.value.event !== event) {
            problem ??= { type: 'mark-file-not-ours' };
            return;
          }
          for (const chunk of request.value.chunks) {
            if (chunk.head.event !== event || chunk.head.gate !== gate) continue;
            const key = segmentKey(chunk.head);
            const segment = bySegment.get(key);
            if (segment === undefined) bySegment.set(key, [chunk]);
            else segment.push(chunk);
            const taken = await ingest.chunk(chunk, name);
            if (taken.ok) marks += taken.value.marks;
            else if (taken.error.type === 'gate-revoked') aside.push(chunk);
            else refused[taken.error.type] = (refused[taken.error.type] ?? 0) + 1;
          }
        },
      });
      if (problem !== undefined) return err(problem);
      if (!read.ok) return read;
      const revokedAtMs = await readRevokedAtMs(database, event, gate);
      const dated = aside.map((chunk) => ({
        chunk,
        dates: datesOf(chunk, bySegment.get(segmentKey(chunk.head)) ?? [], revokedAtMs ?? 0),
      }));
      const released = isToRelease ? dated.filter(({ dates }) => dates.after === 0) : [];
      if (released.length > 0)
        marks += await release(
          event,
          gate,
          released.map(({ chunk }) => chunk),
        );
      const left = dated.filter((item) => !released.includes(item));
      return ok({
        event,
        gate,
        marks,
        revokedAtMs,
        refused,
        aside: {
          before: left.reduce((sum, { dates }) => sum + dates.before, 0),
          after: left.reduce((sum, { dates }) => sum + dates.after, 0),
        },
      });
    },
  };
}

const placeOf = ({ head }: SignedChunk): string =>
  `${head.boot}/${head.segment}/${head.firstSequence + head.count - 1}`;

async function readRevokedAtMs(database: Database, event: number, gate: string): Promise<number | undefined> {
  const row = await database
    .selectFrom('gate')
    .select('revoked_at_ms')
    .where('event', '=', event)
    .where('id', '=', gate)
    .executeTakeFirst();
  return row?.revoked_at_ms ?? undefined;
}
