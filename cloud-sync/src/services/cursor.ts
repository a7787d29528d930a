// Where a page ended, as text that a client hands back: the sort key of its last row. Nobody else should look into it, and nothing is
// trusted that it says. Lists over several events are merged from a page of each.
import { base64UrlToBytes, bytesToBase64Url, err, ok, utf8, type Result } from '@postern/shared';
import { z } from 'zod';
import { parseJson } from './parse-json.ts';
import type { Failure } from './problems.ts';

/** Texts in a sort key: ids, which have nothing that a database could not compare. */
export const cursorText = z.string().regex(/^[\x20-\x7e]{0,200}$/);

const encodeCursor = (key: readonly (string | number)[]): string => bytesToBase64Url(utf8(JSON.stringify(key)));

/** `request-invalid` for what no page of this list has given. */
function decodeCursor<K>(text: string, schema: z.ZodType<K>): Result<K, Failure> {
  const bytes = base64UrlToBytes(text);
  const key = bytes === undefined ? undefined : schema.safeParse(parseJson(new TextDecoder().decode(bytes)));
  return key?.success === true
    ? ok(key.data)
    : err({ type: 'request-invalid', detail: 'This cursor is not from a page of this list.' });
}

export interface Page<T> {
  readonly rows: readonly T[];
  /** Where the next page begins; absent after the last row. */
  readonly next?: string;
}

/** At most `limit` rows after `cursor`; `read` is asked for one more, to know whether there is a next page. */
export async function readPage<K extends readonly (string | number)[], T>(
  cursor: string | undefined,
  schema: z.ZodType<K>,
  limit: number,
  read: (after: K | undefined, limit: number) => Promise<readonly T[]>,
  keyOf: (row: T) => K,
): Promise<Result<Page<T>, Failure>> {
  const after = cursor === undefined ? ok(undefined) : decodeCursor(cursor, schema);
  if (!after.ok) return after;
  const found = await read(after.value, limit + 1);
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  return ok({ rows, ...(found.length > limit && last !== undefined ? { next: encodeCursor(keyOf(last)) } : {}) });
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
