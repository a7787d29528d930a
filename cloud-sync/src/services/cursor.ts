// Pages of every list of the API. Where a page ended is a text that a client hands back: the sort key of its last row, behind a hash of
// the list and its filters, for which alone it is good. Nobody else should look into it, and nothing is trusted that it says. Lists over
// several events are merged from a page of each.
import { base64UrlToBytes, bytesToBase64Url, bytesEqual, err, ok, sha256, utf8, type Result } from '@postern/shared';
import { z } from 'zod';
import { parseJson } from './parse-json.ts';
import type { Failure } from './problems.ts';

/** Texts in a sort key: ids, which have nothing that a database could not compare. */
export const cursorText = z.string().regex(/^[\x20-\x7e]{0,200}$/);

export interface Page<T> {
  readonly rows: readonly T[];
  /** Where the next page begins; absent after the last row. */
  readonly next?: string;
}

export interface List<K, T> {
  /** Its name among all lists. */
  readonly name: string;
  /** What was asked for: everything but these three narrows the list. */
  readonly query: {
    readonly cursor?: string | undefined;
    readonly limit: number;
    readonly format?: string;
    readonly [filter: string]: string | number | undefined;
  };
  readonly key: z.ZodType<K>;
  /** At most `limit` rows after a key, in the order of keys. */
  readonly read: (after: K | undefined, limit: number) => Promise<readonly T[]>;
  readonly keyOf: (row: T) => K;
}

/** One row more than the page has is read, to know whether there is a next one. `cursor-invalid` for what no page of this list gave. */
export async function readPage<K extends readonly (string | number)[], T>({
  name,
  query,
  key,
  read,
  keyOf,
}: List<K, T>): Promise<Result<Page<T>, Failure>> {
  const { cursor, limit, format: _format, ...filters } = query;
  const question = hashQuestion(name, filters);
  const after = cursor === undefined ? undefined : decodeCursor(cursor, question, key);
  if (cursor !== undefined && after === undefined) return err({ type: 'cursor-invalid' });
  const found = await read(after, limit + 1);
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  return ok({
    rows,
    ...(found.length > limit && last !== undefined ? { next: encodeCursor(question, keyOf(last)) } : {}),
  });
}

const questionHashBytes = 8;

const hashQuestion = (name: string, filters: Readonly<Record<string, string | number | undefined>>): Uint8Array => {
  const given = Object.entries(filters)
    .filter(([, value]) => value !== undefined)
    .toSorted(([a], [b]) => compareText(a, b));
  return sha256(utf8(JSON.stringify([name, given]))).slice(0, questionHashBytes);
};

const encodeCursor = (question: Uint8Array, key: readonly (string | number)[]): string =>
  bytesToBase64Url(Uint8Array.of(...question, ...utf8(JSON.stringify(key))));

function decodeCursor<K>(cursor: string, question: Uint8Array, schema: z.ZodType<K>): K | undefined {
  const bytes = base64UrlToBytes(cursor) ?? new Uint8Array(0);
  if (!bytesEqual(bytes.subarray(0, questionHashBytes), question)) return undefined;
  return schema.safeParse(parseJson(new TextDecoder().decode(bytes.subarray(questionHashBytes)))).data;
}

/** The first `limit` rows in `compare`'s order out of several sources that are each in that order, reading one after the other. */
export async function mergePages<S, T>(
  sources: Iterable<S>,
  read: (source: S) => Promise<readonly T[]>,
  compare: (a: T, b: T) => number,
  limit: number,
): Promise<readonly T[]> {
  let merged: readonly T[] = [];
  for (const source of sources) merged = [...merged, ...(await read(source))].toSorted(compare).slice(0, limit);
  return merged;
}

/** As the database orders ids, which are ASCII. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
