import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLogger } from '../../support/readers.ts';
import { openFireInput, type FireWatch } from '../../../gate-agent/src/fire-input.ts';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fire-'));
  path = join(folder, 'contact');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs `rounds` looks at the input, changing it before each, and counts how often fire was reported in each round. */
async function watchRounds(
  contents: readonly (string | undefined)[],
): Promise<{ readonly fires: readonly number[]; readonly warnings: readonly string[]; readonly watch: FireWatch }> {
  const stopping = new AbortController();
  const fires: number[] = [];
  const warnings: string[] = [];
  const logger = { ...silentLogger, warn: (_: unknown, message: string) => void warnings.push(message) };
  let count = 0;
  let round = 0;
  const write = (content: string | undefined): void =>
    content === undefined ? rmSync(path, { force: true }) : writeFileSync(path, content);
  write(contents[0]);
  const timer = {
    after: (_ms: number, fn: () => void) => {
      fires.push(count);
      count = 0;
      round++;
      if (round === contents.length) stopping.abort();
      else write(contents[round]);
      const immediate = setImmediate(fn);
      return () => clearImmediate(immediate);
    },
  };
  const opened = openFireInput(`file://${path}`, { timer, logger });
  if (!opened.ok) throw new Error(opened.error.cause);
  await opened.value.run(() => count++, stopping.signal);
  return { fires, warnings, watch: opened.value };
}

test('fire is told for as long as the contact is on, so that a lane reset too early is freed again', async () => {
  expect((await watchRounds(['0\n', '1\n', '1\n', '0\n'])).fires).toEqual([0, 1, 1, 0]);
});

test('going on and off is written into the log, once each', async () => {
  expect((await watchRounds(['0', '1', '1', '0', '0'])).warnings).toEqual([
    'The fire input went on',
    'The fire input went off',
  ]);
});

test('an input that cannot be read keeps its last state and says so', async () => {
  const { fires, watch } = await watchRounds(['1', undefined]);
  expect(fires).toEqual([1, 1]);
  expect(watch.trouble()).toContain('ENOENT');
  const quiet = await watchRounds([undefined]);
  expect(quiet.fires).toEqual([0]);
  expect(quiet.watch.trouble()).toContain('ENOENT');
});

test('an address of another kind is refused', () => {
  const deps = { timer: { after: () => () => undefined }, logger: silentLogger };
  for (const uri of [
    'http://contact',
    'gpio://',
    'gpio://gpiochip0',
    'gpio://gpiochip0?line=x',
    'gpio://a?line=1&on=2',
  ])
    expect(openFireInput(uri, deps)).toMatchObject({ ok: false, error: { type: 'fire-input-unknown' } });
});
