// From an open page to a gate, and back: one tab at a time, enrolled or not yet, running, revoked. What the page shows is one signal, made
// anew whenever something may have changed and once a second, since ages grow by themselves.
import { signal } from '@preact/signals';
import {
  bytesToHex,
  centralGate,
  err,
  ok,
  ready,
  type Clock,
  type LaneEvent,
  type LaneState,
  type Logger,
  type Random,
  type Timer,
} from '@postern/shared';
import { createClockTrust } from '../../clock-trust.ts';
import { createBrowserClock, createBrowserRandom, createBrowserTimer, createMemoryLogger } from './browser-system.ts';
import { databaseNames, deviceDatabaseName, openDeviceDatabase, type DeviceDatabase } from './databases.ts';
import {
  forgetDevice,
  forgetRevoked,
  loadPhoneClock,
  loadPhoneIdentity,
  loadPhoneRevoked,
  loadSealedMarks,
  renewDeviceKey,
  savePhoneClock,
  savePhoneIdentity,
  type PhoneRevoked,
} from './device.ts';
import { createForgetting, type Forgetting } from './forgetting.ts';
import { openBrowserGate, type BrowserGate } from './gate.ts';
import type { Direction, Handheld, HandheldState, RunningState } from './handheld.ts';
import { missingFeatures } from './features.ts';
import { describeRunning } from './describe.ts';
import { searchTickets, storyOf } from './search.ts';
import { watchLanAccess } from './lan-access.ts';
import { wallRightMsMax } from './phone-trust.ts';
import { holdSingleTab, type SingleTab } from './single-tab.ts';
import { createStorageWatch } from './storage-watch.ts';
import { tellCloud } from './tell-cloud.ts';

export interface HandheldDeps {
  /** Of the cloud that has served the page, without a slash at its end. */
  readonly cloudUrl: string;
  /** Under it gates answer on the LAN (settings.json); undefined where they do not. */
  readonly gateDomain?: string | undefined;
  /** The page builds it, so that its bundler sees the file: `new Worker(new URL('../core/worker.ts', import.meta.url), …)`. */
  readonly startWorker: () => Worker;
  /** Of databases and locks; tests have names of their own. */
  readonly prefix?: string;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly timer?: Timer;
  readonly logger?: Logger;
  readonly fetch?: typeof fetch;
}

const refreshMs = 1_000;
const notRunning = { type: 'not-running' } as const;

