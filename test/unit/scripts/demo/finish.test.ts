// Goal: the demo fails when anything is lost, counted differently in two places, or not equal everywhere.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { complaintsOf, type Converged } from '../../../../scripts/demo/finish.ts';
import { makeFolder } from '../../../../scripts/demo/folder.ts';
import { readOptions } from '../../../../scripts/demo/options.ts';

const good: Converged = {
  totals: { admitted: 9, refused: 3, held: 1, doubleEntries: 1, marks: 12, lost: 0 },
  pairs: 1,
  hashes: ['aa', 'aa', 'aa'],
};

test('equal histories, nothing lost and one count in both places are no complaint', () => {
  expect(complaintsOf(good)).toEqual([]);
});

test.each<[string, Partial<Converged>]>([
  ['2 marks committed at a gate are not in the cloud', { totals: { ...good.totals, lost: 2 } }],
  ['the cloud knows 1 double entries, the journals hold 2', { pairs: 2 }],
  ['the histories differ: gate A aa, cloud bb, gate B aa', { hashes: ['aa', 'bb', 'aa'] }],
  ['the histories differ: gate A unknown, cloud aa, gate B aa', { hashes: [undefined, 'aa', 'aa'] }],
])('complains: %s', (complaint, change) => {
  expect(complaintsOf({ ...good, ...change })).toEqual([complaint]);
});

test('each start gets a folder of its own that only its owner can read', () => {
  const parent = mkdtempSync(join(tmpdir(), 'demo-folder-'));
  const now = new Date(2026, 5, 1, 19, 2, 11);
  const [first, second] = [makeFolder(parent, now), makeFolder(parent, now)];
  expect(first.path).toBe(join(parent, 'demo-20260601-190211'));
  expect(second.path).toBe(join(parent, 'demo-20260601-190211-2'));
  expect(statSync(first.path).mode & 0o777).toBe(0o700);
  rmSync(parent, { recursive: true });
});

test("a camera's socket moves elsewhere when the folder's path is too long for one", () => {
  const parent = mkdtempSync(join(tmpdir(), `demo-${'long-'.repeat(20)}`));
  const folder = makeFolder(parent, new Date());
  const socket = folder.cameraSocket('a');
  expect(Buffer.byteLength(socket)).toBeLessThanOrEqual(107);
  for (const made of [parent, dirname(socket)]) rmSync(made, { recursive: true });
});

test('settings come from the environment and are checked', () => {
  expect(readOptions({})).toMatchObject({ seconds: 60, scripted: false, firstPort: 8_100 });
  expect(readOptions({ POSTERN_DEMO_SECONDS: '20' })).toMatchObject({ seconds: 20, scripted: true });
  expect(readOptions({ POSTERN_DEMO_SECONDS: '3' })).toMatchObject({ seconds: 15, scripted: true });
  for (const wrong of ['0', '-3', 'soon', '1e9'])
    expect(() => readOptions({ POSTERN_DEMO_SECONDS: wrong })).toThrow('POSTERN_DEMO_SECONDS');
  expect(() => readOptions({ POSTERN_DEMO_PORT: '80' })).toThrow('POSTERN_DEMO_PORT');
});
