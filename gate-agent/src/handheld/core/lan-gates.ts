// The gates that a handheld speaks with on the LAN: a few at a time of those that the ticket list names. One that does not answer makes room
// for the next; who answers stays. Runs in the worker, beside the exchange with the cloud.
import {
  gateWebName,
  gateWebPort,
  sleep,
  type Clock,
  type KeyPair,
  type Peer,
  type PeerError,
  type Timer,
} from '@postern/shared';
import { createWebGatePeer } from '../../peers/web-gate.ts';

export interface LanGatesDeps {
  /** Under which gates have their names. */
  readonly domain: string;
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
  readonly forget: (peer: Peer) => void;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly fetch?: typeof fetch;
}

export interface LanGates {
  /** Whether the browser lets the page reach into the local network. */
  readonly allow: (isAllowed: boolean) => void;
  /** Never rejects; ends when the signal aborts. */
  readonly run: (stopping: AbortSignal) => Promise<void>;
}

/** Gates at once: marks reach the others through them. */
export const lanGatesMax = 3;
/** Failures one behind the other before another gate gets its turn. */
const failuresMax = 2;
export const turnMs = 1_000;

interface Followed {
  readonly leaving: AbortController;
  readonly ended: Promise<void>;
}

export function createLanGates(deps: LanGatesDeps): LanGates {
  const { domain, timer } = deps;
  const followed = new Map<string, Followed>();
  let isAllowed = false;
  let next = 0;

  const start = (gate: string): void => {
    const leaving = new AbortController();
    const peer = createWebGatePeer({ ...deps, gate, url: webGateUrl(gate, domain) });
    let failures = 0;
    const onTurn = (error: PeerError | undefined): void => {
      failures = error === undefined ? 0 : failures + 1;
      if (failures >= failuresMax && deps.gates().length > lanGatesMax) leaving.abort();
    };
    const ended = deps.follow(peer, onTurn, leaving.signal).finally(() => {
      followed.delete(gate);
      deps.forget(peer);
    });
    followed.set(gate, { leaving, ended });
  };

  const choose = (): void => {
    const gates = isAllowed ? deps.gates().filter((gate) => gate !== deps.self) : [];
    for (const [gate, { leaving }] of followed) if (!gates.includes(gate)) leaving.abort();
    for (let tries = 0; tries < gates.length && followed.size < lanGatesMax; tries += 1) {
      const gate = gates[next++ % gates.length];
      if (gate !== undefined && !followed.has(gate)) start(gate);
    }
  };

  return {
    allow: (allowed) => (isAllowed = allowed),
    run: async (stopping) => {
      while (!stopping.aborted) {
        choose();
        await sleep(timer, turnMs, stopping);
      }
      const left = [...followed.values()];
      for (const { leaving } of left) leaving.abort();
      await Promise.all(left.map(({ ended }) => ended));
    },
  };
}

export const webGateUrl = (gate: string, domain: string): string =>
  `https://${gateWebName(gate, domain)}:${gateWebPort}`;