export async function openHandheld(deps: HandheldDeps): Promise<Handheld> {
  const {
    cloudUrl,
    gateDomain,
    startWorker,
    prefix = 'postern',
    clock = createBrowserClock(),
    random = createBrowserRandom(),
    timer = createBrowserTimer(),
    fetch: send = (input, init) => fetch(input, init),
  } = deps;
  await ready;
  const memory = createMemoryLogger(clock.wallMs);
  const { logger = memory } = deps;
  const state = signal<HandheldState>({ phase: 'opening' });
  const laneState = signal<LaneState>({ name: 'idle' });
  const listeners = new Set<(event: LaneEvent) => void>();
  const storage = createStorageWatch();
  let device: DeviceDatabase | undefined;
  let forgetting: Forgetting | undefined;
  /** Whether all is done of what the last forgetting takes. */
  let isForgotten = false;
  let gate: BrowserGate | undefined;
  let direction: Direction = 'entry';
  let closed = false;
  /** Opening, stopping, enrolling: one after the other. */
  let tail: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(task: () => Promise<T>): Promise<T> => {
    const result = tail.then(task);
    tail = result.catch(() => undefined);
    return result;
  };

  const lane = () => gate?.lanes[direction];
  const describe = (of: BrowserGate): RunningState =>
    describeRunning(of, { identity: identityOf(of), direction, storage: storage.status(of.store.trouble()) });
  const refresh = (): void => {
    if (gate !== undefined && !closed) state.value = { phase: 'running', ...describe(gate) };
  };
  let refreshing = false;
  const refreshSoon = (): void => {
    if (refreshing) return;
    refreshing = true;
    queueMicrotask(() => {
      refreshing = false;
      refresh();
    });
  };
  const tick = (): void => {
    if (closed) return;
    refresh();
    timer.after(refreshMs, tick);
  };

  const identities = new WeakMap<BrowserGate, Pick<RunningState, 'gate' | 'event'>>();
  const identityOf = (of: BrowserGate): Pick<RunningState, 'gate' | 'event'> =>
    identities.get(of) ?? { gate: { id: '', name: '', zone: '' }, event: { id: 0, name: '' } };

  const tellLane = (event: LaneEvent): void => {
    if (event.lane !== lane()?.id) return;
    if (event.type === 'state') laneState.value = event.state;
    for (const listener of listeners) listener(event);
  };

  /** What is kept here becomes a gate, or says why not. */
  const start = async (): Promise<void> => {
    const database = (device ??= await openDeviceDatabase(deviceDatabaseName(prefix)));
    await storage.look();
    forgetting ??= createForgetting({
      database,
      prefix,
      cloudUrl,
      startWorker,
      random,
      timer,
      logger,
      onRevoked: ({ atMs, sealed }, isComplete) => {
        isForgotten = isComplete;
        state.value = { phase: 'revoked', atMs, sealed, hasUnsealed: !isComplete };
      },
    });
    const revoked = await loadPhoneRevoked(database);
    if (revoked !== undefined) {
      state.value = { phase: 'revoked', atMs: revoked.atMs, sealed: revoked.sealed, hasUnsealed: false };
      if (await forgetting.goOn()) await forgetIdentity();
      return;
    }
    const identity = await loadPhoneIdentity(database, random);
    if (!identity.ok) {
      state.value =
        identity.error.type === 'not-enrolled'
          ? { phase: 'not-enrolled', storage: storage.status(undefined) }
          : { phase: 'damaged', cause: identity.error.cause };
      return;
    }
    const { gate: of, event } = identity.value;
    const opened = await openBrowserGate({
      identity: identity.value,
      device: database,
      names: databaseNames(prefix, of.id, event.id),
      phoneClock: await loadPhoneClock(database),
      cloudUrl,
      gateDomain,
      clock,
      random,
      timer,
      logger,
      fetch: send,
      startWorker,
      onLaneEvent: tellLane,
      changed: refreshSoon,
      onRevoked: (atMs, sealKey) =>
        void inTurn(async () => {
          const of = gate;
          if (of === undefined || identityOf(of).gate.id !== identity.value.gate.id) return;
          if (await forget(of, { atMs, sealKey })) await forgetIdentity();
        }),
    });
    identities.set(opened, { gate: of, event });
    gate = opened;
    laneState.value = opened.lanes[direction].state();
    refresh();
    void tellCloud({
      gate: opened,
      running: () => describe(opened),
      wiping: {
        revocation: {
          forget: (told) => inTurn(() => forget(opened, told)),
          isWiped: () => gate !== opened && state.value.phase === 'revoked' && isForgotten,
          revokedAtMs: () => (state.value.phase === 'revoked' ? state.value.atMs : undefined),
        },
        forgetIdentity: () => inTurn(forgetIdentity),
        changed: refreshSoon,
      },
      clock,
      logger,
    });
  };

  const stopGate = async (): Promise<void> => {
    const stopping = gate;
    gate = undefined;
    await stopping?.stop();
  };

  /** Revoked, or told to by the cloud; told again, what could not be done then is tried again. False where marks are left that nobody has sealed. */
  const forget = async (of: BrowserGate, told: Pick<PhoneRevoked, 'atMs' | 'sealKey'>): Promise<boolean> => {
    if (gate === of) {
      gate = undefined;
      return (await forgetting?.forget(of, told)) ?? false;
    }
    if (state.value.phase === 'revoked' && !isForgotten) await forgetting?.goOn();
    return isForgotten;
  };
  /** Not where the phone has been enrolled anew meanwhile. */
  const forgetIdentity = async (): Promise<void> => {
    if (device !== undefined && gate === undefined && state.value.phase === 'revoked') await forgetDevice(device);
  };

  const missing = missingFeatures();
  let tab: SingleTab | undefined;
  if (missing.length > 0) state.value = { phase: 'unsupported', missing };
  else
    tab = holdSingleTab({
      name: `${prefix}-gate`,
      locks: navigator.locks,
      timer,
      openChannel: (name) => new BroadcastChannel(name),
      onHeld: () =>
        void inTurn(start).catch((cause: unknown) => {
          logger.error({ cause: String(cause) }, 'This phone cannot be a gate');
          state.value = { phase: 'damaged', cause: cause instanceof Error ? cause.message : String(cause) };
        }),
      onWaiting: () => (state.value = { phase: 'other-tab' }),
      onLost: async () => {
        await inTurn(stopGate);
        state.value = { phase: 'other-tab' };
      },
    });
  tick();
  const lan = watchLanAccess({
    domain: gateDomain,
    peers: () => gate?.replication.status().peers ?? [],
    gates: () => otherGatesOf(gate),
    allowed: (isAllowed) => gate?.replication.allowLan(isAllowed),
    timer,
    fetch: send,
  });

  return {
    state,
    laneState,
    lane,
    present: (presentation) => lane()?.present(presentation) ?? 'ignored',
    listen: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    setDirection: (chosen) => {
      direction = chosen;
      const now = lane()?.state();
      if (now !== undefined) laneState.value = now;
      refresh();
    },
    partyPassed: (persons) => gate?.partyPassed(persons),
    signOn: async (name, pin) => gate?.signOn.signOn(name, pin) ?? err(notRunning),
    signOff: (session) => gate?.signOn.signOff(session),
    act: async (credentials, action) => {
      const answer = await (gate?.steward.act(credentials, action, new AbortController().signal) ?? err(notRunning));
      refreshSoon();
      return answer;
    },
    search: async (text) => (gate === undefined ? [] : searchTickets(gate, text)),
    history: async (max) => (await gate?.store.recentMarks(gate.gate, 0, max)) ?? [],
    story: async (ticketId) => (gate === undefined ? undefined : storyOf(gate, ticketId)),
    policy: () => (gate?.list.current() === undefined ? undefined : gate.feed.policy()),
    // A ticket list of before this phone has joined does not name it.
    gateName: (id) =>
      gate === undefined ? id : id === gate.gate ? identityOf(gate).gate.name : gate.feed.gateName(id),
    contentHash: async () => gate?.replication.contentHash(),
    enrol: (text) =>
      inTurn(async () => {
        const database = device;
        if (database === undefined || gate !== undefined)
          return err({ type: 'not-now', message: 'This phone is a gate already, or another tab is.' });
        // Certificates are read once in a phone's life: their library is not loaded before.
        const { askForCertificate, isEnrolmentCode } = await import('../../enrolment.ts');
        const code = (text.split('#').at(-1) ?? '').trim();
        if (!isEnrolmentCode(code))
          return err({ type: 'code-malformed', message: 'That is not a one-time code; it looks like 7K2Q-0M9T-XV4B.' });
        // The last chance: another gate's marks are not sealed by this one.
        await forgetting?.goOn();
        const keys = await renewDeviceKey(database, random);
        if (!keys.ok) return err({ type: keys.error.type, message: 'The key of this phone cannot be read.' });
        const answer = await askForCertificate(cloudUrl, code, keys.value, { clock, random, fetch: send });
        if (!answer.ok) return answer;
        // The list of what it was before may be another event's.
        if (state.value.phase === 'damaged') await forgetDevice(database, true);
        const { response, certificate, sample } = answer.value;
        const trust = createClockTrust({ clock, machineBoot: '', floorMs: certificate.notBeforeMs });
        trust.learn(sample);
        const wallIsRight = Math.abs(trust.statement().wallOffsetMs) <= wallRightMsMax;
        await savePhoneClock(database, { saved: trust.saved(), wallIsRight });
        await forgetRevoked(database);
        await savePhoneIdentity(
          database,
          {
            v: 1,
            gate: response.gate,
            event: response.event,
            cloud: cloudUrl,
            publicKey: bytesToHex(certificate.publicKey),
            certificate: response.certificate,
            ca: response.ca,
            feedKeys: response.feedKeys,
          },
          response.lanes,
        );
        await storage.persist();
        await start();
        return ok(undefined);
      }),
    lanAccess: lan.access,
    askForLan: lan.ask,
    takeOver: async () => tab?.takeOver(),
    askToPersist: async () => {
      const persisted = await storage.persist();
      refresh();
      return persisted;
    },
    syncNow: () => {
      gate?.feedClient.wake();
      gate?.replication.syncNow();
    },
    log: memory.lines,
    sealedMarks: async () => (device === undefined ? [] : loadSealedMarks(device)),
    close: async () => {
      closed = true;
      lan.stop();
      await inTurn(stopGate);
      tab?.release();
      device?.close();
    },
  };
}

/** Those of the list, without this one. */
const otherGatesOf = (gate: BrowserGate | undefined): readonly string[] =>
  gate?.list.current()?.manifest.gates.flatMap(({ id }) => (id === gate.gate || id === centralGate ? [] : [id])) ?? [];
