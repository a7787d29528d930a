// Databases that are encrypted on the disk: nothing is found in them, everything is there with the key, and what an earlier start has left
// unsealed is sealed without a loss.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ready } from '@postern/shared';
import { beforeEach, describe, expect, test } from 'vitest';
import { feedFolder, journalPath, replicaPath } from '../../../../gate-agent/src/event-folder.ts';
import { isPlainDatabase, openDatabase } from '../../../../gate-agent/src/store/database.ts';
import { readFeed } from '../../../../gate-agent/src/store/read-feed.ts';
import { sealFolder, unsealedFiles } from '../../../../gate-agent/src/store/seal-folder.ts';
import { silentLogger } from '../../../support/gate-rig.ts';
import { temporaryFolder } from '../../../support/gate-store-harness.ts';
import {
  applyList,
  canaries,
  contentOf,
  foundIn,
  makeUnsealedFolder,
  openListOf,
  sealedEvent,
  ticketOf,
} from '../../../support/unsealed-folder.ts';

const key = 'a7'.repeat(32);
const signal = new AbortController().signal;
const seal = (logger = silentLogger): Promise<void> => sealFolder(data, { key, logger, signal });
let data: string;
beforeEach(async () => {
  await ready;
  data = join(temporaryFolder(), 'data');
});

describe('an unsealed folder', () => {
  test('holds everything that is looked for here, so that not finding it says something', async () => {
    await makeUnsealedFolder(data);
    expect(foundIn(data)).toEqual(Object.keys(canaries()));
  });

  test('is sealed with everything in it, and nothing is found in any file afterwards', async () => {
    await makeUnsealedFolder(data);
    const before = await contentOf(data);
    expect(before).toMatchObject({ trouble: undefined, coded: { epoch: 0 } });
    await seal();
    expect(unsealedFiles(data)).toEqual([]);
    expect(foundIn(data)).toEqual([]);
    expect(await contentOf(data, key)).toEqual(before);
    await seal();
    expect(await contentOf(data, key)).toEqual(before);
  });

  test('in which copies were broken off is sealed all the same, and they are gone', async () => {
    await makeUnsealedFolder(data);
    const before = await contentOf(data);
    const feed = feedFolder(data, sealedEvent);
    const snapshot = readdirSync(feed).find((name) => name.startsWith('snapshot-')) ?? '';
    for (const path of [journalPath(data, sealedEvent), join(feed, snapshot)])
      writeFileSync(`${path}.sealing`, 'SQLite format 3\0 and half a page');
    await seal();
    expect(unsealedFiles(data)).toEqual([]);
    expect(
      readdirSync(data, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.sealing')),
    ).toEqual([]);
    expect(await contentOf(data, key)).toEqual(before);
  });

  test('that another process works on stays as it is and works on, and is sealed by the next start', async () => {
    await makeUnsealedFolder(data);
    const before = await contentOf(data);
    const other = openDatabase(journalPath(data, sealedEvent));
    other.exec('BEGIN IMMEDIATE');
    const said: string[] = [];
    await seal({ ...silentLogger, error: (fields) => void said.push(String(fields['path'])) });
    expect(said).toEqual([journalPath(data, sealedEvent)]);
    expect(unsealedFiles(data)).toEqual([journalPath(data, sealedEvent)]);
    other.close();
    expect(await contentOf(data, key)).toEqual(before);
    await seal();
    expect(unsealedFiles(data)).toEqual([]);
    expect(await contentOf(data, key)).toEqual(before);
  });

  test('loses what was set aside, half downloads, and nothing else', async () => {
    await makeUnsealedFolder(data);
    const feed = feedFolder(data, sealedEvent);
    const list = readFileSync(join(feed, 'feed.db'));
    for (const path of [
      join(feed, 'feed.db.damaged'),
      `${replicaPath(data, sealedEvent)}.damaged`,
      join(feed, 'download-00'),
    ])
      writeFileSync(path, list);
    const note = join(data, 'note.txt');
    writeFileSync(note, 'mine');
    await seal();
    expect(foundIn(data)).toEqual([]);
    expect(existsSync(note)).toBe(true);
  });
});

describe('sealed from the start', () => {
  test('a list that arrives is never on the disk unsealed, and is there after a restart and for commands', async () => {
    mkdirSync(data);
    const cache = await openListOf(data, key);
    await applyList(cache, `${data}-scratch`);
    expect(cache.current()?.tickets.ticket(ticketOf(1))).toMatchObject({ id: ticketOf(1) });
    expect(foundIn(data)).toEqual([]);
    await applyList(cache, `${data}-scratch`, 60, 2);
    expect(readdirSync(feedFolder(data, sealedEvent)).filter((name) => name.startsWith('snapshot-'))).toHaveLength(1);
    cache.close();
    const again = await openListOf(data, key);
    expect([again.trouble(), again.current()?.manifest.version]).toEqual([undefined, 2]);
    const read = await readFeed(feedFolder(data, sealedEvent), sealedEvent, signal, key);
    expect(read.ok && read.value.tickets.ticket(ticketOf(55))?.id).toBe(ticketOf(55));
    if (read.ok) read.value.close();
    again.close();
    expect(foundIn(data)).toEqual([]);
  });

  test('a list of which one byte is another is not used', async () => {
    mkdirSync(data);
    const cache = await openListOf(data, key);
    await applyList(cache, `${data}-scratch`);
    cache.close();
    const name = readdirSync(feedFolder(data, sealedEvent)).find((file) => file.startsWith('snapshot-')) ?? '';
    const path = join(feedFolder(data, sealedEvent), name);
    const bytes = readFileSync(path);
    bytes[bytes.length - 100] = (bytes[bytes.length - 100] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const again = await openListOf(data, key);
    expect([again.current(), again.trouble()?.type]).toEqual([undefined, 'feed-hash-mismatch']);
    again.close();
  });

  test('wiped, nothing of the list is left, not even for the key', async () => {
    mkdirSync(data);
    const cache = await openListOf(data, key);
    await applyList(cache, `${data}-scratch`);
    cache.wipe();
    expect(readdirSync(feedFolder(data, sealedEvent)).filter((file) => file.startsWith('snapshot-'))).toEqual([]);
    cache.close();
    const rows = openDatabase(join(feedFolder(data, sealedEvent), 'feed.db'), { key });
    expect(rows.prepare('SELECT (SELECT count(*) FROM feed) + (SELECT count(*) FROM delta)').pluck().get()).toBe(0);
    rows.close();
  });
});

describe('a sealed file', () => {
  test.each([
    ['another key', 'b7'.repeat(32)],
    ['no key', undefined],
  ])('does not open with %s', async (_what, other) => {
    await makeUnsealedFolder(data);
    await seal();
    const path = journalPath(data, sealedEvent);
    expect(isPlainDatabase(path)).toBe(false);
    expect(() => openDatabase(path, { readonly: true, key: other }).prepare('SELECT * FROM mark').all()).toThrow(
      'file is not a database',
    );
  });

  test('does not open a page that somebody has altered', async () => {
    await makeUnsealedFolder(data);
    await seal();
    const path = journalPath(data, sealedEvent);
    const bytes = readFileSync(path);
    bytes[5_000] = (bytes[5_000] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const read = (): unknown => {
      const database = openDatabase(path, { readonly: true, key });
      return database.pragma('quick_check(1)', { simple: true });
    };
    let answer: unknown;
    try {
      answer = read();
    } catch (cause) {
      answer = cause;
    }
    expect(answer).not.toBe('ok');
  });
});
