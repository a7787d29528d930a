import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { testReader } from '../../../../gate-agent/src/commands/test-reader.ts';
import { silentLogger } from '../../../support/lane-rig.ts';
import { createVirtualTime } from '../../../support/virtual-time.ts';

const secret = 'PN1:0123456789ABCDEF';

async function show(uri: string, lines: readonly string[], whole = false) {
  const written: string[] = [];
  const stdin = new PassThrough();
  const { clock, timer } = createVirtualTime();
  const answered = testReader(
    { uri, whole },
    {
      clock,
      timer,
      random: (bytes) => new Uint8Array(bytes),
      logger: silentLogger,
      stdin,
      signal: new AbortController().signal,
      writeLine: (line) => void written.push(line),
    },
  );
  for (const line of lines) stdin.write(`${line}\n`);
  stdin.end();
  return { answer: await answered, written };
}

test('shows what arrives, a code by its beginning only, and counts it', async () => {
  const { answer, written } = await show('stdin://', [secret, 'SHORT']);
  expect(answer).toEqual({ ok: true, value: 2 });
  expect(written).toEqual([
    'reader starting',
    '0.00 s  typed, 20 characters: "PN1:01234567…"',
    '0.00 s  typed, 5 characters: "SHORT"',
  ]);
});

test('shows codes whole only when it is asked to', async () => {
  expect((await show('stdin://', [secret], true)).written.join()).toContain(secret);
});

test('an address that no reader has is one clear error', async () => {
  expect((await show('tape://1', [])).answer).toMatchObject({
    error: { type: 'reader-uri-invalid', message: expect.stringContaining('valid are') },
  });
});
