// A lane for benchmarks: the real lane, methods, rule and store on a real disk, with a turnstile of the benchmark's choice, and the
// moment at which it has decided.
import { join } from 'node:path';
import {
  createLane,
  createMethodRegistry,
  createSupervisor,
  decide,
  knownMethods,
  tagHash,
  type Actuator,
  type Decision,
  type Lane,
  type LaneContext,
  type Lookups,
  type Reader,
  type TagMedium,
  type Timer,
} from '@postern/shared';
import { createSystemClock, createSystemRandom } from '../../gate-agent/src/system.ts';
import { buildSnapshot, feedCodeHashKey, feedEvent, feedStartMs, generatedTicket } from '../lib/build-feed.ts';
import { applySnapshot, createBenchGate, openBenchFeed, silentLogger } from './gate-rig.ts';

export interface LaneBench {
  readonly lane: Lane;
  /** What the next presentation makes of it, and when, on the clock of the machine. To be asked for before it is shown. */
  readonly nextDecision: () => Promise<{ readonly decision: Decision; readonly atMs: number }>;
  /** When the next opening is over, from which moment on the lane takes the next one. To be asked for before it is shown. */
  readonly nextPassage: () => Promise<void>;
  /** Gives a tag to a ticket, as the band desk does. */
  readonly bind: (uid: Uint8Array, ticketId: string, medium?: TagMedium) => Promise<void>;
  /** Reads with it, supervised as at a gate, until the returned function is called. */
  readonly attach: (reader: Reader) => () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Counts from the machine's start, so that processes may compare it. */
export const benchClock = createSystemClock();
/** Keeps the process alive, as a gate's own port does. */
export const benchTimer: Timer = {
  after: (ms, fn) => {
    const timeout = setTimeout(fn, ms);
    return () => clearTimeout(timeout);
  },
};

const laneId = 'a';
const zone = 'main';
const gateId = 'gate-1';

export async function createLaneBench(folder: string, tickets: number, actuator: Actuator): Promise<LaneBench> {
  const cache = await openBenchFeed(folder);
  await applySnapshot(
    cache,
    buildSnapshot({
      path: join(folder, 'tickets.gz'),
      tickets: Array.from({ length: tickets }, (_, index) => generatedTicket(index)),
    }),
  );
  const { store, close } = createBenchGate(folder, cache);
  const feed = cache.current();
  if (feed === undefined) throw new Error('there is a feed');
  const lookups: Lookups = {
    ...feed.tickets,
    tag: (medium, id) => store.tag(tagHash(feedCodeHashKey, medium, id)),
  };
  const context: LaneContext = {
    policy: () => feed.manifest.policy,
    time: () => ({ nowMs: feedStartMs, trusted: true, source: 'server', uncertaintyMs: 20 }),
    feedAgeMs: () => 0,
    inTouch: () => ({ inTouch: true, peersReachable: 2 }),
    gate: gateId,
    clock: benchClock,
  };
  let onDecision = (_decision: Decision): void => undefined;
  let onPassage = (): void => undefined;
  const lane = createLane(
    { id: laneId, zone, direction: 'entry', onFailure: 'locked', holdTimeoutMs: 60_000 },
    {
      context,
      registry: createMethodRegistry({ methods: knownMethods, lookups, clock: benchClock, logger: silentLogger }),
      store,
      actuator,
      decide,
      timer: benchTimer,
      logger: silentLogger,
      listener: (event) => {
        if (event.type === 'decision') onDecision(event.decision);
        if (event.type === 'passage') onPassage();
      },
    },
  );
  await lane.start();
  return {
    lane,
    nextDecision: () =>
      new Promise((resolve) => (onDecision = (decision) => resolve({ decision, atMs: benchClock.monotonicMs() }))),
    nextPassage: () => new Promise((resolve) => (onPassage = resolve)),
    bind: async (uid, ticketId, medium = 'nfc') => {
      const bound = await store.append({
        kind: 'bound',
        event: feedEvent,
        lane: '',
        ticketId,
        epoch: 0,
        method: medium,
        tagHash: tagHash(feedCodeHashKey, medium, uid),
      });
      if (!bound.ok) throw new Error(bound.error.type);
    },
    attach: (reader) => {
      const stopping = new AbortController();
      const supervisor = createSupervisor({
        reader,
        deliver: lane.present,
        clock: benchClock,
        random: createSystemRandom(),
        logger: silentLogger,
        timer: benchTimer,
      });
      const ended = supervisor.run(stopping.signal);
      return () => {
        stopping.abort();
        return ended;
      };
    },
    close: async () => {
      await lane.stop();
      await close();
      cache.close();
    },
  };
}
