// A simulated network between addresses: every message may be lost, delayed, overtaken by later ones or delivered twice, and every
// direction of every link can be cut. One assumption of fairness, without which nothing could be promised in bounded time: on a link
// that is not cut, chance does not go on for ever. After `badLuckMax` exchanges without two good ones in a row the next two are good.
import { err, ok, type PeerError, type Result } from '@postern/shared';
import type { EventQueue } from './event-queue.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { Trace } from './trace.ts';

/** What a message is for: an exchange of marks, or a question for the feed or the time. */
export type Channel = 'sync' | 'feed' | 'time';

/** Answers as a node's listener would; undefined where it refuses to. */
export type Listener = (channel: Channel, from: string, message: Uint8Array) => Promise<Uint8Array | undefined>;

export interface Network {
  readonly listen: (address: string, listener: Listener) => void;
  /** The node is off: nothing is delivered to it until it listens again. */
  readonly silence: (address: string) => void;
  readonly request: (
    from: string,
    to: string,
    channel: Channel,
    message: Uint8Array,
  ) => Promise<Result<Uint8Array, PeerError>>;
  /** Cuts one direction. */
  readonly cut: (from: string, to: string) => void;
  readonly mend: (from: string, to: string) => void;
  /** From here on everything arrives once and soon. */
  readonly heal: () => void;
  /** From here on `from` exchanges with `to` whenever it has something new, until `unfollow` or until it is off. */
  readonly follow: (from: string, to: string) => void;
  readonly unfollow: (from: string, to: string) => void;
  /** Since when two listening nodes, one of which follows the other, have been whole in both directions; undefined while they are not. */
  readonly wholeSinceMs: (a: string, b: string) => number | undefined;
  readonly listening: () => readonly string[];
}

export interface Weather {
  readonly lossPercent: number;
  readonly duplicationPercent: number;
  /** Messages that take so long that later ones overtake them, and whoever asked has given up. */
  readonly latePercent: number;
}

export interface NetworkDeps {
  readonly queue: EventQueue;
  readonly random: SeededRandom;
  readonly trace: Trace;
  readonly weather: Weather;
}

export const exchangeTimeoutMs = 1_000;
export const badLuckMax = 6;
const delayMs = { least: 1, most: 40 };
const lateMs = { least: 200, most: 20_000 };

export function createNetwork({ queue, random, trace, weather }: NetworkDeps): Network {
  const listeners = new Map<string, Listener>();
  const cuts = new Set<string>();
  const brokenAtMs = new Map<string, number>();
  /** Exchanges on a link since the last two good ones in a row, and how many of the latest were good. */
  const luck = new Map<string, { exchanges: number; goodInARow: number }>();
  /** Of each direction since when it is followed. */
  const followed = new Map<string, number>();
  /** Messages are numbered as they are sent; of each direction the highest that has arrived. */
  let sent = 0;
  const lastArrived = new Map<string, number>();
  let healed = false;

  const link = (from: string, to: string): string => `${from}>${to}`;
  const pair = (a: string, b: string): string => (a < b ? `${a}=${b}` : `${b}=${a}`);
  const broke = (a: string, b: string): void => void brokenAtMs.set(pair(a, b), queue.nowMs());
  const brokeAll = (address: string): void => {
    for (const other of listeners.keys()) if (other !== address) broke(address, other);
  };

  /** When one copy of a message arrives; undefined where it does not. `spared`: chance keeps its hands off it. */
  const travelMs = (from: string, to: string, spared: boolean): number | undefined => {
    const lost = random.chance(weather.lossPercent) && !spared;
    const late = random.chance(weather.latePercent) && !spared;
    if (cuts.has(link(from, to))) return undefined;
    if (lost) trace.note('lose', from, to);
    if (lost) return undefined;
    if (late) trace.note('be-late', from, to);
    const { least, most } = late ? lateMs : delayMs;
    return least + random.below(most - least);
  };

  const luckOf = (from: string, to: string): { exchanges: number; goodInARow: number } => {
    const known = luck.get(link(from, to)) ?? { exchanges: 0, goodInARow: 0 };
    luck.set(link(from, to), known);
    return known;
  };
  const keepCount = (from: string, to: string, good: boolean): void => {
    const record = luckOf(from, to);
    record.goodInARow = good ? record.goodInARow + 1 : 0;
    record.exchanges = record.goodInARow >= 2 ? 0 : record.exchanges + 1;
  };

  return {
    listen: (address, listener) => {
      listeners.set(address, listener);
      brokeAll(address);
    },
    silence: (address) => {
      listeners.delete(address);
      for (const key of followed.keys()) if (key.startsWith(`${address}>`)) followed.delete(key);
      brokeAll(address);
    },
    cut: (from, to) => {
      cuts.add(link(from, to));
      broke(from, to);
    },
    mend: (from, to) => {
      if (cuts.delete(link(from, to))) broke(from, to);
    },
    heal: () => {
      for (const cut of cuts) {
        const [from = '', to = ''] = cut.split('>');
        broke(from, to);
      }
      cuts.clear();
      healed = true;
    },
    follow: (from, to) => void followed.set(link(from, to), queue.nowMs()),
    unfollow: (from, to) => void followed.delete(link(from, to)),
    wholeSinceMs: (a, b) => {
      const followedSince = [followed.get(link(a, b)), followed.get(link(b, a))].filter((atMs) => atMs !== undefined);
      const isCut = cuts.has(link(a, b)) || cuts.has(link(b, a));
      if (isCut || followedSince.length === 0 || !listeners.has(a) || !listeners.has(b)) return undefined;
      return Math.max(brokenAtMs.get(pair(a, b)) ?? 0, Math.min(...followedSince));
    },
    listening: () => [...listeners.keys()],
    request: (from, to, channel, message) =>
      new Promise((resolve) => {
        const spared = healed || luckOf(from, to).exchanges >= badLuckMax;
        let over = false;
        const end = (result: Result<Uint8Array, PeerError>): void => {
          if (over) return;
          over = true;
          cancel();
          keepCount(from, to, result.ok);
          trace.note('answer', from, to, channel, result.ok ? result.value.length : result.error.cause);
          resolve(result);
        };
        const cancel = queue.after(exchangeTimeoutMs, () =>
          end(err({ type: 'peer-unreachable', cause: 'no answer in time' })),
        );
        const arrive = async (number: number): Promise<void> => {
          const last = lastArrived.get(link(from, to)) ?? 0;
          if (number < last) trace.note('overtaken', from, to);
          lastArrived.set(link(from, to), Math.max(number, last));
          trace.note('deliver', from, to, channel, message.length);
          trace.bytes(message);
          const listener = listeners.get(to);
          if (listener === undefined) return;
          const answer = await listener(channel, from, message);
          const backMs = travelMs(to, from, spared);
          if (backMs === undefined) return;
          queue.after(backMs, () =>
            end(answer === undefined ? err({ type: 'peer-refused', status: 403, cause: 'refused' }) : ok(answer)),
          );
        };
        const copies = random.chance(weather.duplicationPercent) && !healed ? 2 : 1;
        if (copies > 1) trace.note('duplicate', from, to);
        const number = (sent += 1);
        for (let copy = 0; copy < copies; copy++) {
          const thereMs = travelMs(from, to, spared);
          if (thereMs !== undefined) queue.after(thereMs, () => void arrive(number));
        }
      }),
  };
}
