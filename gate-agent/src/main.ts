// The gate's composition root: clock and identity, the events with their feeds, journals and replication threads (event-at-gate.ts),
// lanes with their readers and turnstiles, staff's actions and the local port, started in this order and stopped in the opposite one.
import { setMaxListeners } from 'node:events';
import {
  bytesToHex,
  createBandDesk,
  createConfirmations,
  createMethodRegistry,
  createStaffSignOn,
  createSteward,
  createStewardOrders,
  createStewardRehearsals,
  decide,
  err,
  knownMethods,
  ok,
  ready,
  shareLanes,
  sleep,
  type Logger,
  type OrdersView,
  type Result,
  type Timer,
} from '@postern/shared';
import { createCloudDesk } from './bands/cloud-desk.ts';
import { createBandsInHand } from './bands/next-band.ts';
import { createWritePass, foreseeByCloud } from './bands/write-pass.ts';
import { clockFilePath, readClockFile, writeClockFile } from './clock-file.ts';
import { parseCertificate } from './certificates.ts';
import { createClockTrust, type TimeSample } from './clock-trust.ts';
import { eventsOf, type EventConfig, type GateConfig } from './config.ts';
import { openEventAtGate, type EventAtGate } from './event-at-gate.ts';
import { createEventReports } from './event-reports.ts';
import { createFacts } from './facts.ts';
import { createOrdersAtGate } from './gate-orders.ts';
import { openFireInput } from './fire-input.ts';
import { openGateDisk, type GateDisk } from './gate-disk.ts';
import { forgetDeviceKey, loadIdentity, type Identity } from './identity.ts';
import { openLanes } from './lanes-at-gate.ts';
import { createEventHub } from './local-api/event-hub.ts';
import { createPreview } from './local-api/preview.ts';
import { createScreens, shownAt } from './local-api/screens.ts';
import { confirmTime, correctHandedOn, learnTime } from './learn-time.ts';
import { createLocalApi } from './local-api/app.ts';
import { allowedHosts } from './local-api/guard.ts';
import { toHealth, toStatus } from './local-api/health.ts';
import { createPages } from './local-api/pages.ts';
import { listen } from './local-api/server.ts';
import { createPinCheck } from './pin.ts';
import { createGateFetch } from './peers/gate-auth.ts';
import { openRevocation } from './revocation.ts';
import { removeRunFile, writeRunFile } from './run-file.ts';
import { sealedFiles } from './seal-marks.ts';
import { createSelfTest } from './self-test.ts';
import { createSeveralEvents } from './several-events.ts';
import { readSunKeys } from './sun-keys.ts';
import { createStaffCalls } from './staff-calls.ts';
import { createSystemClock, createSystemRandom, createSystemTimer, derivePin, readMachineBoot } from './system.ts';
import { confirmWiped, keepTellingVitals } from './tell-vitals.ts';
import { keepAskingServerTime } from './time-client.ts';
import { toVitals } from './vitals.ts';
import { createBell } from './waiting.ts';
import { createWipe } from './wipe.ts';

/** The clock's state goes to disk, and to the replication thread, this often. */
const clockRoundMs = 10_000;
const bootBytes = 8;
const tokenBytes = 16;
const version = '0.1.0';

export interface RunningGate {
  readonly url: string;
  /** 16 hexadecimal digits, random at every start. */
  readonly boot: string;
  /** Goes the way of a scan and takes it back; rejects when that does not work (self-test.ts). */
  readonly selfTest: () => Promise<void>;
  /** Lanes shut or free as configured, turnstiles at rest, marks in closed segments, databases closed. */
  readonly stop: () => Promise<void>;
}

export interface GateStartError {
  readonly type: string;
  /** One sentence that says what to do. */
  readonly cause: string;
}

type Close = () => Promise<void> | void;

