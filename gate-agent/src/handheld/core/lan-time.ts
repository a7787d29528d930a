// What time it is by a gate on the LAN, for a phone that has been started without the cloud: asked by the rule of gates among each other
// (peers/peer-time.ts), so only while the own time is not trusted, and a gate that is not sure of its own says nothing. The
// page asks by itself, since a worker's monotonic clock is another one.
import { gateWebStatusPath, sleep, type Clock, type KeyPair, type Timer } from '@postern/shared';
import { sampleOfRoundTrip, type TimeSample } from '../../clock-trust.ts';
import { createWebGateFetch } from '../../peers/web-gate.ts';
import { peerTimeHeader, readPeerTime } from '../../peers/peer-time.ts';
import { webGateUrl } from './lan-gates.ts';

export interface LanTimeDeps {
  /** Under which gates have their names; undefined where they have none. */
  readonly domain: string | undefined;
  readonly self: string;
  readonly keys: KeyPair;
  /** Ids of those that answered last. */
  readonly gates: () => readonly string[];
  readonly isTrusted: () => boolean;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly fetch: typeof fetch;
}

export const lanTimeEveryMs = 2_000;
/** An answer that took longer would say little. */
const lanTimeTimeoutMs = 2_000;

/** Until the signal aborts; never rejects. */
export async function keepAskingLanTime(
  deps: LanTimeDeps,
  learned: (sample: TimeSample) => void,
  stopping: AbortSignal,
): Promise<void> {
  const { domain, gates, isTrusted, timer } = deps;
  if (domain === undefined) return;
  while (!stopping.aborted) {
    for (const gate of isTrusted() ? [] : gates()) {
      const sample = await askLanTime(deps, gate, webGateUrl(gate, domain));
      if (sample === undefined || stopping.aborted) continue;
      learned(sample);
      break;
    }
    await sleep(timer, lanTimeEveryMs, stopping);
  }
}

/** Undefined where the gate does not answer, or does not know. */
async function askLanTime(deps: LanTimeDeps, gate: string, url: string): Promise<TimeSample | undefined> {
  const { clock } = deps;
  let sentMs = 0;
  const ask = createWebGateFetch({
    ...deps,
    gate,
    url,
    // A nonce may have to be asked for first: what counts is when the question went out that was answered.
    fetch: (input, init) => {
      sentMs = clock.monotonicMs();
      return deps.fetch(input, init);
    },
  });
  try {
    const answer = await ask(url + gateWebStatusPath(gate), { signal: AbortSignal.timeout(lanTimeTimeoutMs) });
    const time = readPeerTime(answer.headers.get(peerTimeHeader) ?? undefined, sentMs, clock.monotonicMs());
    await answer.body?.cancel();
    return answer.status !== 200 || time === undefined
      ? undefined
      : sampleOfRoundTrip('peer', time.statedMs, time.sentMs, time.receivedMs, time.uncertaintyMs);
  } catch {
    // Out of reach again; there may be another one.
    return undefined;
  }
}
