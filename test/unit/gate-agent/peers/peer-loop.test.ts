// Goal: news goes out at once, and only to those for whom it is news; without any, a peer is asked now and then.
import { expect, test } from 'vitest';
import { err, ok, type Peer, type PeerError, type Replicator, type SyncReport } from '@postern/shared';
import { exchangeIntervalMs, retryMaxMs, runPeerLoop, settleMs } from '../../../../gate-agent/src/peers/peer-loop.ts';
import { createBell } from '../../../../gate-agent/src/waiting.ts';
import { silentLog } from '../../../support/cloud.ts';
import { createVirtualTime } from '../../../support/virtual-time.ts';

const nothingMoved: SyncReport = {
  roundTrips: 1,
  bytesSent: 1,
  bytesReceived: 1,
  marksReceived: 0,
  chunksSent: 0,
  equal: true,
};

function start(kind: Peer['kind'] = 'gate') {
  const time = createVirtualTime();
  const bell = createBell(time.timer);
  const stopping = new AbortController();
  const exchangedAtMs: number[] = [];
  const state = { hasNews: false, marksReceived: 0, error: undefined as PeerError | undefined };
  const ended = runPeerLoop(
    {
      peer: { id: 'peer', kind, exchange: async () => ok(new Uint8Array(0)) },
      event: 7,
      replicator: {
        syncWith: async () => {
          exchangedAtMs.push(time.clock.monotonicMs());
          return state.error === undefined
            ? ok({ ...nothingMoved, marksReceived: state.marksReceived })
            : err(state.error);
        },
        hasNewsFor: async () => state.hasNews,
      } as unknown as Replicator,
      log: silentLog,
      clock: time.clock,
      timer: time.timer,
      bell,
      afterTurn: () => undefined,
    },
    stopping.signal,
  );
  return { time, bell, state, exchangedAtMs, stop: () => (stopping.abort(), ended) };
}

test('news for this peer goes out a moment later', async () => {
  const { time, bell, state, exchangedAtMs, stop } = start();
  await time.advance(300);
  state.hasNews = true;
  bell.ring();
  await time.advance(settleMs.gate);
  expect(exchangedAtMs).toEqual([0, 300 + settleMs.gate]);
  await stop();
});

test('news that it knows already costs no exchange, and does not put off the next one', async () => {
  const { time, bell, exchangedAtMs, stop } = start();
  for (let ring = 0; ring < 20; ring++) {
    await time.advance(45);
    bell.ring();
  }
  await time.advance(exchangeIntervalMs - 20 * 45);
  expect(exchangedAtMs).toEqual([0, exchangeIntervalMs]);
  await stop();
});

test('what it has told goes on to the others at once', async () => {
  const { time, bell, state, stop } = start();
  await time.advance(exchangeIntervalMs / 2);
  const before = bell.rings();
  state.marksReceived = 3;
  await time.advance(exchangeIntervalMs / 2);
  expect(bell.rings()).toBe(before + 1);
  await stop();
});

test('a peer that does not answer is asked later and later, bells or not', async () => {
  const { time, bell, state, exchangedAtMs, stop } = start();
  state.error = { type: 'peer-unreachable', cause: 'ECONNREFUSED' };
  state.hasNews = true;
  for (let second = 0; second < 60; second++) {
    bell.ring();
    await time.advance(1_000);
  }
  const pauses = exchangedAtMs.slice(1).map((atMs, index) => atMs - (exchangedAtMs[index] ?? 0));
  expect(Math.max(...pauses)).toBe(retryMaxMs);
  expect(exchangedAtMs.length).toBeLessThan(25);
  await stop();
});