/** Resolves when the lanes answer. Nothing is left running after an error. */
export async function startGate(config: GateConfig, logger: Logger): Promise<Result<RunningGate, GateStartError>> {
  await ready;
  const identity = await loadIdentity(config.gate.data);
  if (!identity.ok) {
    const { error } = identity;
    const cause =
      error.type === 'not-enrolled'
        ? `no identity in ${error.folder}; run: gate-agent enrol URL CODE --data ${config.gate.data}`
        : error.cause;
    return err({ type: error.type, cause });
  }
  const stopping = new AbortController();
  // Every lane, reader and event listens to it.
  setMaxListeners(0, stopping.signal);
  const closes: Close[] = [];
  const stop = async (): Promise<void> => {
    stopping.abort();
    for (const close of closes.splice(0).toReversed()) {
      try {
        await close();
      } catch (cause) {
        // A file that cannot be removed must not keep the journal from being closed.
        logger.error({ cause: String(cause) }, 'A part of the gate did not stop in order');
      }
    }
  };
  try {
    const disk = await openGateDisk(config, identity.value, logger, stopping.signal);
    if (!disk.ok) return disk;
    const running = await compose(
      config,
      { identity: identity.value, disk: disk.value },
      logger,
      stopping.signal,
      (close) => void closes.push(close),
    );
    if (running.ok) return ok({ ...running.value, stop });
    await stop();
    return running;
  } catch (cause) {
    await stop();
    if (!(cause instanceof Error) || !('code' in cause)) throw cause;
    // The system or SQLite says no: a full or read-only disk, missing rights, a file where a folder should be.
    return err({
      type: 'data-folder-unusable',
      cause: `the folder ${config.gate.data} cannot be used: ${cause.message}`,
    });
  }
}

