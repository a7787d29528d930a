// Goal: an earlier export proves the log only where all of it is still there; what is no export, or a forged one, proves nothing.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Result } from '@postern/shared';
import { createAuditTools, type AuditProof, type AuditTools } from '../../../cloud-sync/src/services/audit-tools.ts';
import type { Failure } from '../../../cloud-sync/src/services/problems.ts';
import { anEntry, openAuditBooks, type AuditBooks } from '../../support/audit.ts';

let books: AuditBooks;
let tools: AuditTools;
let exported: readonly string[];

beforeAll(async () => {
  books = await openAuditBooks();
  for (let start = 0; start < 2; start++) {
    const audit = books.start();
    await books.record(audit, anEntry({ note: 'by telephone' }), anEntry({ details: { to: 2 } }));
    await audit.close();
  }
  const clock = { wallMs: () => 0, monotonicMs: () => 0 };
  tools = createAuditTools({ database: books.database, clock, keys: books.keys, rotateKey: async () => '' });
  const lines: string[] = [];
  for await (const line of tools.exportLines()) lines.push(line);
  exported = lines;
});
afterAll(() => books.close());

async function* each(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}
const verify = (lines: readonly string[]): Promise<Result<AuditProof, Failure>> =>
  tools.verify({ against: { file: 'old.jsonl', lines: each(lines) } });
const noExport = (line: number): object => ({
  ok: false,
  error: {
    type: 'request-invalid',
    detail: `old.jsonl is not an export of this log (line ${line}); make one with cloud-sync audit export`,
  },
});
const indexOf = (kind: string): number => exported.findIndex((line) => line.startsWith(`{"${kind}"`));

describe('an earlier export', () => {
  it('holds where all of it is still there, also after more was recorded and erased', async () => {
    const audit = books.start();
    await books.record(audit, anEntry());
    await books.database
      .transaction()
      .execute((queries) =>
        audit.erase(queries, { field: 'note', value: 'by telephone' }, { kind: 'user', id: 'u-anna' }),
      );
    expect(await verify(exported)).toMatchObject({ ok: true, value: { held: { heads: 2, entries: 8 } } });
    const proof = await verify(exported);
    expect(proof.ok && proof.value.flaw).toBeUndefined();
  });

  it('does not hold where any value of any line was forged', async () => {
    for (const [index, line] of exported.entries()) {
      const [[kind, row] = ['', {}]] = Object.entries(JSON.parse(line) as Record<string, Record<string, unknown>>);
      for (const [column, value] of Object.entries(row)) {
        const other = typeof value === 'number' ? value + 1 : `${JSON.stringify(value)}0`;
        const forged = JSON.stringify({ [kind]: { ...row, [column]: other } });
        const proof = await verify(exported.with(index, forged));
        expect(proof, forged).toMatchObject({ ok: true, value: { flaw: { what: expect.any(String) } } });
      }
    }
  });

  it.each(['entry', 'head', 'chain'])('names the place of a forged %s', async (kind) => {
    const index = indexOf(kind);
    const forged = exported.with(index, (exported[index] ?? '').replace(/"(hash|id)":"./, '"$1":"x'));
    const proof = await verify(forged);
    expect(proof).toMatchObject({
      ok: true,
      value: { flaw: { what: expect.stringMatching(/in the export, and is now missing or another$/) } },
    });
  });

  it('is none with a line that we do not write, whatever it is', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.string(), fc.json(), fc.constantFrom('', '{"entry":{}}', '{"head":null}', '{"chain":{"id":1}}')),
        fc.nat(exported.length),
        async (junk, at) => {
          expect(await verify(exported.toSpliced(at, 0, junk))).toEqual(noExport(at + 1));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('is none without any entry or head', async () => {
    expect(await verify([])).toEqual(noExport(1));
    expect(await verify(exported.slice(0, 1))).toEqual(noExport(2));
  });
});
