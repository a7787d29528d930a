// A gate put together in a browser: clock, ticket list, journal, replication worker, two lanes of which the steward is the turnstile, staff's
// actions. The same parts as the appliance's, with a browser's adapters; open-handheld.ts starts and stops it.
import {
  base64UrlToBytes,
  bytesToHex,
  createBandDesk,
  createConfirmations,
  createGateRehearsal,
  createLane,
  createMethodRegistry,
  createRehearsingStore,
  createStaffSignOn,
  createSteward,
  createStewardOrders,
  createStewardRehearsals,
  decide,
  derivePinInSlices,
  hexToBytes,
  knownMethods,
  sleep,
  verifyRevocationNotice,
  type Clock,
  type GateRehearsal,
  type Lane,
  type LaneContext,
  type LaneEvent,
  type Logger,
  type Lookups,
  type OrdersView,
  type Random,
  type StaffSignOn,
  type Steward,
  type Timer,
} from '@postern/shared';
import type { ClockTrust, TimeSample } from '../../clock-trust.ts';
import { createFeedClient, type FeedClient } from '../../feed-client.ts';
import { createFeedView, type FeedView } from '../../feed-view.ts';
import { createOrdersAtGate } from '../../gate-orders.ts';
import { confirmTime, correctHandedOn, learnTime, type TimedEvent } from '../../learn-time.ts';
import { createLease } from '../../lease.ts';
import { createGateObserver } from '../../observe-gates.ts';
import { askCloudForNonce, createGateFetch, type GateFetch } from '../../peers/gate-auth.ts';
import { listedGates } from '../../peers/gate-directory.ts';
import { createPinCheck } from '../../pin.ts';
import { createReach, type Reach } from '../../reach.ts';
import { keepAskingServerTime } from '../../time-client.ts';
import { createBell, type Bell } from '../../waiting.ts';
import type { DatabaseNames, DeviceDatabase } from './databases.ts';
import type { PhoneClock, PhoneIdentity } from './device.ts';
import { openPhoneFeed, type PhoneFeed } from './feed-cache.ts';
import type { Direction } from './handheld.ts';
import { answeringGates } from './lan-access.ts';
import { keepAskingLanTime } from './lan-time.ts';
import { openOtherGates } from './other-gates.ts';
import { createPhoneTrust } from './phone-trust.ts';
import { startReplication, type Replication } from './replication.ts';
import { createStewardTurnstile } from './steward-actuator.ts';
import { openHandheldStore, type HandheldStore } from './store.ts';

const clockRoundMs = 10_000;
const bootBytes = 8;
const holdTimeoutMs = 60_000;

export interface BrowserGateDeps {
  readonly identity: PhoneIdentity;
  readonly device: DeviceDatabase;
  readonly names: DatabaseNames;
  readonly phoneClock: PhoneClock | undefined;
  /** Without a slash at its end. */
  readonly cloudUrl: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly timer: Timer;
  readonly logger: Logger;
  /** Under it gates answer on the LAN; undefined where they do not. */
  readonly gateDomain: string | undefined;
  readonly fetch: typeof fetch;
  readonly startWorker: () => Worker;
  readonly onLaneEvent: (event: LaneEvent) => void;
  /** Anything that the page shows may have changed. */
  readonly changed: () => void;
  readonly onRevoked: (atMs: number, sealKey: Uint8Array | undefined) => void;
}

