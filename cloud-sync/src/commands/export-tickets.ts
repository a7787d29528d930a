// `cloud-sync export`: the tickets of an event as CSV, on standard output or into a file, also while the service runs.
import { open } from 'node:fs/promises';
import { defineCommand, type CommandDef } from 'citty';
import { systemActor, type AuditRecord } from '../services/audit.ts';
import type { TicketExports } from '../services/ticket-export.ts';
import { eventArgument, placeArguments, type CommandTools } from './command-tools.ts';

/** What the command needs of an opened service. */
interface ExportCloud {
  readonly ticketExports: TicketExports;
  readonly recordAlone: (entry: AuditRecord) => Promise<void>;
}

const exportArguments = {
  ...eventArgument,
  holders: { type: 'boolean', description: 'With order numbers, names and e-mail addresses' },
  uses: { type: 'boolean', description: 'With first entry, last exit and their gates' },
  out: {
    type: 'string',
    description: 'File to write, which must not be there (default: standard output)',
    valueHint: 'FILE',
  },
  ...placeArguments,
} as const;

export interface ExportTicketsTools extends CommandTools<ExportCloud> {
  /** Resolves when there is room for more; false once nobody reads any more. */
  readonly write: (text: string) => Promise<boolean>;
}

export const createExportTicketsCommand = ({
  withCloud,
  eventNumber,
  orExit,
  fail,
  write,
}: ExportTicketsTools): CommandDef<typeof exportArguments> =>
  defineCommand({
    meta: { name: 'export', description: 'Write the tickets of an event as CSV' },
    args: exportArguments,
    run: async ({ args }) => {
      const event = eventNumber(args.event);
      const asked = { holders: args.holders === true, uses: args.uses === true };
      await withCloud(args, async ({ ticketExports, recordAlone }) => {
        const pages = orExit(await ticketExports.open(event, asked));
        await recordAlone({ action: 'tickets-exported', actor: systemActor, event, details: asked });
        if (args.out === undefined) {
          for await (const page of pages) if (!(await write(page))) return;
        } else await writeFile(args.out, pages, fail);
      });
    },
  });

/** For its owner alone: it may hold names. */
async function writeFile(path: string, pages: AsyncIterable<string>, fail: ExportTicketsTools['fail']): Promise<void> {
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      for await (const page of pages) await file.write(page);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (cause) {
    fail(`cannot write ${path}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}
