// Tables of tickets that were sent by HTTP: kept as files under their hash, outside memory, until their import has ended, and where processes
// share a database in the database too, since another one may run the import. Each begins with bytes of its own: of the same table sent twice at
// once, one may be done with before the other has begun. What an import came to is kept with its run.
import { Readable } from 'node:stream';
import {
  err,
  ok,
  ticketFileBytesMax,
  ticketFileReportSchema,
  type Clock,
  type Random,
  type Result,
  type TicketFileReport,
} from '@postern/shared';
import type { Database, Queries } from '../store/database.ts';
import { bytesOfFile, type CsvBytes } from './csv-file.ts';
import type { FeedFiles } from './feed-files.ts';
import type { Failure } from './problems.ts';

export interface TicketUploads {
  /** Writes it down as it comes in: `body-too-large`, `store-unavailable` where the disk is full or too many of the event come in at once. */
  readonly receive: (event: number, body: AsyncIterable<Uint8Array>) => Promise<Result<string, Failure>>;
  /** `file-unknown`. */
  readonly read: (sha256: string) => Promise<Result<CsvBytes, Failure>>;
  /** Inside the transaction that starts the run which is to import it. */
  readonly assign: (queries: Queries, run: string, event: number, sha256: string) => Promise<void>;
  /** The file goes, unless a run is to import it. */
  readonly release: (sha256: string) => Promise<void>;
  /** Releases what runs have left that were cancelled, or whose process died too often; answers of how many. */
  readonly releaseEnded: () => Promise<number>;
  readonly keepReport: (run: string, report: TicketFileReport, options: { readonly isDone: boolean }) => Promise<void>;
  readonly report: (run: string) => Promise<TicketFileReport | undefined>;
}

export interface TicketUploadsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly files: FeedFiles;
}

/** Before the table. */
const ownBytes = 16;
/** Of one event at a time: each may need its maximum of the disk that everything else needs too. */
export const receivedAtOnceMax = 2;

export function createTicketUploads({ database, clock, random, files }: TicketUploadsDeps): TicketUploads {
  /** By event. */
  const receiving = new Map<number, number>();
  const release: TicketUploads['release'] = async (sha256) => {
    const wanted = await database
      .selectFrom('ticket_file')
      .select('run')
      .where('sha256', '=', sha256)
      .limit(1)
      .executeTakeFirst();
    if (wanted === undefined) await files.remove(sha256);
  };
  const releaseEnded: TicketUploads['releaseEnded'] = async () => {
    const ended = await database
      .selectFrom('ticket_file')
      .leftJoin('job_run', 'job_run.id', 'ticket_file.run')
      .select(['run', 'sha256'])
      .where('sha256', 'is not', null)
      .where((where) => where.or([where('job_run.id', 'is', null), where('job_run.ended_at_ms', 'is not', null)]))
      .execute();
    for (const { run, sha256 } of ended) {
      await database.updateTable('ticket_file').set({ sha256: null }).where('run', '=', run).execute();
      await release(sha256 ?? '');
    }
    return ended.length;
  };

  return {
    release,
    releaseEnded,
    receive: async (event, body) => {
      const others = receiving.get(event) ?? 0;
      if (others >= receivedAtOnceMax)
        return err({ type: 'store-unavailable', detail: 'Other tables are being sent at this moment: send it again.' });
      receiving.set(event, others + 1);
      let bytes = 0;
      const bounded = async function* (): AsyncGenerator<Uint8Array> {
        yield random(ownBytes);
        for await (const chunk of body) {
          bytes += chunk.length;
          if (bytes > ticketFileBytesMax) return;
          yield chunk;
        }
      };
      try {
        await releaseEnded();
        const { sha256 } = await files.store(Readable.from(bounded()));
        if (bytes <= ticketFileBytesMax) return ok(sha256);
        await release(sha256);
        return err({ type: 'body-too-large', detail: `At most ${ticketFileBytesMax} bytes.` });
      } catch (cause) {
        // The disk is full or broken, or the sender has gone.
        return err({ type: 'store-unavailable', detail: `The file could not be written down: ${String(cause)}` });
      } finally {
        const left = (receiving.get(event) ?? 1) - 1;
        if (left > 0) receiving.set(event, left);
        else receiving.delete(event);
      }
    },
    read: async (sha256) => {
      const path = await files.locate(sha256);
      return path === undefined ? err({ type: 'file-unknown' }) : bytesOfFile(path, ownBytes);
    },
    assign: async (queries, run, event, sha256) => {
      await queries
        .insertInto('ticket_file')
        .values({ run, event, sha256, report: null, created_at_ms: clock.wallMs() })
        .execute();
    },
    keepReport: async (run, report, { isDone }) => {
      await database
        .updateTable('ticket_file')
        .set({ report: JSON.stringify(report), ...(isDone ? { sha256: null } : {}) })
        .where('run', '=', run)
        .execute();
    },
    report: async (run) => {
      const row = await database.selectFrom('ticket_file').select('report').where('run', '=', run).executeTakeFirst();
      const text = row?.report ?? undefined;
      return text === undefined ? undefined : ticketFileReportSchema.parse(JSON.parse(text));
    },
  };
}