export interface BrowserGate {
  /** Its id. */
  readonly gate: string;
  readonly names: DatabaseNames;
  readonly lanes: Readonly<Record<Direction, Lane>>;
  readonly steward: Steward;
  readonly signOn: StaffSignOn;
  readonly feed: FeedView;
  readonly list: PhoneFeed;
  readonly feedClient: FeedClient;
  readonly store: HandheldStore;
  readonly trust: ClockTrust;
  readonly reach: Reach;
  readonly replication: Replication;
  readonly orders: () => OrdersView;
  readonly rehearsal: GateRehearsal;
  readonly partyPassed: (persons: number) => void;
  /** 16 hexadecimal digits: this start of the page. */
  readonly boot: string;
  /** The cloud, asked as this gate. */
  readonly cloud: { readonly url: string; readonly fetch: GateFetch };
  /** Rings when the cloud has something to say to this gate's vitals. */
  readonly vitalsWanted: Bell;
  /** Of the keys that sign what the cloud says. */
  readonly feedKeyOf: (keyId: string) => Uint8Array | undefined;
  /** Aborts when the gate stops. */
  readonly stopping: AbortSignal;
  /** Takes and records nothing any more; resolves when what was under way is in the journal. */
  readonly shut: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export async function openBrowserGate(deps: BrowserGateDeps): Promise<BrowserGate> {
  const { identity, device, names, cloudUrl, clock, random, timer, logger, changed } = deps;
  const event = identity.event.id;
  const { id: gate, zone } = identity.gate;
  const boot = bytesToHex(random(bootBytes));
  const stopping = new AbortController();

  const { trust, save: saveClock } = createPhoneTrust(deps);
  const list = await openPhoneFeed({
    database: device,
    event,
    enrolledKeys: identity.feedKeys,
    nowMs: () => trust.now().nowMs,
    logger,
    breathe: () => sleep(timer, 0, stopping.signal),
  });
  const feedKeyOf = (keyId: string): Uint8Array | undefined => {
    const key = list.feedKeys().find((known) => known.keyId === keyId);
    return key === undefined || key.state === 'revoked' ? undefined : hexToBytes(key.publicKey);
  };
  const hearRevocation = (text: string): void => {
    const notice = verifyRevocationNotice(base64UrlToBytes(text) ?? new Uint8Array(0), gate, feedKeyOf);
    if (notice.ok) deps.onRevoked(notice.value.revokedAtMs, notice.value.sealKey);
    else logger.warn({ cause: notice.error.type }, 'A notice of revocation is not believed');
  };
  let feedClient: FeedClient | undefined;
  const clientStatus = (): ReturnType<FeedClient['status']> | undefined => feedClient?.status();
  const feed = createFeedView({ cache: list, event, clock, time: trust.now, clientStatus });

  const others = await openOtherGates({ name: names.replica, event, logger });
  let replication: Replication | undefined;
  const store = await openHandheldStore({
    name: names.journal,
    event,
    gate,
    boot,
    clock,
    time: trust.now,
    timer,
    logger,
    policy: feed.policy,
    ticket: feed.ticket,
    others,
    committed: () => {
      replication?.poke();
      changed();
    },
  });
  const timed: TimedEvent = { event, store, journal: store };
  correctHandedOn(timed, trust);

  let lookForOrders = (): void => undefined;
  const observe = createGateObserver({ hybrid: store.hybrid, logger });
  const running = (replication = startReplication({
    settings: { gate, event, boot, names, ...identity.keys, cloudUrl, gateDomain: deps.gateDomain },
    startWorker: deps.startWorker,
    timer,
    random,
    logger,
    through: store.through,
    onStatus: (status) => {
      observe(status);
      changed();
    },
    onLearned: (learned) =>
      void others.refresh(learned).then(
        () => lookForOrders(),
        (cause: unknown) => logger.warn({ cause: String(cause) }, 'What other gates have told cannot be read'),
      ),
    onRevoked: hearRevocation,
  }));
  const tellGates = (): void => {
    const manifest = list.current()?.manifest;
    if (manifest !== undefined) running.setGates(listedGates(manifest));
  };
  tellGates();
  const reach = createReach({ replication: running.status, feedClient: clientStatus, clock, time: trust.now, timer });

  const context: LaneContext = {
    gate,
    clock,
    policy: feed.policy,
    time: trust.now,
    feedAgeMs: feed.ageMs,
    inTouch: reach.inTouch,
  };
  const lookups: Lookups = {
    ...feed.lookups,
    tag: (medium, id) => {
      const hash = feed.tagHash(medium, id);
      return hash === undefined ? { type: 'unbound' } : store.bindings(hash, '').tag(hash);
    },
  };
  const registry = createMethodRegistry({ methods: knownMethods, lookups, clock, logger });
  const written = {
    ...store,
    // A journal that works again may hold orders of its own, and no lane comes back before they are known.
    reopen: async () => {
      const reopened = await store.reopen();
      lookForOrders();
      changed();
      return reopened;
    },
  };
  const rehearsal = createGateRehearsal({
    policy: feed.policy,
    time: trust.now,
    switches: store.rehearsalSwitches,
    append: store.append,
    random,
    timer,
    logger,
    changed,
  });
  const storeOfLanes = createRehearsingStore(written, () => rehearsal.current()?.session);
  const turnstiles = {
    entry: createStewardTurnstile('entry', timer),
    exit: createStewardTurnstile('exit', timer),
  };
  const openLane = (direction: Direction, id: string): Lane =>
    createLane(
      { id, zone, direction, onFailure: 'locked', holdTimeoutMs },
      {
        context,
        registry,
        store: storeOfLanes,
        actuator: turnstiles[direction],
        decide,
        timer,
        logger,
        listener: deps.onLaneEvent,
      },
    );
  const ids = laneIds(identity.lanes);
  const lanes = { entry: openLane('entry', ids.entry), exit: openLane('exit', ids.exit) };

  const ordersAtGate = createOrdersAtGate({
    gate: { id: gate, name: identity.gate.name, zone, event },
    lanes: [lanes.entry, lanes.exit],
    known: store,
    store: storeOfLanes,
    cache: list,
    feed,
    timer,
    logger,
    changed,
  });
  lookForOrders = ordersAtGate.orders.look;
  const staff = () => list.current()?.manifest.staff ?? [];
  const signOn = createStaffSignOn({ checkPin: createPinCheck(staff, derivePinInSlices), staff, clock, random });
  const steward = createSteward({
    lanes: [lanes.entry, lanes.exit],
    context,
    registry,
    store: storeOfLanes,
    decide,
    rehearsals: createStewardRehearsals([rehearsal]),
    orders: createStewardOrders({
      events: [{ ...ordersAtGate, zones: () => feed.policy().zones }],
      confirmations: createConfirmations({ clock, random }),
    }),
    bandDesk: createBandDesk({
      registry,
      events: [
        { event, context, store: storeOfLanes, ticket: feed.ticket, tagHash: feed.tagHash, bindings: store.bindings },
      ],
    }),
    logger,
    signOn,
    confirmClock: (trueMs) => confirmTime(trueMs, { trust, events: [timed] }),
  });
  await Promise.all([lanes.entry.start(), lanes.exit.start()]);

  // What may take its time: the cloud, and the clock's state.
  const lease = createLease({ event, cache: list, recentMarks: store.lastEntry, time: trust.now, logger });
  const learn = (sample: TimeSample): void => {
    learnTime(sample, { trust, events: [timed], logger });
    if (sample.source === 'server') lease.heard(sample.trueMs);
    void saveClock();
    changed();
  };
  const vitalsWanted = createBell(timer);
  const gateFetch = createGateFetch({
    gate,
    keys: identity.keys,
    clock,
    fetch: deps.fetch,
    onRevoked: hearRevocation,
    onVitalsWanted: vitalsWanted.ring,
    askForNonce: askCloudForNonce(cloudUrl, deps.fetch),
  });
  const client = (feedClient = createFeedClient({
    cloudUrl,
    event,
    cache: list,
    clock,
    timer,
    random,
    logger,
    fetch: gateFetch,
    onChange: () => {
      tellGates();
      changed();
    },
  }));
  const background = [
    client.run(stopping.signal),
    keepAskingServerTime(
      { cloudUrl, clock, random, feedKeyOf, logger, timer, fetch: deps.fetch },
      learn,
      stopping.signal,
    ),
    keepAskingLanTime(
      {
        domain: deps.gateDomain,
        self: gate,
        keys: identity.keys,
        gates: () => answeringGates(running.status().peers),
        isTrusted: () => trust.now().trusted,
        clock,
        timer,
        fetch: deps.fetch,
      },
      learn,
      stopping.signal,
    ),
  ];
  reach.watch((inTouch) => {
    if (inTouch) {
      store.backInTouch();
      client.wake();
    }
    changed();
  }, stopping.signal);
  const runRounds = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await sleep(timer, clockRoundMs, stopping.signal);
      if (stopping.signal.aborted) return;
      if (lease.check()) changed();
      await saveClock();
    }
  };
  background.push(runRounds());
  const shutDown = async (): Promise<void> => {
    stopping.abort();
    ordersAtGate.orders.stop();
    rehearsal.stop();
    await Promise.all([lanes.entry.stop(), lanes.exit.stop()]);
    await store.close();
  };
  let shutting: Promise<void> | undefined;
  const shut = (): Promise<void> => (shutting ??= shutDown());

  return {
    gate,
    names,
    lanes,
    steward,
    signOn,
    feed,
    list,
    feedClient: client,
    store,
    trust,
    reach,
    replication: running,
    rehearsal,
    orders: () => ({ orders: [...ordersAtGate.view()] }),
    boot,
    cloud: { url: cloudUrl, fetch: gateFetch },
    vitalsWanted,
    feedKeyOf,
    stopping: stopping.signal,
    partyPassed: (persons) => {
      turnstiles.entry.partyPassed(persons);
      turnstiles.exit.partyPassed(persons);
    },
    shut,
    stop: async () => {
      // The store goes first, so that the worker's last drain finds everything.
      await shut();
      await running.stop();
      await Promise.all(background);
      await list.settled();
      others.close();
    },
  };
}

/** As the cloud names them, where it does: one lane of each direction. */
function laneIds(lanes: PhoneIdentity['lanes']): Readonly<Record<Direction, string>> {
  const entry = lanes.find(({ direction }) => direction === 'entry')?.id ?? 'entry';
  const exit = lanes.find(({ direction, id }) => direction === 'exit' && id !== entry)?.id;
  return { entry, exit: exit ?? (entry === 'exit' ? 'way-out' : 'exit') };
}