async function compose(
  config: GateConfig,
  { identity, disk }: { readonly identity: Identity; readonly disk: GateDisk },
  logger: Logger,
  signal: AbortSignal,
  onStop: (close: Close) => void,
): Promise<Result<Omit<RunningGate, 'stop'>, GateStartError>> {
  const { gate } = config;
  const clock = createSystemClock();
  const random = createSystemRandom();
  const timer = createSystemTimer();
  const boot = bytesToHex(random(bootBytes));
  const token = bytesToHex(random(tokenBytes));
  const cloudUrl = config.cloud?.url.replace(/\/$/, '');

  // What time it is.
  const clockPath = clockFilePath(gate.data);
  const certificate = parseCertificate(Buffer.from(identity.certificate, 'base64'));
  const floorMs = certificate.ok ? certificate.value.notBeforeMs : 0;
  const trust = createClockTrust({
    clock,
    machineBoot: readMachineBoot(),
    saved: await readClockFile(clockPath),
    rtc: config.clock.rtc,
    floorMs,
  });
  const saveClock = (): Promise<void> =>
    writeClockFile(clockPath, trust.saved()).catch((cause: unknown) =>
      logger.warn({ cause: String(cause) }, 'The clock file could not be written'),
    );
  onStop(saveClock);

  // The events: what the cloud has published of each, its journal, and the thread that carries that to others.
  const { sunKeyFile } = config.nfc;
  const sunKeys = sunKeyFile === undefined ? ok(undefined) : await readSunKeys(sunKeyFile);
  if (!sunKeys.ok) return sunKeys;
  const events: EventAtGate[] = [];
  const tellReplication = (): void => events.forEach((event) => event.tellReplication());
  const learn = (sample: TimeSample): void => {
    learnTime(sample, { trust, events, logger });
    if (sample.source === 'server') for (const { lease } of events) lease.heard(sample.trueMs);
    tellReplication();
  };
  const openEvent = async (event: EventConfig): Promise<EventAtGate> => {
    const opened = await openEventAtGate(event, {
      gate: gate.id,
      data: gate.data,
      boot,
      identity,
      diskKey: disk.key,
      cloudUrl,
      sunKeys: sunKeys.value,
      trust,
      learn,
      clock,
      random,
      timer,
      logger,
      onStop,
    });
    correctHandedOn(opened, trust);
    events.push(opened);
    return opened;
  };
  const [ownConfig, ...furtherConfigs] = eventsOf(config);
  const own = await openEvent(ownConfig);
  const furtherEvents: EventAtGate[] = [];
  for (const further of furtherConfigs) furtherEvents.push(await openEvent(further));
  const several = createSeveralEvents(own, furtherEvents);
  const feedKeyOf = (keyId: string): Uint8Array | undefined => several.feedKey(keyId);
  const revocation = openRevocation({
    data: gate.data,
    gate: gate.id,
    feedKeyOf,
    wipe: () => events.forEach(({ cache }) => cache.wipe()),
    seal: async (sealKey) => {
      await Promise.all(events.map(({ replication }) => replication.stop()));
      return disk.sealMarks(sealKey);
    },
    logger,
  });
  onStop(revocation.settled);

  // Lanes: readers, the rule, turnstiles.
  const registry = createMethodRegistry({
    methods: knownMethods,
    lookups: own.lookups,
    furtherLookups: furtherEvents.map(({ lookups }) => lookups),
    clock,
    logger,
  });
  const preview = config.local.preview ? createPreview(clock.monotonicMs) : undefined;
  const hub = createEventHub();
  onStop(hub.close);
  const opened = openLanes({
    config,
    events: [own, ...furtherEvents],
    registry,
    tell: (event) => screens.tell(event),
    refresh: () => screens.refresh(),
    preview: preview?.offer,
    clock,
    random,
    timer,
    logger,
    onStop,
  });
  if (!opened.ok) return opened;
  const { lanes, readers, bandSources, faceHint, showCalls } = opened.value;
  const name = gate.name ?? identity.gate.name;
  const screens = createScreens({
    hub,
    lanes,
    gate: { id: gate.id, name },
    boot,
    languages: config.local.languages,
    display: config.display,
    readersOf: (id) => {
      const lane = config.lanes.find((candidate) => candidate.id === id);
      return { shows: shownAt(lane?.readers ?? []), readerSide: lane?.readerSide };
    },
    time: trust.now,
    timeZone: () => own.feed.policy().timeZone,
    gateName: several.gateName,
    noContactSinceMs: several.noContactSinceMs,
    hasFeed: several.hasFeed,
    rehearsalUntilMs: several.rehearsalUntilMs,
    face: faceHint,
    forgotten: () =>
      revocation.revokedAtMs() !== undefined ? 'revoked' : several.leaseOver() ? 'lease-over' : undefined,
  });
  const calls = createStaffCalls({
    lanes: () => lanes.map(({ id }) => id),
    nowMs: () => trust.now().nowMs,
    timer,
    changed: (waiting) => {
      hub.publish('calls', waiting);
      showCalls(waiting);
    },
  });
  onStop(calls.stop);

  // Orders to the venue, of every event.
  const sharedLanes = shareLanes(lanes, events.length);
  let ordersView = (): OrdersView => ({ orders: [] });
  const ordersOf = events.map((event, index) => {
    const orders = createOrdersAtGate({
      gate: { id: gate.id, name, zone: event.zone, event: event.event },
      lanes: sharedLanes[index] ?? [],
      known: event.journal,
      store: event.store,
      cache: event.cache,
      feed: event.feed,
      timer,
      logger,
      changed: () => hub.publish('orders', ordersView()),
    });
    event.lookForOrders(orders.orders.look);
    onStop(orders.orders.stop);
    return { ...orders, event, zones: () => event.feed.policy().zones };
  });
  ordersView = () => ({ orders: ordersOf.flatMap(({ view }) => view()) });

  for (const { onRehearsal } of events) onRehearsal(screens.refresh);

  // The cloud, which may have a word along with any answer.
  const vitalsWanted = createBell(timer);
  const onRevoked = (notice: string): void => {
    revocation.hear(notice);
    screens.refresh();
  };
  const cloud =
    cloudUrl === undefined
      ? undefined
      : {
          url: cloudUrl,
          fetch: createGateFetch({
            gate: gate.id,
            keys: identity.keys,
            clock,
            onRevoked,
            onVitalsWanted: vitalsWanted.ring,
          }),
        };

  // Staff and screens.
  const bands = createBandsInHand(bandSources);
  const { passes: mayWrite } = config.desk;
  const cloudDesk = cloud && createCloudDesk({ ...cloud, clock });
  const writePass = createWritePass({
    port: bands.port,
    cloud: cloudDesk,
    about: several.boundBand,
    mayWrite,
    logger,
    signal,
  });
  const signOn = createStaffSignOn({
    checkPin: createPinCheck(several.staff, derivePin),
    staff: several.staff,
    clock,
    random,
  });
  const steward = createSteward({
    lanes,
    context: own.context,
    registry,
    store: own.store,
    furtherEvents,
    decide,
    orders: createStewardOrders({ events: ordersOf, confirmations: createConfirmations({ clock, random }) }),
    rehearsals: createStewardRehearsals(events.map(({ rehearsal }) => rehearsal)),
    bandDesk: createBandDesk({
      registry,
      ...(cloudDesk === undefined ? {} : { foresee: foreseeByCloud(cloudDesk, mayWrite) }),
      events: events.map(({ event, context, store, feed, journal }) => ({
        event,
        context,
        store,
        ticket: feed.ticket,
        tagHash: feed.tagHash,
        bindings: journal.bindings,
      })),
    }),
    logger,
    signOn,
    confirmClock: (trueMs) => confirmTime(trueMs, { trust, events }),
  });
  const fire = config.fire.input === undefined ? ok(undefined) : openFireInput(config.fire.input, { timer, logger });
  if (!fire.ok) return fire;
  const facts = createFacts({
    config,
    name,
    boot,
    version,
    lanes,
    readers,
    events: ordersOf.map(({ event, view }) => ({ ...event, orders: view })),
    trust,
    fire: fire.value,
    calls: calls.waiting,
    monotonicMs: clock.monotonicMs,
    sealed: disk.key !== undefined,
    revokedAtMs: revocation.revokedAtMs,
    sealedMarks: () => sealedFiles(gate.data),
    certificateExpiresMs: certificate.ok ? certificate.value.notAfterMs : undefined,
  });
  const reports = ordersOf.map(({ event, orders, gates }) =>
    createEventReports({ gate: gate.id, event, orders: orders.statuses, gates, clock, nowMs: () => trust.now().nowMs }),
  );
  let port = config.local.port;
  const app = createLocalApi({
    screens,
    hub,
    hosts: () => allowedHosts(config.local.listen, port, config.local.hosts),
    frameAncestors: config.local.frameAncestors,
    health: () => toHealth(facts()),
    reports,
    steward: () => steward,
    signOn: () => signOn,
    orders: ordersView,
    zones: several.zones,
    gateName: several.gateName,
    timeZone: () => own.feed.policy().timeZone,
    clock,
    calls,
    logger,
    pages: createPages(),
    nextBand: bands.next,
    writePass,
    imports: { token, importMessage: several.importMessage },
    ...(preview === undefined ? {} : { preview: preview.routes }),
    status: async () => toStatus(toHealth(facts()), await several.progress()),
  });
  const server = await listen({ ...config.local, app });
  if (!server.ok) return err({ type: server.error.type, cause: server.error.message });
  port = server.value.port;
  onStop(server.value.close);
  for (const { reach, journal, askForFeed } of events)
    reach.watch((inTouch) => {
      if (inTouch) {
        journal.backInTouch();
        askForFeed();
      }
      screens.refresh();
    }, signal);

  // Everything is there: let people in.
  const stopLanes = async (): Promise<void> => void (await Promise.all(lanes.map((lane) => lane.stop())));
  onStop(stopLanes);
  // It waits for no turnstile: a lane that it frees needs not come up.
  const running =
    fire.value === undefined ? [] : [fire.value.run(() => lanes.forEach((lane) => lane.free('fire')), signal)];
  await Promise.all(lanes.map((lane) => lane.start()));
  running.push(...readers.map(({ supervisor }) => supervisor.run(signal)));
  onStop(async () => void (await Promise.all(running)));

  // What may take its time: the cloud, and the clock's state on disk.
  if (cloud !== undefined) {
    const wipe = createWipe({
      gate: gate.id,
      boot,
      feedKeyOf,
      waitingMarks: several.waitingMarks,
      revocation,
      changed: screens.refresh,
      confirm: confirmWiped(cloud, signal),
      forgetIdentity: () => forgetDeviceKey(gate.data),
      logger,
    });
    const feeds = events.map((event) => event.followFeed(cloud, screens.refresh, signal));
    const background = [
      ...feeds.map(({ ended }) => ended),
      keepAskingServerTime({ cloudUrl: cloud.url, clock, random, feedKeyOf, logger, timer }, learn, signal),
      keepTellingVitals(
        {
          ...cloud,
          vitals: () => toVitals(toHealth(facts()), wipe.obstacle()),
          wipe,
          wanted: vitalsWanted,
          clock,
          logger,
        },
        signal,
      ),
    ];
    onStop(async () => void (await Promise.all(background)));
    await Promise.all(feeds.map(({ hasFeed }) => hasFeed));
  }
  void repeatClockRound(timer, signal, async () => {
    tellReplication();
    if (events.filter(({ lease }) => lease.check()).length > 0) screens.refresh();
    await saveClock();
  });
  // A disk that is full keeps nobody from being told so by a running gate.
  await writeRunFile(gate.data, { pid: process.pid, url: server.value.url, boot, token }).catch((cause: unknown) =>
    logger.error({ cause: String(cause) }, 'The run file could not be written'),
  );
  onStop(() => removeRunFile(gate.data));
  // Once more and last, so that it happens first: turnstiles at rest before anything else is taken down.
  onStop(stopLanes);
  return ok({ url: server.value.url, boot, selfTest: createSelfTest({ registry, events, lanes, clock }) });
}

async function repeatClockRound(timer: Timer, signal: AbortSignal, round: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await round();
    await sleep(timer, clockRoundMs, signal);
  }
}
