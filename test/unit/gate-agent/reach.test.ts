// Goal: a gate says it is out of touch as soon as everybody it asked has failed to answer, and since when that has been so.
import type { PeerStatus, Timer, TrustedTime } from '@postern/shared';
import { expect, test } from 'vitest';
import type { FeedClientStatus } from '../../../gate-agent/src/feed-client.ts';
import { createReach } from '../../../gate-agent/src/reach.ts';
import type { ReplicationStatus } from '../../../gate-agent/src/peers/replication-status.ts';
import { createTestTimer } from '../../support/gate-rig.ts';

const bootWallMs = 1_700_000_000_000;
const noTimer: Timer = { after: () => () => undefined };

interface Situation {
  readonly nowMs: number;
  readonly peers?: readonly PeerStatus[];
  readonly feed?: FeedClientStatus;
}

/** Monotonic time began with the process; the wall clock shows `bootWallMs` more. */
function reachIn(situation: () => Situation, timer: Timer = noTimer) {
  let starting = true;
  const reach = createReach({
    replication: () => ({ peers: situation().peers ?? [] }) as unknown as ReplicationStatus,
    feedClient: () => situation().feed,
    clock: { monotonicMs: () => (starting ? 0 : situation().nowMs), wallMs: () => bootWallMs + situation().nowMs },
    time: () =>
      ({
        nowMs: bootWallMs + situation().nowMs,
        trusted: true,
        source: 'server',
        uncertaintyMs: 5,
      }) satisfies TrustedTime,
    timer,
  });
  starting = false;
  return reach;
}

const peer = (kind: PeerStatus['kind'], lastContactMs: number | undefined, lastError?: string): PeerStatus => ({
  id: kind,
  kind,
  lastContactMs: lastContactMs === undefined ? undefined : bootWallMs + lastContactMs,
  reachable: lastContactMs !== undefined,
  lastError,
  backlogMarks: 0,
});
const feedAnswered = (atMs: number): FeedClientStatus => ({ lastContactMs: atMs, error: undefined, failures: 0 });

test('one peer that answers is contact, and another gate counts as a peer', () => {
  const reach = reachIn(() => ({
    nowMs: 10_000,
    peers: [peer('gate', 9_000), peer('cloud', undefined, 'peer-unreachable: ECONNRESET')],
  }));
  expect(reach.inTouch()).toEqual({ inTouch: true, peersReachable: 1 });
  expect(reach.noContactSinceMs()).toBeUndefined();
});

test('when everybody has failed to answer, the gate is out of touch since the last answer, not since it noticed', () => {
  let now: Situation = { nowMs: 10_000, peers: [peer('gate', 9_000), peer('cloud', 9_500)], feed: feedAnswered(5_000) };
  const reach = reachIn(() => now);
  expect(reach.inTouch().inTouch).toBe(true);
  now = {
    ...now,
    nowMs: 14_000,
    peers: [peer('gate', 9_000, 'peer-unreachable: ECONNRESET'), peer('cloud', 9_500, 'peer-unreachable: ECONNRESET')],
  };
  expect(reach.inTouch()).toEqual({ inTouch: false, peersReachable: 0 });
  expect(reach.noContactSinceMs()).toBe(bootWallMs + 9_500);
});

test("the feed's answer is contact while the exchange of marks fails for another reason than the network", () => {
  const reach = reachIn(() => ({
    nowMs: 10_000,
    peers: [peer('cloud', undefined, 'peer-refused: 503')],
    feed: feedAnswered(8_000),
  }));
  expect(reach.inTouch().inTouch).toBe(true);
});

test('a feed that failed since its last answer is no contact', () => {
  const reach = reachIn(() => ({ nowMs: 10_000, feed: { lastContactMs: 8_000, error: undefined, failures: 1 } }));
  expect(reach.inTouch().inTouch).toBe(false);
  expect(reach.noContactSinceMs()).toBe(bootWallMs + 8_000);
});

test('where nobody has ever answered, it is since the start', () => {
  expect(reachIn(() => ({ nowMs: 7_000 })).noContactSinceMs()).toBe(bootWallMs);
});

test('tells of contact that is there already, and then of every change once', () => {
  let now: Situation = { nowMs: 10_000, peers: [peer('gate', 9_000)] };
  const timer = createTestTimer();
  const told: boolean[] = [];
  const stop = new AbortController();
  reachIn(() => now, timer).watch((inTouch) => void told.push(inTouch), stop.signal);
  const look = (peers: readonly PeerStatus[]): void => {
    now = { nowMs: now.nowMs + 1_000, peers };
    timer.advance(1_000);
  };
  expect(told).toEqual([true]);
  look([peer('gate', 10_000)]);
  look([peer('gate', 10_000, 'peer-unreachable: ECONNRESET')]);
  look([peer('gate', 10_000, 'peer-unreachable: ECONNRESET')]);
  look([peer('gate', 13_000)]);
  expect(told).toEqual([true, false, true]);
  stop.abort();
  look([]);
  expect([told.length, timer.waitsMs()]).toEqual([3, []]);
});
