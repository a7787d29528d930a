// This gate's neighbours on the LAN: a few of the gates that are configured or found, each followed by a loop of its own, so that a slow
// one holds up nobody. One that does not answer rests, and another takes its place.
import { type Clock, type Peer, type PeerError, type Timer } from '@postern/shared';
import type { FoundGate } from './found-gates.ts';
import { ownGateCause, type LanPeer } from './lan-peer.ts';
import { chooseNeighbours, neighboursMax, turnMs } from './neighbours.ts';

export interface MeshDeps {
  readonly gate: string;
  /** Configured addresses, `HOST:PORT`. */
  readonly addresses: readonly string[];
  readonly createPeer: (address: string) => LanPeer;
  /** Exchanges with the peer, telling every outcome, until `signal` aborts. Never rejects. */
  readonly follow: (peer: Peer, onTurn: (error: PeerError | undefined) => void, signal: AbortSignal) => Promise<void>;
  readonly forget: (peer: Peer) => void;
  readonly clock: Clock;
  readonly timer: Timer;
}

export interface Mesh {
  readonly setFound: (found: readonly FoundGate[]) => void;
  /** The list of gates has changed: whoever was refused may be welcome now. */
  readonly tryRefusedAgain: () => void;
  readonly peers: () => readonly LanPeer[];
  /** Neighbours that answered last. */
  readonly answering: () => number;
  readonly isWanting: () => boolean;
  /** Addresses behind which there was no gate of this deployment. */
  readonly refused: () => number;
  /** Stops following; the peers stay open for a last exchange until `close`. */
  readonly stop: () => Promise<void>;
  readonly close: () => void;
}

/** After so many failures one behind the other a gate makes room for one that waits. */
const failuresMax = 2;
const restFirstMs = 5_000;
const restMsMax = 60_000;
const tickMs = 1_000;

interface Candidate {
  readonly address: string;
  /** As it was announced; its certificate says who it is. */
  readonly announcedGate: string | undefined;
  gate: string | undefined;
  /** Configured, or still announced. */
  isNamed: boolean;
  failures: number;
  rests: number;
  restUntilMs: number;
  trouble: 'refused' | 'is-this-gate' | undefined;
}

interface Neighbour {
  readonly peer: LanPeer;
  readonly stopping: AbortController;
  readonly ended: Promise<void>;
  answers: boolean;
}

