import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { feedFilePath, feedManifestPath, ready } from '@postern/shared';
import { downloadDisk } from '../../../gate-agent/src/store/download-disk.ts';
import { createFeedClient, pollMs, type FeedClient } from '../../../gate-agent/src/feed-client.ts';
import type { FeedFetch } from '../../../gate-agent/src/feed-download.ts';
import { openFeedCache, type FeedCache } from '../../../gate-agent/src/store/feed-cache.ts';
import {
  announce,
  buildDelta,
  buildSnapshot,
  feedEvent,
  feedKeys,
  feedStartMs,
  generatedTicket,
  signedManifest,
} from '../../../scripts/lib/build-feed.ts';
import { createTestClock, createTestTimer, silentLogger } from '../../support/gate-rig.ts';
import { temporaryFolder } from '../../support/gate-store-harness.ts';

const cloudUrl = 'http://cloud.test';
const tickets = Array.from({ length: 20 }, (_, index) => generatedTicket(index));
const noSignal = new AbortController().signal;

interface Rig {
  readonly cache: FeedCache;
  readonly client: FeedClient;
  readonly timer: ReturnType<typeof createTestTimer>;
  /** What the cloud answers, by URL; anything else is 404. */
  readonly answers: Map<string, (signal: AbortSignal, headers: Readonly<Record<string, string>>) => Response>;
  readonly asked: string[];
  readonly folder: string;
}

async function createRig(): Promise<Rig> {
  await ready;
  const folder = join(temporaryFolder(), 'feed');
  const cache = await openFeedCache({
    folder,
    event: feedEvent,
    enrolledKeys: [announce(feedKeys('a'), 'active')],
    nowMs: () => feedStartMs,
    logger: silentLogger,
  });
  onTestFinished(() => cache.close());
  const timer = createTestTimer();
  const answers: Rig['answers'] = new Map();
  const asked: string[] = [];
  const fetch: FeedFetch = async (url, { headers, signal }) => {
    asked.push(url.slice(cloudUrl.length));
    signal.throwIfAborted();
    return answers.get(url.slice(cloudUrl.length))?.(signal, headers) ?? new Response('', { status: 404 });
  };
  const rig: Rig = {
    cache,
    timer,
    answers,
    asked,
    folder,
    client: createFeedClient({
      cloudUrl,
      event: feedEvent,
      cache,
      disk: downloadDisk,
      fetch,
      timer,
      clock: createTestClock(),
      random: (bytes) => new Uint8Array(bytes),
      logger: silentLogger,
    }),
  };
  return rig;
}

const manifestPath = feedManifestPath(feedEvent);
const bytesAnswer =
  (bytes: Uint8Array, headers: Record<string, string> = {}) =>
  () =>
    new Response(Uint8Array.from(bytes), { headers });

/** Publishes twenty tickets at version 5. */
function publish(rig: Rig): { readonly path: string; readonly sha256: string } {
  const snapshot = buildSnapshot({ path: join(rig.folder, '..', 'snapshot.gz'), tickets, version: 5 });
  rig.answers.set(manifestPath, (_signal, headers) =>
    headers['If-None-Match'] === '"5"'
      ? new Response(null, { status: 304 })
      : bytesAnswer(signedManifest({ snapshot: snapshot.reference }), { ETag: '"5"' })(),
  );
  rig.answers.set(feedFilePath(snapshot.reference.sha256), bytesAnswer(readFileSync(snapshot.path)));
  return { path: snapshot.path, sha256: snapshot.reference.sha256 };
}

/** A body that sends what it is told and then waits until it is cut off. */
const stalling =
  (...chunks: readonly Uint8Array[]) =>
  (signal: AbortSignal): Response =>
    new Response(
      new ReadableStream({
        start: (controller) => {
          for (const chunk of chunks) controller.enqueue(chunk);
          signal.addEventListener('abort', () => controller.error(signal.reason));
        },
      }),
    );

