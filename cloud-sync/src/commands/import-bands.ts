// `cloud-sync import-bands FILE`: binds the wristbands of a CSV to tickets, all or none, also while the service runs. With --dry-run it only
// says what it would do. Exit code 1 when lines are wrong.
import { readFileSync, statSync } from 'node:fs';
import { batchBodyBytesMax, type BandImport } from '@postern/shared';
import { defineCommand, type CommandDef } from 'citty';
import type { BandImports } from '../services/band-import.ts';
import { systemActor, type AuditRecord } from '../services/audit.ts';
import { eventArgument, placeArguments, type CommandTools } from './command-tools.ts';

/** What the command needs of an opened service. */
interface BandCloud {
  readonly bandImports: BandImports;
  readonly recordAlone: (entry: AuditRecord) => Promise<void>;
}

const bandArguments = {
  file: {
    type: 'positional',
    required: true,
    description: 'CSV with the columns uid (NFC) or ble, and ticket or code',
    valueHint: 'FILE',
  },
  ...eventArgument,
  'dry-run': { type: 'boolean', description: 'Only look: what would be bound, and which lines are wrong' },
  ...placeArguments,
} as const;

export type ImportBandsTools = CommandTools<BandCloud>;

export const createImportBandsCommand = ({
  withCloud,
  eventNumber,
  orExit,
  fail,
}: ImportBandsTools): CommandDef<typeof bandArguments> =>
  defineCommand({
    meta: { name: 'import-bands', description: 'Bind the wristbands of a CSV file to tickets, all or none' },
    args: bandArguments,
    run: async ({ args }) => {
      const event = eventNumber(args.event);
      const file = readFile(args.file, fail);
      const dryRun = args['dry-run'] === true;
      await withCloud(args, async ({ bandImports, recordAlone }) => {
        const report = orExit(await bandImports.run(event, file, { dryRun, by: undefined }));
        const { bands, bound, errorCount } = report;
        if (!dryRun && bound > 0)
          await recordAlone({ action: 'bands-imported', actor: systemActor, event, details: { bands, bound } });
        for (const line of describe(report)) (errorCount > 0 ? console.error : console.log)(line);
        if (errorCount > 0) process.exitCode = 1;
      });
    },
  });

function readFile(path: string, fail: (message: string) => never): Uint8Array {
  try {
    if (statSync(path).size > batchBodyBytesMax) fail(`${path} has more than ${batchBodyBytesMax} bytes.`);
    return readFileSync(path);
  } catch (cause) {
    return fail(`cannot read ${path}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function describe({ dryRun, bands, bound, unchanged, errorCount, errors }: BandImport): readonly string[] {
  const listed = errors.map(
    ({ line, problem, ticket }) => `line ${line}: ${problem}${ticket === undefined ? '' : ` (ticket ${ticket})`}`,
  );
  const more = errorCount > errors.length ? [`… and ${errorCount - errors.length} more`] : [];
  const wrong = errorCount === 0 ? '' : `, ${errorCount} wrong`;
  return [
    ...listed,
    ...more,
    `${bands} bands: ${bound} ${dryRun ? 'would be bound' : 'bound'}, ${unchanged} bound already${wrong}`,
  ];
}
