import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { presentationTextCharsMax } from '@postern/shared';
import { createLineSplitter, lineBytesMax } from '../../../../gate-agent/src/line-splitter.ts';
import { createStdinReader } from '../../../../gate-agent/src/readers/stdin.ts';
import { createSeededUniform } from '../../../../scripts/lib/render-code-frame.ts';
import { createCollector, createManualClock, silentLogger } from '../../../support/readers.ts';

/** Everything a reader delivers from `chunks` until the input ends. */
async function readAll(chunks: readonly (string | Uint8Array)[]) {
  const input = new PassThrough();
  const { deliver, all, texts } = createCollector();
  const reader = createStdinReader({ id: 'wedge', input, clock: createManualClock(), logger: silentLogger });
  const running = reader.run(deliver, new AbortController().signal);
  for (const chunk of chunks) input.write(chunk);
  input.end();
  await running;
  return { all, texts: texts(), stats: reader.stats() };
}

test('one code a line, whatever ends the line and wherever the chunks are cut', async () => {
  expect((await readAll(['A1\nB2\r\nC3\rD', '4\r', '\nE5\n\n\n'])).texts).toEqual(['A1', 'B2', 'C3', 'D4', 'E5']);
});

test('the last line counts without its end, and the end of the input ends the run', async () => {
  const { all } = await readAll(['A1\nB2']);
  expect(all).toEqual([
    { medium: 'typed', text: 'A1', readerId: 'wedge', seenAtMs: 1_000 },
    { medium: 'typed', text: 'B2', readerId: 'wedge', seenAtMs: 1_000 },
  ]);
});

test('bytes that are not UTF-8 become one character each', async () => {
  expect((await readAll([Uint8Array.of(0x4d, 0xfc, 0x0a, 0xc3, 0xbc, 0x0a, 0xff, 0x00, 0x0a)])).texts).toEqual([
    'M\u00fc',
    'ü',
    '\u00ff\0',
  ]);
});

test('a line that is too long is refused as a whole and the next one is read', async () => {
  const longest = 'x'.repeat(presentationTextCharsMax);
  const { texts, stats } = await readAll([`${longest}\n`, `${longest}x\n`, 'y'.repeat(lineBytesMax * 3), '\nB2\n']);
  expect(texts).toEqual([longest, 'B2']);
  expect(stats).toEqual({ lines: 2, tooLong: 2 });
});

test('an input that fails rejects the run, one that has ended ends it', async () => {
  const input = new PassThrough();
  const reader = createStdinReader({ id: 'wedge', input, clock: createManualClock(), logger: silentLogger });
  const running = reader.run(() => undefined, new AbortController().signal);
  input.destroy(new Error('device gone'));
  await expect(running).rejects.toMatchObject({ type: 'input-failed' });
  await reader.run(() => undefined, new AbortController().signal);
});

test('10,000 random inputs never throw and never give a line with an end in it', () => {
  const uniform = createSeededUniform(4);
  for (let round = 0; round < 10_000; round++) {
    const lines: Uint8Array[] = [];
    const splitter = createLineSplitter(
      (line) => lines.push(line),
      () => undefined,
    );
    for (let chunk = 0; chunk < 3; chunk++)
      splitter.push(Uint8Array.from({ length: Math.floor(uniform() * 20) }, () => Math.floor(uniform() * 32)));
    splitter.end();
    for (const line of lines) {
      expect(line.length).toBeGreaterThan(0);
      expect([...line].filter((byte) => byte === 10 || byte === 13)).toEqual([]);
    }
  }
});
