// The HTTP messages about tickets in files: what a table is read by, what its import did or would do, and what an export holds.
import { z } from 'zod';
import { importErrorsMax } from './wire-bands.ts';
import { jobRunSchema } from './wire-jobs.ts';
import { wholeNumber } from './wire-page.ts';

/** What a column can be. */
export const ticketColumns = [
  'code',
  'ticket',
  'type',
  'status',
  'party',
  'hold',
  'validFrom',
  'validUntil',
  'language',
  'name',
  'firstName',
  'lastName',
  'email',
  'order',
] as const;
export type TicketColumn = (typeof ticketColumns)[number];

export const ticketsPerImportMax = 2_000_000;
export const ticketFileBytesMax = 512 * 1024 * 1024;

const count = z.number().int().min(0);
const headerName = z.string().max(200);
const typeId = z.number().int().min(0).max(65_535);
const typeNamesMax = 1_000;

const columnsShape = Object.fromEntries(ticketColumns.map((column) => [column, headerName.optional()])) as Record<
  TicketColumn,
  z.ZodOptional<typeof headerName>
>;
const readingShape = {
  /** How days and months stand where they are divided by slashes. */
  dates: z.enum(['dmy', 'mdy']).optional(),
  /** As browsers name it; by default what the file looks like. */
  encoding: z
    .string()
    .regex(/^[A-Za-z0-9_.:-]{1,40}$/)
    .optional(),
  delimiter: z
    .string()
    .length(1)
    .regex(/^[^"\r\n]$/)
    .optional(),
};

const typeNamesSchema = z
  .record(headerName, typeId)
  .refine((types) => Object.keys(types).length <= typeNamesMax, `at most ${typeNamesMax} names`);

export const ticketFileOptionsSchema = z.strictObject({
  ...readingShape,
  /** The header of each column, where it is not to be guessed; empty: the table has no such column. */
  columns: z.strictObject(columnsShape).default({}),
  /** Ticket types by the names that the table has for them. */
  types: typeNamesSchema.default({}),
  /** Of tickets of which the table says none. */
  defaultType: typeId.optional(),
  /** Cancelled and blocked tickets become valid again where the table says so. */
  reinstates: z.boolean().default(false),
});
export type TicketFileOptions = z.infer<typeof ticketFileOptionsSchema>;

/** `VIP=2,Early bird=1`, or as JSON where names have commas; undefined where it is neither. */
export function parseTypeNames(text: string): Readonly<Record<string, number>> | undefined {
  if (text.startsWith('{')) return parseTypeNamesJson(text);
  const pairs = text.split(',').map((pair) => /^\s*(.+?)\s*=\s*(\d{1,5})\s*$/.exec(pair));
  if (pairs.some((pair) => pair === null)) return undefined;
  return Object.fromEntries(pairs.map((pair) => [pair?.[1] ?? '', Number(pair?.[2])]));
}

function parseTypeNamesJson(text: string): Readonly<Record<string, number>> | undefined {
  try {
    return typeNamesSchema.safeParse(JSON.parse(text)).data;
  } catch {
    // It is no JSON.
    return undefined;
  }
}

const yesOrNo = z
  .enum(['true', 'false'])
  .default('false')
  .transform((text) => text === 'true');

/** `POST /api/events/{event}/tickets/import`: each column by its name here, with the header of the table. */
export const ticketImportQuerySchema = z
  .strictObject({
    dryRun: yesOrNo,
    reinstate: yesOrNo,
    ...readingShape,
    ...columnsShape,
    types: z.string().max(10_000).optional(),
    defaultType: wholeNumber(65_535).optional(),
  })
  .transform((query, context): { readonly dryRun: boolean; readonly options: TicketFileOptions } => {
    const { dryRun, reinstate, dates, encoding, delimiter, types, defaultType, ...columns } = query;
    const named = types === undefined ? {} : parseTypeNames(types);
    if (named === undefined)
      context.addIssue({ code: 'custom', path: ['types'], message: 'it is NAME=NUMBER,… or JSON' });
    const options = { dates, encoding, delimiter, columns, types: named ?? {}, defaultType, reinstates: reinstate };
    return { dryRun, options };
  });

export const ticketImportErrorSchema = z.object({
  /** As a spreadsheet counts; the header is row 1. */
  row: z.number().int(),
  /** Where the row begins in the file: more than `row` where cells have line breaks. */
  line: z.number().int().optional(),
  problem: z.string(),
});

/** What an import has done, or would do. */
export const ticketFileReportSchema = z.object({
  dryRun: z.boolean(),
  /** As it was read. */
  encoding: z.string(),
  delimiter: z.string(),
  /** Which header was taken for what. */
  columns: z.partialRecord(z.enum(ticketColumns), z.string()),
  /** Headers of columns that nothing was taken from. */
  unused: z.array(z.string()),
  rows: count,
  created: count,
  changed: count,
  unchanged: count,
  refused: count,
  /** In what tickets change, with how many of them. */
  changes: z.record(z.string(), count),
  /** The first that were refused. */
  errors: z.array(ticketImportErrorSchema).max(importErrorsMax),
  /** False: the file could not be read to its end, or the import was broken off. */
  complete: z.boolean(),
});
export type TicketFileReport = z.infer<typeof ticketFileReportSchema>;

/** `GET /api/events/{event}/tickets/imports/{run}`. */
export const ticketImportViewSchema = z.object({
  run: jobRunSchema,
  /** Once it has ended. */
  report: ticketFileReportSchema.optional(),
});
export type TicketImportView = z.infer<typeof ticketImportViewSchema>;

/** `GET /api/events/{event}/tickets.csv`. */
export const ticketExportQuerySchema = z.strictObject({ holders: yesOrNo, uses: yesOrNo });
export type TicketExportQuery = z.infer<typeof ticketExportQuerySchema>;
