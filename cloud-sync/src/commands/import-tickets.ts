// `cloud-sync import FILE`: tickets out of a table that somebody else has made, also while the service runs. With --dry-run it only says what
// it would do. Exit code 1 when rows are refused. Where gates have a list of the event already, the new one is published at the end.
import {
  parseTypeNames,
  ticketColumns,
  ticketFileOptionsSchema,
  type TicketFileOptions,
  type TicketFileReport,
} from '@postern/shared';
import { defineCommand, type CommandDef } from 'citty';
import type { SingleBar } from 'cli-progress';
import { z } from 'zod';
import { systemActor } from '../services/audit.ts';
import { bytesOfFile } from '../services/csv-file.ts';
import type { Feed } from '../services/feed.ts';
import type { TicketFileImports } from '../services/ticket-file-import.ts';
import { eventArgument, placeArguments, type CommandTools } from './command-tools.ts';

/** What the command needs of an opened service. */
interface ImportCloud {
  readonly ticketFileImports: TicketFileImports;
  readonly feed: Feed;
}

const importArguments = {
  file: { type: 'positional', required: true, description: 'CSV with one ticket a row', valueHint: 'FILE' },
  ...eventArgument,
  'dry-run': { type: 'boolean', description: 'Only look: what would be done, and which rows are refused' },
  map: {
    type: 'string',
    description: `Header of a column, where it is not guessed; empty: no such column. Repeat it. Columns: ${ticketColumns.join(', ')}`,
    valueHint: 'code=Barcode',
  },
  types: {
    type: 'string',
    description: 'Numbers of ticket types by their names in the file',
    valueHint: 'VIP=2,Day=1',
  },
  'default-type': { type: 'string', description: 'Ticket type where the file says none', valueHint: 'N' },
  dates: { type: 'string', description: 'Order of days and months in 1/2/2026: dmy or mdy', valueHint: 'ORDER' },
  encoding: { type: 'string', description: 'Encoding, where the guess is wrong', valueHint: 'windows-1252' },
  delimiter: { type: 'string', description: 'What separates columns, where the guess is wrong', valueHint: ';' },
  reinstate: { type: 'boolean', description: 'Make cancelled tickets valid again where the file says so' },
  ...placeArguments,
} as const;

export interface ImportTicketsTools extends CommandTools<ImportCloud> {
  /** A bar on a terminal, undefined elsewhere. */
  readonly startProgress: (total: number, what: string) => SingleBar | undefined;
  /** Aborted when somebody presses Ctrl+C. */
  readonly interrupted: () => AbortSignal;
}

const bytesPerStep = 1_000;
/** Between two lines that say how far it is, where there is no bar. */
const rowsPerLine = 100_000;

export const createImportTicketsCommand = ({
  withCloud,
  eventNumber,
  orExit,
  fail,
  startProgress,
  interrupted,
}: ImportTicketsTools): CommandDef<typeof importArguments> =>
  defineCommand({
    meta: { name: 'import', description: 'Import tickets from a CSV file; a second time changes nothing' },
    args: importArguments,
    run: async ({ args, rawArgs }) => {
      const event = eventNumber(args.event);
      const options = readOptions(args, rawArgs, fail);
      const bytes = orExit(await bytesOfFile(args.file));
      await withCloud(args, async ({ ticketFileImports, feed }) => {
        const bar = startProgress(Math.ceil(bytes.size / bytesPerStep), 'kB');
        const report = orExit(
          await ticketFileImports.run(event, bytes, {
            dryRun: args['dry-run'] === true,
            options,
            by: systemActor,
            signal: interrupted(),
            progressed: (done, rows) => {
              if (bar !== undefined) bar.update(Math.ceil(done / bytesPerStep));
              else if (rows % rowsPerLine === 0)
                console.error(`${rows} rows, ${Math.floor((done / bytes.size) * 100)} % of the file`);
            },
          }),
        );
        bar?.stop();
        for (const line of describeReport(args.file, report)) console.log(line);
        if (report.refused > 0 || !report.complete) process.exitCode = 1;
        if (report.dryRun || report.created + report.changed === 0) return;
        console.log(await publish(feed, event, orExit));
      });
    },
  });

