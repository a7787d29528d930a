// Goal: what strace says of several threads at once is read as what each of them did, and nothing is passed over in silence.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readTrace } from '../../support/disk-replay.ts';

const folder = mkdtempSync(join(tmpdir(), 'trace-'));
afterAll(() => rmSync(folder, { recursive: true }));

const hex = (text: string): string => [...Buffer.from(text)].map((byte) => `\\x${byte.toString(16)}`).join('');
const path = (file: string): string => `<${hex(`/data/${file}`)}>`;
const read = (...lines: string[]): ReturnType<typeof readTrace> => {
  writeFileSync(join(folder, 'trace'), `${lines.join('\n')}\n`);
  return readTrace(join(folder, 'trace'), 'journal.db');
};

test('a call that another thread interrupts counts once, where it ended', () => {
  const operations = read(
    `7 pwrite64(3${path('journal.db-wal')}, "${hex('ab')}", 2, 32 <unfinished ...>`,
    `9 fsync(5${path('other.db')} <unfinished ...>`,
    `7 <... pwrite64 resumed>)                = 2`,
    `7 fdatasync(3${path('journal.db-wal')} <unfinished ...>`,
    `9 <... fsync resumed>)  = 0`,
    `7 <... fdatasync resumed>) = 0`,
    `7 write(1<pipe:[1]>, "${hex('{"x":1}')}", 7) = 7`,
    `7 +++ killed by SIGKILL +++`,
  );
  expect(operations).toEqual([
    { type: 'write', file: 'journal.db-wal', offset: 32, bytes: Buffer.from('ab') },
    { type: 'sync', file: 'journal.db-wal' },
    { type: 'said', text: '{"x":1}' },
  ]);
});

test('a call that the end of the process cut off never happened', () => {
  const begun = `7 fsync(3${path('journal.db')} <unfinished ...>`;
  expect(read(begun, '7 +++ killed by SIGKILL +++')).toEqual([]);
  expect(read(`${begun}) = ?`, '7 +++ killed by SIGKILL +++')).toEqual([]);
});

test('a failed call on the file, one that cannot be replayed and a line of another kind stop the reading', () => {
  expect(() => read(`7 fsync(3${path('journal.db')}) = -1 EIO (Input/output error)`)).toThrow('failed');
  expect(() => read(`7 write(3${path('journal.db')}, "${hex('ab')}", 2) = 2`)).toThrow('cannot be replayed');
  expect(() => read('strace: something went wrong')).toThrow('nothing we know');
});
