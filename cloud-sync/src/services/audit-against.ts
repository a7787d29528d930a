// Holds the log against an earlier export of it: every chain, entry and head in the file must still be there as it was exported. That
// finds what a proof of the log alone cannot: a log that was put back to an earlier state, heads and all. The log must have been proved
// before. Memory does not grow with the file.
import { err, ok, type Result } from '@postern/shared';
import { z } from 'zod';
import type { Database } from '../store/database.ts';
import type { EntryRow } from './audit-chain.ts';
import type { Flaw } from './audit-verify.ts';
import { parseJson } from './parse-json.ts';
import type { Failure } from './problems.ts';

export interface AuditExport {
  /** What it is called, for people. */
  readonly file: string;
  readonly lines: AsyncIterable<string>;
}

/** How much of the export is still there, up to the first flaw. */
export interface Held {
  readonly heads: number;
  readonly entries: number;
  readonly flaw: Flaw | undefined;
}

const pageRows = 1_000;
const sequence = z.number().int().min(1);
// What else a row had when it was exported is compared too; a column that came later is not missed, as the hash is over all of them.
const lineSchema = z.union([
  z.strictObject({ chain: z.looseObject({ id: z.string(), number: z.number().int() }) }),
  z.strictObject({ entry: z.looseObject({ chain: z.string(), sequence, hash: z.string() }) }),
  z.strictObject({ head: z.looseObject({ chain: z.string(), sequence, hash: z.string(), signature: z.string() }) }),
]);

/** `request-invalid` for a file that is no export: a line that we would not have written, or neither an entry nor a head. */
export async function holdAgainst(database: Database, { file, lines }: AuditExport): Promise<Result<Held, Failure>> {
  const readEntry = createEntryReader(database);
  let [line, heads, entries] = [0, 0, 0];
  const noExport = (): Result<never, Failure> =>
    err({
      type: 'request-invalid',
      detail: `${file} is not an export of this log (line ${line}); make one with cloud-sync audit export`,
    });
  const broken = (chain: string, at: number, what: string): Result<Held, Failure> =>
    ok({ heads, entries, flaw: { chain, sequence: at, what: `${what}, and is now missing or another` } });

  for await (const text of lines) {
    line += 1;
    const parsed = lineSchema.safeParse(parseJson(text));
    if (!parsed.success) return noExport();
    if ('chain' in parsed.data) {
      const { chain } = parsed.data;
      const row = await database.selectFrom('audit_chain').selectAll().where('id', '=', chain.id).executeTakeFirst();
      if (!isAsExported(chain, row)) return broken(chain.id, 1, 'began a chain in the export');
    } else if ('entry' in parsed.data) {
      const { entry } = parsed.data;
      if (!isAsExported(entry, await readEntry(entry.chain, entry.sequence)))
        return broken(entry.chain, entry.sequence, 'was in the export');
      entries += 1;
    } else {
      const { head } = parsed.data;
      const row = await database
        .selectFrom('audit_head')
        .selectAll()
        .where('chain', '=', head.chain)
        .where('sequence', '=', head.sequence)
        .executeTakeFirst();
      if (!isAsExported(head, row)) return broken(head.chain, head.sequence, 'was signed in the export');
      heads += 1;
    }
  }
  line += 1;
  return heads + entries === 0 ? noExport() : ok({ heads, entries, flaw: undefined });
}

const isAsExported = (exported: Readonly<Record<string, unknown>>, row: object | undefined): boolean => {
  if (row === undefined) return false;
  const columns = new Map<string, unknown>(Object.entries(row));
  return Object.entries(exported).every(([column, value]) => columns.get(column) === value);
};

/** Reads a page ahead, as an export goes through a chain in order. */
function createEntryReader(database: Database): (chain: string, at: number) => Promise<EntryRow | undefined> {
  let pageChain = '';
  let page = new Map<number, EntryRow>();
  return async (chain, at) => {
    if (chain !== pageChain || !page.has(at)) {
      const rows = await database
        .selectFrom('audit_entry')
        .selectAll()
        .where('chain', '=', chain)
        .where('sequence', '>=', at)
        .orderBy('sequence')
        .limit(pageRows)
        .execute();
      pageChain = chain;
      page = new Map(rows.map((row) => [row.sequence, row]));
    }
    return page.get(at);
  };
}
