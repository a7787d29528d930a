// The gates that a handheld speaks with on the LAN: a few at a time of those that the ticket list names. One that does not answer makes room
// for the next; who answers stays. Whether the browser lets the page do this at all is asked and told, too.
import {
  type Clock,
  gateWebName,
  gateWebPort,
  type KeyPair,
  type Peer,
  type PeerError,
  sleep,
  type Timer,
} from '@postern/shared';
import { signal, type ReadonlySignal } from '@preact/signals';
import { createWebGatePeer } from '../../peers/web-gate.ts';

/** What people are told of the way to the gates next door. */
export type LanAccess =
  /** The deployment has no names for gates, so there is no way. */
  | { readonly type: 'none' }
  /** The browser asks the person first, which takes a press. */
  | { readonly type: 'ask' }
  | { readonly type: 'denied' }
  /** Gates that answered last; none: the phone is in another network, or does not know the authority. */
  | { readonly type: 'allowed'; readonly answering: readonly string[] };

export interface LanGatesDeps {
  /** Undefined where the deployment has none. */
  readonly domain: string | undefined;
  readonly self: string;
  readonly keys: KeyPair;
  /** Ids of the event's gates, as the ticket list names them. */
  readonly gates: () => readonly string[];
  /** Exchanges with the peer, telling every outcome, until the signal aborts. Never rejects. */
  readonly follow: (
    peer: Peer,
    onTurn: (error: PeerError | undefined) => unknown,
    signal: AbortSignal,
  ) => Promise<void>;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly permission: () => Promise<PermissionState>;
  readonly fetch?: typeof fetch;
}

export interface LanGates {
  readonly access: ReadonlySignal<LanAccess>;
  /** After a press: lets the browser ask the person. */
  readonly ask: () => Promise<void>;
  /** Never rejects; ends when the signal aborts. */
  readonly run: (stopping: AbortSignal) => Promise<void>;
}

/** Gates at once: marks reach the others through them. */
export const lanGatesMax = 3;
/** Failures one behind the other before another gate gets its turn. */
const failuresMax = 2;
const turnMs = 1_000;

export function createLanGates(deps: LanGatesDeps): LanGates {
  const { domain, timer } = deps;
  const access = signal<LanAccess>(domain === undefined ? { type: 'none' } : { type: 'ask' });
  const answering = new Set<string>();
  const followed = new Map<string, AbortController>();
  let next = 0;

  const tell = (state: PermissionState): void => {
    access.value =
      domain === undefined
        ? { type: 'none' }
        : state === 'granted'
          ? { type: 'allowed', answering: [...answering].toSorted() }
          : { type: state === 'denied' ? 'denied' : 'ask' };
  };

  const start = (gate: string, ofDomain: string, stopping: AbortSignal): void => {
    const leaving = new AbortController();
    const stop = (): void => leaving.abort();
    stopping.addEventListener('abort', stop, { once: true });
    followed.set(gate, leaving);
    const peer = createWebGatePeer({ ...deps, gate, url: `https://${gateWebName(gate, ofDomain)}:${gateWebPort}` });
    let failures = 0;
    const onTurn = (error: PeerError | undefined): void => {
      failures = error === undefined ? 0 : failures + 1;
      if (error === undefined) answering.add(gate);
      else answering.delete(gate);
      tell('granted');
      if (failures >= failuresMax && deps.gates().length > lanGatesMax) leaving.abort();
    };
    void deps.follow(peer, onTurn, leaving.signal).finally(() => {
      stopping.removeEventListener('abort', stop);
      answering.delete(gate);
      followed.delete(gate);
    });
  };

  const choose = (ofDomain: string, stopping: AbortSignal): void => {
    const gates = deps.gates().filter((gate) => gate !== deps.self);
    for (const [gate, leaving] of followed) if (!gates.includes(gate)) leaving.abort();
    for (let tries = 0; tries < gates.length && followed.size < lanGatesMax; tries += 1) {
      const gate = gates[next++ % gates.length];
      if (gate !== undefined && !followed.has(gate)) start(gate, ofDomain, stopping);
    }
  };

  return {
    access,
    ask: async () => {
      const [gate] = deps.gates().filter((other) => other !== deps.self);
      if (domain === undefined || gate === undefined) return;
      // The browser asks when the page first reaches out; what comes of it the next turn sees.
      const { fetch: send = fetch } = deps;
      await send(`https://${gateWebName(gate, domain)}:${gateWebPort}/`, { mode: 'no-cors' }).catch(() => undefined);
      tell(await deps.permission());
    },
    run: async (stopping) => {
      if (domain === undefined) return;
      while (!stopping.aborted) {
        const state = await deps.permission();
        tell(state);
        if (state === 'granted') choose(domain, stopping);
        await sleep(timer, turnMs, stopping);
      }
    },
  };
}

/**
 * Chromium asks before a page reaches into the local network (Local Network Access); browsers that do not know the permission do not ask,
 * and leave it to the gate's own answer.
 */
export async function lanPermission(): Promise<PermissionState> {
  try {
    return (await navigator.permissions.query({ name: 'local-network-access' as PermissionName })).state;
  } catch {
    // No such permission here.
    return 'granted';
  }
}