export function createMesh(deps: MeshDeps): Mesh {
  const { clock, timer } = deps;
  const newCandidate = (address: string, announcedGate?: string): Candidate => ({
    address,
    announcedGate,
    gate: undefined,
    isNamed: true,
    failures: 0,
    rests: 0,
    restUntilMs: 0,
    trouble: undefined,
  });
  const configured = new Map(deps.addresses.map((address) => [address, newCandidate(address)]));
  const found = new Map<string, Candidate>();
  const neighbours = new Map<string, Neighbour>();
  const leaving = new Set<Promise<void>>();
  let stopped = false;
  let cancel = (): void => {};

  const candidateAt = (address: string): Candidate | undefined => configured.get(address) ?? found.get(address);

  const noteTurn = (address: string, peer: LanPeer, error: PeerError | undefined): void => {
    const candidate = candidateAt(address);
    const neighbour = neighbours.get(address);
    if (candidate === undefined || neighbour?.peer !== peer) return;
    neighbour.answers = error === undefined;
    candidate.gate = peer.gate() ?? candidate.gate;
    candidate.failures = error === undefined ? 0 : candidate.failures + 1;
    const wasRefused = error?.type === 'peer-refused' && error.status === 0;
    candidate.trouble = !wasRefused ? undefined : error.cause === ownGateCause ? 'is-this-gate' : 'refused';
    if (error === undefined) candidate.rests = 0;
    else if (candidate.failures >= failuresMax || candidate.trouble !== undefined) {
      candidate.failures = 0;
      candidate.restUntilMs =
        clock.monotonicMs() + Math.min(restMsMax, restFirstMs * 2 ** Math.min(candidate.rests, 10));
      candidate.rests += 1;
      if (!candidate.isNamed) found.delete(address);
      choose();
    }
  };

  const start = (address: string): void => {
    const peer = deps.createPeer(address);
    const stopping = new AbortController();
    const ended = deps.follow(peer, (error) => noteTurn(address, peer, error), stopping.signal);
    neighbours.set(address, { peer, stopping, ended, answers: false });
  };

  const end = (address: string, { peer, stopping, ended }: Neighbour): void => {
    neighbours.delete(address);
    stopping.abort();
    const left = leave(address, peer, ended);
    leaving.add(left);
    void left.finally(() => leaving.delete(left));
  };
  const leave = async (address: string, peer: LanPeer, ended: Promise<void>): Promise<void> => {
    await ended;
    peer.close();
    if (!neighbours.has(address)) deps.forget(peer);
  };

  /** One candidate a gate: of several addresses the one that has proved to be it, else the latest that does not rest. */
  const candidatesByKey = (): ReadonlyMap<string, Candidate> => {
    const byKey = new Map<string, Candidate>();
    const nowMs = clock.monotonicMs();
    const rank = ({ gate, restUntilMs }: Candidate): number =>
      (restUntilMs > nowMs ? 0 : 2) + (gate === undefined ? 0 : 1);
    for (const candidate of [...configured.values(), ...found.values()]) {
      if (candidate.trouble === 'is-this-gate') continue;
      const key = candidate.gate ?? candidate.announcedGate ?? candidate.address;
      const other = byKey.get(key);
      if (other === undefined || rank(candidate) >= rank(other)) byKey.set(key, candidate);
    }
    return byKey;
  };

  const choose = (): void => {
    if (stopped) return;
    const byKey = candidatesByKey();
    const nowMs = clock.monotonicMs();
    const resting = [...byKey].filter(([, { restUntilMs }]) => restUntilMs > nowMs);
    const awake = [...byKey.keys()].filter((key) => (byKey.get(key)?.restUntilMs ?? 0) <= nowMs);
    const chosen = chooseNeighbours(deps.gate, awake, Math.floor(nowMs / turnMs));
    // Nobody else is left: then one that rests, too, is asked now and then.
    const spare = resting
      .toSorted(([, a], [, b]) => a.restUntilMs - b.restUntilMs)
      .slice(0, neighboursMax - chosen.length)
      .map(([key]) => key);
    const addresses = new Set([...chosen, ...spare].flatMap((key) => byKey.get(key)?.address ?? []));
    for (const [address, neighbour] of neighbours) if (!addresses.has(address)) end(address, neighbour);
    for (const address of addresses) if (!neighbours.has(address)) start(address);
  };

  const tick = (): void => {
    choose();
    cancel = timer.after(tickMs, tick);
  };
  tick();

  const answering = (): number => [...neighbours.values()].filter(({ answers }) => answers).length;
  const everybody = (): readonly Candidate[] => [...configured.values(), ...found.values()];
  return {
    setFound: (gates) => {
      const before = new Map(found);
      found.clear();
      for (const { gate, address } of gates) {
        if (configured.has(address)) continue;
        const known = before.get(address);
        found.set(
          address,
          known?.gate !== undefined || known?.announcedGate === gate ? known : newCandidate(address, gate),
        );
      }
      // A goodbye may be anybody's: who answers stays until it does not.
      for (const [address, candidate] of before) {
        candidate.isNamed = found.has(address);
        if (!candidate.isNamed && neighbours.get(address)?.answers === true) found.set(address, candidate);
      }
      choose();
    },
    tryRefusedAgain: () => {
      for (const candidate of everybody()) if (candidate.trouble === 'refused') candidate.restUntilMs = 0;
      choose();
    },
    peers: () => [...neighbours.values()].map(({ peer }) => peer),
    answering,
    isWanting: () => answering() < neighboursMax,
    refused: () => everybody().filter(({ trouble }) => trouble === 'refused').length,
    stop: async () => {
      stopped = true;
      cancel();
      for (const { stopping } of neighbours.values()) stopping.abort();
      await Promise.all([...[...neighbours.values()].map(({ ended }) => ended), ...leaving]);
    },
    close: () => {
      for (const { peer } of neighbours.values()) peer.close();
    },
  };
}
