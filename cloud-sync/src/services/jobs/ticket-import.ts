// The import of a table that was sent by HTTP (ticket-uploads.ts), started by the route that took it. Whoever begins it again finds what the
// last one has left: an import leaves alone what is here already.
import { auditActorKinds, err, ok, ticketFileOptionsSchema } from '@postern/shared';
import { z } from 'zod';
import { problemTitle, type Failure } from '../problems.ts';
import type { TicketFileImports } from '../ticket-file-import.ts';
import type { TicketUploads } from '../ticket-uploads.ts';
import { defineJob, type JobFailure, type JobKind } from './job-kind.ts';

export const ticketImportKind = 'ticket-import';
const parametersSchema = z.strictObject({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  options: ticketFileOptionsSchema,
  by: z.strictObject({ kind: z.enum(auditActorKinds), id: z.string() }),
});
export type TicketImportParameters = z.infer<typeof parametersSchema>;

export interface TicketImportJobDeps {
  readonly ticketFileImports: TicketFileImports;
  readonly uploads: TicketUploads;
}

export const importTickets = ({ ticketFileImports, uploads }: TicketImportJobDeps): JobKind =>
  defineJob({
    name: ticketImportKind,
    title: 'Imports the tickets of a table that was sent',
    about: 'event',
    runNow: false,
    // Its file is the work: another one must not take its place.
    isKeptWaiting: true,
    parameters: parametersSchema,
    run: async ({ run, event, parameters: { sha256, options, by }, signal, report, fence }) => {
      const bytes = await uploads.read(sha256);
      if (!bytes.ok) return err(toJobFailure(bytes.error));
      const { size } = bytes.value;
      const imported = await ticketFileImports.run(event, bytes.value, {
        dryRun: false,
        options,
        by,
        signal,
        fence,
        progressed: (done) => report(done, size),
      });
      if (!imported.ok) return err(toJobFailure(imported.error));
      const { created, changed, unchanged, refused, complete } = imported.value;
      // A run that is given back needs its file.
      const isDone = !signal.aborted;
      await uploads.keepReport(run, imported.value, { isDone });
      if (isDone) await uploads.release(sha256);
      return ok({
        counts: { created, changed, unchanged, refused },
        summary: `${created} tickets created, ${changed} changed, ${unchanged} unchanged, ${refused} refused${complete ? '.' : '; the file was not read to its end.'}`,
      });
    },
  });

const toJobFailure = ({ type, detail }: Failure): JobFailure => ({ type, detail: detail ?? problemTitle(type) });
