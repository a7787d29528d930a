// What becomes of a revoked gate's marks: one file that only the key's owner opens, with every mark in it, and nothing else left.
import { createReadStream, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  decodeMark,
  decodeSyncRequest,
  keyPairFromSeed,
  loadLedger,
  openSealed,
  readMarkFile,
  ready,
  sealKeyPairFromSeed,
  type SignedChunk,
} from '@postern/shared';
import { beforeEach, expect, test } from 'vitest';
import { diskKeyPath, makeDiskKey, noteSealed } from '../../../gate-agent/src/disk-key.ts';
import { eventFolder, journalPath } from '../../../gate-agent/src/event-folder.ts';
import { sealedFiles, sealMarks } from '../../../gate-agent/src/seal-marks.ts';
import { createSystemRandom } from '../../../gate-agent/src/system.ts';
import { silentLogger } from '../../support/gate-rig.ts';
import { temporaryFolder } from '../../support/gate-store-harness.ts';
import { contentOf, makeUnsealedFolder, sealedEvent, ticketOf } from '../../support/unsealed-folder.ts';

const cloud = sealKeyPairFromSeed.bind(undefined, new Uint8Array(32).fill(5));
const random = createSystemRandom();
let data: string;
beforeEach(async () => {
  await ready;
  data = join(temporaryFolder(), 'data');
  await makeUnsealedFolder(data, { marks: 25 });
});
const seal = (diskKey?: string): Promise<boolean> =>
  sealMarks([sealedEvent], cloud().publicKey, {
    data,
    gate: 'gate-a',
    secretKey: keyPairFromSeed(new Uint8Array(32).fill(1)).secretKey,
    diskKey,
    random,
    logger: silentLogger,
  });

/** Tickets of the marks in a sealed file, in the order of their sequences. */
async function ticketsIn(file: string): Promise<readonly string[]> {
  const chunks: SignedChunk[] = [];
  const read = await readMarkFile(createReadStream(file), {
    header: ({ event, gate, sealed }) => event === sealedEvent && gate === 'gate-a' && sealed,
    message: async (message) => {
      const request = decodeSyncRequest(openSealed(cloud(), message) ?? new Uint8Array());
      if (request.ok) chunks.push(...request.value.chunks);
    },
  });
  expect(read.ok).toBe(true);
  const ledger = await loadLedger();
  return ledger.marks(chunks).map((bytes) => {
    const mark = decodeMark(bytes, chunks[0]?.head ?? { event: 0, gate: '', boot: '' });
    return mark.ok && 'ticketId' in mark.value ? mark.value.ticketId : '';
  });
}
const own = (): readonly string[] => Array.from({ length: 25 }, (_, index) => ticketOf(index));

test('all of its own marks are in the file, for the cloud alone, and nothing else is left', async () => {
  expect(await seal()).toBe(true);
  const [file = '', ...others] = sealedFiles(data);
  expect(others).toEqual([]);
  expect(await ticketsIn(file)).toEqual(own());
  expect(existsSync(eventFolder(data, sealedEvent))).toBe(false);
});

test('broken off before the rest was gone, what is sealed already stays as it is', async () => {
  cpSync(data, `${data}-before`, { recursive: true });
  await seal();
  const first = readFileSync(sealedFiles(data)[0] ?? '');
  cpSync(`${data}-before`, data, { recursive: true });
  expect(await seal()).toBe(true);
  expect(sealedFiles(data)).toHaveLength(2);
  for (const file of sealedFiles(data)) expect(await ticketsIn(file)).toEqual(own());
  expect(sealedFiles(data).map((file) => readFileSync(file))).toContainEqual(first);
});

test('with nothing to seal there is no file', async () => {
  await seal();
  const before = readdirSync(join(data, 'sealed'));
  expect(await seal()).toBe(true);
  expect(readdirSync(join(data, 'sealed'))).toEqual(before);
});

test('marks that cannot be read or written stay where they are', async () => {
  writeFileSync(join(data, 'sealed'), 'a file where a folder should be');
  expect(await seal()).toBe(false);
  expect((await contentOf(data)).journal).toHaveLength(25);
});

test('the key of the disk goes with what it opened, but not before all of it is sealed', async () => {
  mkdirSync(join(data, 'identity'));
  await makeDiskKey(data, random);
  const key = readFileSync(diskKeyPath(data), 'utf8').trim();
  await noteSealed(data, key);
  const journal = readFileSync(journalPath(data, sealedEvent));
  writeFileSync(journalPath(data, sealedEvent), 'SQLite format 3\0 but no database');
  expect(await seal(key)).toBe(false);
  expect(readFileSync(diskKeyPath(data), 'utf8').trim()).toBe(key);
  writeFileSync(journalPath(data, sealedEvent), journal);
  expect(await seal(key)).toBe(true);
  expect(readFileSync(diskKeyPath(data), 'utf8').trim()).toMatch(/^[0-9a-f]{64}$/);
  expect(readFileSync(diskKeyPath(data), 'utf8').trim()).not.toBe(key);
  expect(existsSync(join(data, 'sealed.json'))).toBe(false);
});
