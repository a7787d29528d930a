// A disk that loses what was not synced: reads strace's record of writes and syncs to some files, and rebuilds what those files may
// hold when the power goes at a given point. Between two syncs anything may have reached the disk: nothing, all, some sectors,
// some of them torn.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

const sectorBytes = 512;

export type DiskOperation =
  | { readonly type: 'write'; readonly file: string; readonly offset: number; readonly bytes: Buffer }
  | { readonly type: 'truncate'; readonly file: string; readonly length: number }
  | { readonly type: 'sync'; readonly file: string }
  /** A line of JSON that the process said on its standard output; what it starts, such as a compiler, says other things there. */
  | { readonly type: 'said'; readonly text: string };

/** Arguments for strace under which `readTrace` understands its output. */
export const traceArguments = (output: string): readonly string[] => [
  '-f',
  '-qq',
  '-y',
  '-xx',
  '-s',
  '70000',
  '-e',
  'trace=pwrite64,write,fsync,fdatasync,ftruncate',
  '-o',
  output,
];

/** Operations on files whose name begins with `prefix`, in the order in which they ended. Throws rather than leave one out. */
export function readTrace(path: string, prefix: string): readonly DiskOperation[] {
  return joinSplitCalls(readFileSync(path, 'utf8').split('\n')).flatMap((line): DiskOperation[] => {
    const match = /^\d+\s+(\w+)\((\d+)<([^>]*)>(?:, )?(.*)\)\s+= (-?\d+)/.exec(line);
    if (match === null) {
      if (/^(\d+\s+((\+\+\+|---) .*|.* = \?))?$/.test(line)) return [];
      throw new Error(`a line of the trace that says nothing we know: ${line.slice(0, 200)}`);
    }
    const [, call, descriptor, rawPath = '', rest = '', result] = match;
    if (call === 'write' && descriptor === '1') {
      const text = unescape(rest).toString('utf8');
      return text.startsWith('{') ? [{ type: 'said', text }] : [];
    }
    const file = basename(unescape(`"${rawPath}"`).toString('utf8'));
    if (!file.startsWith(prefix)) return [];
    if (Number(result) < 0) throw new Error(`a call on ${file} failed: ${call} = ${result}`);
    if (call === 'fsync' || call === 'fdatasync') return [{ type: 'sync', file }];
    if (call === 'ftruncate') return [{ type: 'truncate', file, length: Number(rest) }];
    if (call === 'pwrite64')
      return [{ type: 'write', file, offset: Number(/, (\d+)$/.exec(rest)?.[1]), bytes: unescape(rest) }];
    throw new Error(`a call on ${file} that cannot be replayed: ${call}`);
  });
}

/**
 * While another thread's call is reported, strace splits a call into its beginning and its end. A beginning that the process's
 * death left without an end (or with `= ?`) never happened.
 */
function joinSplitCalls(lines: readonly string[]): readonly string[] {
  const begun = new Map<string, string>();
  return lines.flatMap((line) => {
    const [, thread = '', text = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    const beginning = /^(.*?)\s*<unfinished \.\.\.>$/.exec(text)?.[1];
    if (beginning !== undefined) {
      begun.set(thread, beginning);
      return [];
    }
    const end = /^<\.\.\. \w+ resumed>(.*)$/.exec(text)?.[1];
    return end === undefined ? [line] : [`${thread} ${begun.get(thread)}${end}`];
  });
}

/** Bytes of the first quoted string, every one of them `\xNN`. */
function unescape(text: string): Buffer {
  const quoted = /"((?:\\x[0-9a-f]{2})*)"/.exec(text)?.[1] ?? '';
  return Buffer.from(quoted.replaceAll('\\x', ''), 'hex');
}

/** What has become of unsynced writes. */
export type Luck = 'none' | 'all' | 'some-sectors' | 'some-torn';
export const lucks: readonly Luck[] = ['none', 'all', 'some-sectors', 'some-torn'];

/** The files after a power cut behind `operations`, starting from `base`. `random` gives numbers from 0 to 1. */
export function diskAfterCut(
  base: ReadonlyMap<string, Buffer>,
  operations: readonly DiskOperation[],
  luck: Luck,
  random: () => number,
): ReadonlyMap<string, Buffer> {
  const durable = new Map([...base].map(([file, bytes]) => [file, Buffer.from(bytes)]));
  const pending = new Map<string, DiskOperation[]>();
  for (const operation of operations) {
    if (operation.type === 'said') continue;
    if (operation.type !== 'sync') {
      pending.set(operation.file, [...(pending.get(operation.file) ?? []), operation]);
      continue;
    }
    for (const waiting of pending.get(operation.file) ?? []) perform(durable, waiting);
    pending.delete(operation.file);
  }
  if (luck !== 'none')
    for (const operation of [...pending.values()].flat()) performPerhaps(durable, operation, luck, random);
  return durable;
}

function perform(files: Map<string, Buffer>, operation: DiskOperation): void {
  if (operation.type === 'write') writeAt(files, operation.file, operation.offset, operation.bytes);
  else if (operation.type === 'truncate')
    files.set(operation.file, Buffer.concat([files.get(operation.file) ?? Buffer.alloc(0)], operation.length));
}

function performPerhaps(files: Map<string, Buffer>, operation: DiskOperation, luck: Luck, random: () => number): void {
  if (luck === 'all' || operation.type !== 'write')
    return luck === 'all' || random() < 0.5 ? perform(files, operation) : undefined;
  for (let start = 0; start < operation.bytes.length; start += sectorBytes) {
    const sector = operation.bytes.subarray(start, start + sectorBytes);
    if (random() < 0.5) writeAt(files, operation.file, operation.offset + start, sector);
    else if (luck === 'some-torn' && random() < 0.3)
      writeAt(
        files,
        operation.file,
        operation.offset + start,
        Buffer.from(sector.map(() => Math.floor(random() * 256))),
      );
  }
}

function writeAt(files: Map<string, Buffer>, file: string, offset: number, bytes: Buffer): void {
  const before = files.get(file) ?? Buffer.alloc(0);
  const after = before.length >= offset + bytes.length ? before : Buffer.concat([before], offset + bytes.length);
  bytes.copy(after, offset);
  files.set(file, after);
}