/** Gates have a list of this event already, or it is not yet time for one. */
async function publish(feed: Feed, event: number, orExit: ImportTicketsTools['orExit']): Promise<string> {
  if ((await feed.version(event)) === 0) return `Gates get them with: cloud-sync feed publish --event ${event}`;
  const { version } = orExit(await feed.publish(event));
  return `Published to the gates as version ${version}.`;
}

interface GivenOptions {
  readonly types?: string | undefined;
  readonly 'default-type'?: string | undefined;
  readonly dates?: string | undefined;
  readonly encoding?: string | undefined;
  readonly delimiter?: string | undefined;
  readonly reinstate?: boolean | undefined;
}

function readOptions(
  args: GivenOptions,
  rawArgs: readonly string[],
  fail: ImportTicketsTools['fail'],
): TicketFileOptions {
  const columns = valuesOf(rawArgs, 'map').map((text): readonly [string, string] => {
    const [column = '', ...name] = text.split('=');
    if (name.length === 0) fail(`--map takes COLUMN=HEADER, such as code=Barcode, not "${text}".`);
    if (!ticketColumns.some((one) => one === column))
      fail(`--map knows no column "${column}", but: ${ticketColumns.join(', ')}.`);
    return [column, name.join('=')];
  });
  const typeTexts = valuesOf(rawArgs, 'types');
  const types = typeTexts.length === 0 ? {} : parseTypeNames(typeTexts.join(','));
  const parsed = ticketFileOptionsSchema.safeParse({
    columns: Object.fromEntries(columns),
    types: types ?? fail('--types takes NAME=NUMBER, with commas between several.'),
    defaultType: args['default-type'] === undefined ? undefined : Number(args['default-type']),
    dates: args.dates,
    encoding: args.encoding,
    delimiter: args.delimiter === '\\t' ? '\t' : args.delimiter,
    reinstates: args.reinstate === true,
  });
  return parsed.success ? parsed.data : fail(`wrong options\n${z.prettifyError(parsed.error)}`);
}

/** Of an option that may be repeated; the parser keeps its last. */
function valuesOf(rawArgs: readonly string[], name: string): readonly string[] {
  return rawArgs.flatMap((word, index) => {
    if (word.startsWith(`--${name}=`)) return word.slice(name.length + 3);
    return word === `--${name}` ? (rawArgs[index + 1] ?? '') : [];
  });
}

export function describeReport(file: string, report: TicketFileReport): readonly string[] {
  const { dryRun, rows, created, changed, unchanged, refused, changes, errors } = report;
  const would = dryRun ? 'would be ' : '';
  const inWhat = Object.entries(changes).map(([field, count]) => `${field} ${count}`);
  const listed = errors.map(
    ({ row, line, problem }) => `row ${row}${line === undefined || line === row ? '' : ` (line ${line})`}: ${problem}`,
  );
  return [
    `${file}: ${report.encoding}, columns separated by ${report.delimiter === '\t' ? 'tabs' : `"${report.delimiter}"`}`,
    `  taken: ${Object.entries(report.columns)
      .map(([column, header]) => `${column} from "${header}"`)
      .join(', ')}`,
    ...(report.unused.length === 0 ? [] : [`  not used: ${report.unused.map((name) => `"${name}"`).join(', ')}`]),
    ...listed,
    ...(refused > errors.length ? [`… and ${refused - errors.length} more`] : []),
    `${rows} tickets: ${created} ${would}created, ${changed} ${would}changed${inWhat.length === 0 ? '' : ` (${inWhat.join(', ')})`}, ${unchanged} unchanged, ${refused} refused`,
    ...(report.complete
      ? []
      : ['The file was not read to its end. Run it again once that is mended: what is here already is left alone.']),
  ];
}
