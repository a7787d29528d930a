// A CSV file as people have them: says in which encoding it is written and what separates its columns, as far as one can tell, and gives its
// rows in pieces. Reads the bytes twice, the first time for the encoding: a single byte at the very end may decide it.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { err, ok, type Result } from '@postern/shared';
import { guessEncoding, isArchive, readDelimiter } from './csv-guess.ts';
import { createCsvParser, type CsvEntry, type CsvRow } from './csv-parser.ts';
import type { Failure } from './problems.ts';

/** Bytes that can be read again from the beginning. */
export interface CsvBytes {
  readonly size: number;
  readonly read: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

export interface CsvOptions {
  /** A name that browsers know: `utf-8`, `windows-1252`, `utf-16le`, `iso-8859-15`, … */
  readonly encoding?: string | undefined;
  readonly delimiter?: string | undefined;
}

export interface CsvFile {
  readonly encoding: string;
  readonly delimiter: string;
  readonly header: CsvRow;
  /** Those under the header, in the pieces that they are read in. */
  readonly rows: AsyncIterable<readonly CsvEntry[]>;
  /** Bytes read by now, of `size`. */
  readonly bytesRead: () => number;
  /** Where not all rows are read. */
  readonly close: () => Promise<void>;
}

/** The first line is no longer, or it is no line. */
const headCharsMax = 100_000;
const readBytes = 256 * 1_024;

export const bytesInMemory = (bytes: Uint8Array): CsvBytes => ({ size: bytes.length, read: () => [bytes] });

/** From its `start`th byte on. `file-unknown`, with what the system says. */
export async function bytesOfFile(path: string, start = 0): Promise<Result<CsvBytes, Failure>> {
  try {
    const found = await stat(path);
    if (!found.isFile()) return err({ type: 'file-unknown', detail: `${path} is no file.` });
    const size = Math.max(0, found.size - start);
    return ok({ size, read: () => createReadStream(path, { start, highWaterMark: readBytes }) });
  } catch (cause) {
    return err({
      type: 'file-unknown',
      detail: `${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
    });
  }
}

/** `csv-malformed`: no text, nothing in it, or not the encoding that was asked for. */
export async function openCsv(bytes: CsvBytes, options: CsvOptions = {}): Promise<Result<CsvFile, Failure>> {
  const encoding = await findEncoding(bytes, options.encoding);
  if (!encoding.ok) return encoding;
  let bytesRead = 0;
  const text = decode(bytes, encoding.value, (count) => {
    bytesRead += count;
  });
  const { head, isAll } = await readHead(text);
  const refuse = async (detail: string): Promise<Result<never, Failure>> => {
    await text.return(undefined);
    return malformed(detail);
  };
  if (head.includes('\0')) return refuse('It is no text.');
  const { delimiter, rest, skipped } = readDelimiter(head, options.delimiter);
  const parser = createCsvParser(delimiter);
  const first = [...parser.push(skipped), ...parser.push(rest), ...(isAll ? parser.end() : [])];
  const entries = (async function* (): AsyncGenerator<readonly CsvEntry[]> {
    yield first;
    for await (const piece of text) yield parser.push(piece);
    yield parser.end();
  })();
  const [header, ...others] = await firstRow(entries);
  if (header === undefined) return refuse('It is empty.');
  if ('problem' in header) return refuse(`Line ${header.line}: ${header.problem}.`);
  const rows = (async function* (): AsyncGenerator<readonly CsvEntry[]> {
    yield others;
    yield* entries;
  })();
  return ok({
    encoding: encoding.value,
    delimiter,
    header,
    rows,
    bytesRead: () => bytesRead,
    close: async () => void (await text.return(undefined)),
  });
}

const malformed = (detail: string): Result<never, Failure> => err({ type: 'csv-malformed', detail });

/** The first piece that has rows. */
async function firstRow(entries: AsyncGenerator<readonly CsvEntry[]>): Promise<readonly CsvEntry[]> {
  for (;;) {
    const next = await entries.next();
    if (next.done === true) return [];
    if (next.value.length > 0) return next.value;
  }
}

/** By its byte order mark, by where its zero bytes are, or as the first of UTF-8 and Windows-1252 that can read all of it. */
async function findEncoding(bytes: CsvBytes, asked: string | undefined): Promise<Result<string, Failure>> {
  const first = await readFirst(bytes);
  if (first.length === 0) return malformed('It is empty.');
  if (isArchive(first))
    return malformed('It is a workbook or an archive, no CSV: save it as "CSV UTF-8" in the spreadsheet.');
  const encoding = asked ?? guessEncoding(first);
  if (encoding === undefined) return ok((await canDecode(bytes, 'utf-8')) ? 'utf-8' : 'windows-1252');
  const label = labelOf(encoding);
  if (label === undefined) return malformed(`There is no encoding "${encoding}".`);
  if (await canDecode(bytes, label)) return ok(label);
  return malformed(
    `It is not ${label} throughout. Leave the encoding out to have it guessed, or name another one, such as windows-1252.`,
  );
}

async function readFirst(bytes: CsvBytes): Promise<Uint8Array> {
  for await (const chunk of bytes.read()) if (chunk.length > 0) return chunk;
  return new Uint8Array(0);
}

function labelOf(encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding).encoding;
  } catch {
    // The decoder throws at names that it does not know.
    return undefined;
  }
}

async function canDecode(bytes: CsvBytes, encoding: string): Promise<boolean> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  try {
    for await (const chunk of bytes.read()) decoder.decode(chunk, { stream: true });
    decoder.decode();
    return true;
  } catch (cause) {
    // Bytes that are not of this encoding; what the disk says is something else.
    if (cause instanceof TypeError) return false;
    throw cause;
  }
}

async function* decode(bytes: CsvBytes, encoding: string, count: (bytes: number) => void): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding);
  for await (const chunk of bytes.read()) {
    count(chunk.length);
    yield decoder.decode(chunk, { stream: true });
  }
  yield decoder.decode();
}

/** Up to the end of the first line at least. */
async function readHead(text: AsyncGenerator<string>): Promise<{ readonly head: string; readonly isAll: boolean }> {
  let head = '';
  while (head.length < headCharsMax && !/[^\r\n][\r\n]/.test(head)) {
    const next = await text.next();
    if (next.done === true) return { head, isAll: true };
    head += next.value;
  }
  return { head, isAll: false };
}
