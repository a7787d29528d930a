// Imports a table of tickets, or only says what that would do: the table's own reading (ticket-csv.ts) and the import of what it wants
// (ticket-import.ts), with one report of both.
import { err, ok, type Result, type TicketFileOptions, type TicketFileReport } from '@postern/shared';
import type { Database } from '../store/database.ts';
import type { AuditActor } from './audit.ts';
import type { CsvBytes } from './csv-file.ts';
import { readEvent } from './events.ts';
import type { Failure } from './problems.ts';
import { openTicketCsv } from './ticket-csv.ts';
import type { TicketImportOptions, TicketImports } from './ticket-import.ts';

export interface TicketFileImportOptions extends Pick<TicketImportOptions, 'dryRun' | 'signal' | 'fence'> {
  readonly options: TicketFileOptions;
  readonly by: AuditActor;
  /** How far it is, in bytes of the file and in rows. */
  readonly progressed?: ((bytes: number, rows: number) => void) | undefined;
}

export interface TicketFileImports {
  /** Whether it is a table of tickets at all, by what its beginning says: the same failures. */
  readonly check: (event: number, bytes: CsvBytes, options: TicketFileOptions) => Promise<Result<void, Failure>>;
  /** `event-unknown`, `csv-malformed`, `columns-unfit`, `store-unavailable`. */
  readonly run: (
    event: number,
    bytes: CsvBytes,
    options: TicketFileImportOptions,
  ) => Promise<Result<TicketFileReport, Failure>>;
}

export const createTicketFileImports = ({
  database,
  ticketImports,
}: {
  readonly database: Database;
  readonly ticketImports: TicketImports;
}): TicketFileImports => ({
  check: async (eventId, bytes, options) => {
    const event = await readEvent(database, eventId);
    if (event === undefined) return err({ type: 'event-unknown' });
    const opened = await openTicketCsv(bytes, event, options);
    if (!opened.ok) return opened;
    await opened.value.close();
    return ok(undefined);
  },
  run: async (eventId, bytes, { options, progressed, dryRun, by, signal, fence }) => {
    const event = await readEvent(database, eventId);
    if (event === undefined) return err({ type: 'event-unknown' });
    const opened = await openTicketCsv(bytes, event, options);
    if (!opened.ok) return opened;
    const { columns, wanted, encoding, delimiter, bytesRead, rowsRead, isWhole, close } = opened.value;
    const imported = await ticketImports.run(eventId, wanted, {
      dryRun,
      by,
      signal,
      fence,
      source: 'csv',
      reinstates: options.reinstates,
      // It reads ahead of what it has done.
      progressed: ({ rows }) => progressed?.(Math.round((bytesRead() * rows) / Math.max(1, rowsRead())), rows),
    });
    await close();
    if (!imported.ok) return imported;
    const { errors, changes, ...counts } = imported.value;
    return ok({
      dryRun,
      encoding,
      delimiter,
      columns: columns.named,
      unused: [...columns.unused],
      ...counts,
      changes: { ...changes },
      errors: [...errors],
      complete: isWhole() && signal?.aborted !== true,
    });
  },
});
