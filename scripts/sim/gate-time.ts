// What time it is for a simulated gate, and what it says of how sure that is: the gate's own rules (clock-trust.ts, learn-time.ts) over a
// clock that nobody has set, signed answers of the cloud, what other gates say beside theirs, and people with watches.
import { trustedFeedKeys, utf8, verifyServerTime, type TrustedTime } from '@postern/shared';
import { createClockTrust, sampleOfRoundTrip, type SavedClock } from '../../gate-agent/src/clock-trust.ts';
import { confirmTime, correctHandedOn, learnTime, type TimedEvent } from '../../gate-agent/src/learn-time.ts';
import { readPeerTime, statePeerTime } from '../../gate-agent/src/peers/peer-time.ts';
import type { EventQueue } from './event-queue.ts';
import type { FeedClient } from './feed-client.ts';
import type { GateClock } from './gate-clock.ts';
import { quietLogger } from './replica.ts';
import type { SimulatedStore } from './simulated-store.ts';
import type { World } from './world.ts';

export interface GateTime {
  /** Once, when the store is open. */
  readonly begin: () => void;
  readonly now: () => TrustedTime;
  readonly saved: () => SavedClock;
  /** As other gates are told it; empty while it is not trusted. */
  readonly stated: () => string;
  readonly hear: (stated: string, sentMs: number, receivedMs: number) => void;
  /** Gives by how much the timestamps were off until then. */
  readonly confirm: (trueMs: number) => number;
  readonly keepAsking: () => Promise<never>;
}

export interface GateTimeDeps {
  readonly world: World;
  readonly clock: GateClock;
  readonly queue: EventQueue;
  /** Which start of the machine, not of the process. */
  readonly machineBoot: string;
  readonly saved: SavedClock | undefined;
  readonly store: () => SimulatedStore;
  readonly feed: () => FeedClient;
  readonly ask: (nonce: Uint8Array) => Promise<Uint8Array | undefined>;
}

const retryMs = 5_000;

export function createGateTime(deps: GateTimeDeps): GateTime {
  const { world, clock, queue } = deps;
  const trust = createClockTrust({ clock, machineBoot: deps.machineBoot, saved: deps.saved });
  const events = (): readonly TimedEvent[] => [{ event: world.event, store: deps.store(), journal: deps.store() }];
  const learn = (sample: Parameters<typeof trust.learn>[0]): void =>
    learnTime(sample, { trust, events: events(), logger: quietLogger });
  const feedKeyOf = (id: string): Uint8Array | undefined => {
    const manifest = deps.feed().manifest();
    const keys = manifest === undefined ? world.feed.enrolledKeys : trustedFeedKeys(manifest);
    return keys.find(({ keyId }) => keyId === id)?.publicKey;
  };
  const askOnce = async (): Promise<boolean> => {
    const nonce = Uint8Array.from({ length: 16 }, () => world.random.below(256));
    const sentMs = clock.monotonicMs();
    const answer = await deps.ask(nonce);
    const serverMs = answer === undefined ? undefined : verifyServerTime(answer, nonce, feedKeyOf);
    if (serverMs?.ok !== true) return false;
    learn(sampleOfRoundTrip('server', serverMs.value, sentMs, clock.monotonicMs()));
    return true;
  };

  return {
    begin: () => events().forEach((event) => correctHandedOn(event, trust)),
    now: trust.now,
    saved: trust.saved,
    stated: () => {
      const { nowMs, trusted, uncertaintyMs } = trust.now();
      const monotonicMs = clock.monotonicMs();
      return statePeerTime({ atMs: nowMs, timeTrusted: trusted, monotonicMs, uncertaintyMs }, clock) ?? '';
    },
    hear: (stated, sentMs, receivedMs) => {
      const told = readPeerTime(stated, sentMs, receivedMs);
      if (told === undefined || trust.now().trusted) return;
      learn(sampleOfRoundTrip('peer', told.statedMs, sentMs, receivedMs, told.uncertaintyMs));
    },
    confirm: (trueMs) => confirmTime(trueMs, { trust, events: events() })(world.event),
    keepAsking: async () => {
      for (;;) await queue.sleep((await askOnce()) ? world.pace.askTimeMs : retryMs);
    },
  };
}

/** An answer with the time beside it, as a header of the real one. */
export const withTime = (stated: string, body: Uint8Array): Uint8Array => {
  const header = utf8(`${stated}\n`);
  const whole = new Uint8Array(header.length + body.length);
  whole.set(header);
  whole.set(body, header.length);
  return whole;
};

const newline = 10;
const decoder = new TextDecoder();

export function takeTime(whole: Uint8Array): { readonly stated: string; readonly body: Uint8Array } {
  const end = whole.indexOf(newline);
  return { stated: decoder.decode(whole.subarray(0, end)), body: whole.slice(end + 1) };
}