/** Lets everything that can happen without time passing happen. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => void setImmediate(resolve));
};

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

describe('feed client', () => {
  it('fetches manifest and snapshot, then asks only whether anything changed', async () => {
    publish(rig);
    expect(await rig.client.poll(noSignal)).toEqual({ ok: true, value: 'changed' });
    expect(rig.cache.current()?.tickets.ticket(tickets[3]?.ticket.id ?? '')).toEqual(tickets[3]?.ticket);
    expect(await rig.client.poll(noSignal)).toEqual({ ok: true, value: 'unchanged' });
    expect(rig.asked).toHaveLength(3);
    expect(readdirSync(rig.folder).filter((name) => name.startsWith('download-'))).toEqual([]);
  });

  it('leaves nothing on the disk of a download that broke off', async () => {
    const { path, sha256 } = publish(rig);
    const part = readFileSync(path).subarray(0, 100);
    rig.answers.set(feedFilePath(sha256), () => {
      let pulls = 0;
      const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void =>
        pulls++ === 0 ? controller.enqueue(Uint8Array.from(part)) : controller.error(new Error('the line is gone'));
      return new Response(new ReadableStream({ pull }));
    });
    expect(await rig.client.poll(noSignal)).toMatchObject({ ok: false, error: { type: 'feed-unreachable' } });
    expect(readdirSync(rig.folder).filter((name) => name.startsWith('download-'))).toEqual([]);
  });

  it('fetches only the deltas it lacks', async () => {
    publish(rig);
    await rig.client.poll(noSignal);
    const delta = buildDelta(5, 6, [generatedTicket(99).ticket]);
    const snapshot = rig.cache.current()?.manifest.snapshot;
    if (snapshot === undefined) throw new Error('no snapshot');
    rig.answers.set(manifestPath, bytesAnswer(signedManifest({ version: 6, snapshot, deltas: [delta.reference] })));
    rig.answers.set(feedFilePath(delta.reference.sha256), bytesAnswer(delta.bytes));
    rig.asked.length = 0;
    expect(await rig.client.poll(noSignal)).toEqual({ ok: true, value: 'changed' });
    expect(rig.asked).toEqual([manifestPath, feedFilePath(delta.reference.sha256)]);
  });

  it.each<[string, Response | (() => Response), string]>([
    ['garbage', bytesAnswer(new TextEncoder().encode('<html>sign in to the venue Wi-Fi</html>')), 'feed-malformed'],
    ['an error', () => new Response('oops', { status: 500 }), 'feed-refused'],
    ['an answer without end', () => new Response(endless()), 'feed-too-large'],
    ['nothing', () => new Response(null, { status: 200 }), 'feed-malformed'],
  ])('keeps its feed when the cloud answers with %s', async (_name, answer, error) => {
    publish(rig);
    await rig.client.poll(noSignal);
    rig.answers.set(manifestPath, answer as () => Response);
    expect(await rig.client.poll(noSignal)).toMatchObject({ ok: false, error: { type: error } });
    expect(rig.cache.current()?.manifest.version).toBe(5);
    expect(rig.client.status()).toMatchObject({ failures: 1, error: { type: error } });
  });

  it('keeps its feed when the cloud cannot be reached', async () => {
    rig.answers.set(manifestPath, () => {
      throw Object.assign(new TypeError('fetch failed'), {
        cause: Object.assign(new Error('x'), { code: 'ECONNREFUSED' }),
      });
    });
    expect(await rig.client.poll(noSignal)).toEqual({
      ok: false,
      error: { type: 'feed-unreachable', cause: 'ECONNREFUSED' },
    });
  });

  it.each([
    ['at once', []],
    ['after some bytes', [Uint8Array.of(1, 2, 3)]],
  ])('cuts off a server that stalls %s', async (_name, chunks) => {
    rig.answers.set(manifestPath, stalling(...chunks));
    const polled = rig.client.poll(noSignal);
    await settle();
    rig.timer.runAll();
    expect(await polled).toMatchObject({
      ok: false,
      error: { type: 'feed-too-slow', bytes: chunks.reduce((sum, chunk) => sum + chunk.length, 0) },
    });
  });

  it('gives a slow drip no more time than the slowest line would need', async () => {
    let drip: ReadableStreamDefaultController<Uint8Array> | undefined;
    rig.answers.set(
      manifestPath,
      (signal) =>
        new Response(
          new ReadableStream<Uint8Array>({
            start: (controller) => {
              drip = controller;
              signal.addEventListener('abort', () => controller.error(signal.reason));
            },
          }),
        ),
    );
    const polled = rig.client.poll(noSignal);
    // Every second a byte, so that no single read is ever late.
    for (let second = 0; second < 290; second++) {
      await settle();
      rig.timer.advance(1_000);
      if (second < 280) drip?.enqueue(Uint8Array.of(1));
    }
    expect(await polled).toMatchObject({ ok: false, error: { type: 'feed-too-slow' } });
  });

  it('ends a download that is longer than signed, and one that is shorter changes nothing', async () => {
    const { path, sha256 } = publish(rig);
    rig.answers.set(feedFilePath(sha256), bytesAnswer(new Uint8Array([...readFileSync(path), 0])));
    expect(await rig.client.poll(noSignal)).toMatchObject({ ok: false, error: { type: 'feed-too-large' } });
    rig.answers.set(feedFilePath(sha256), bytesAnswer(readFileSync(path).subarray(0, 500)));
    expect(await rig.client.poll(noSignal)).toMatchObject({ ok: false, error: { type: 'feed-cut-off' } });
    expect(rig.cache.current()).toBeUndefined();
  });

  it('waits longer after every failure, and asks at once when woken', async () => {
    const stop = new AbortController();
    const running = rig.client.run(stop.signal);
    const waitsMs: number[] = [];
    for (let round = 0; round < 4; round++) {
      await settle();
      waitsMs.push(...rig.timer.waitsMs());
      rig.timer.runAll();
    }
    await settle();
    const [first = 0, second = 0, third = 0] = waitsMs;
    expect([waitsMs.length, first < second, second < third]).toEqual([4, true, true]);
    publish(rig);
    rig.client.wake();
    await expect.poll(() => rig.cache.current()?.manifest.version).toBe(5);
    await expect.poll(() => rig.timer.waitsMs()).toEqual([pollMs]);
    stop.abort();
    await running;
  });
});

const endless = (): ReadableStream<Uint8Array> =>
  new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1024 * 1024)) });
