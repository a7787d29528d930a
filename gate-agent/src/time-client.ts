// Asks the cloud what time it is: a fresh nonce goes up, the same nonce and the time come back signed by a feed key, and half the
// round trip is what the answer is worth. Runs beside the scans, now and then; every failure only means "ask again later".
import {
  bytesToHex,
  err,
  ok,
  serverTimeBytesMax,
  serverTimeNonceBytes,
  sleep,
  timePath,
  verifyServerTime,
  type Clock,
  type Logger,
  type Random,
  type Result,
  type ServerTimeError,
  type Timer,
} from '@postern/shared';
import { sampleOfRoundTrip, type TimeSample } from './clock-trust.ts';
import { postJson, type HttpError } from './http-client.ts';

/** An answer that took longer is thrown away: it would say little, and the next one may be quick. */
export const timeRequestTimeoutMs = 5_000;
/** Between two questions while the last one was answered; shorter while none was. */
const askEveryMs = 5 * 60_000;
const retryEveryMs = 5_000;

export interface TimeClientDeps {
  readonly cloudUrl: string;
  readonly clock: Clock;
  readonly random: Random;
  /** The feed's public keys (32 bytes) by hexadecimal key id. */
  readonly feedKeyOf: (keyId: string) => Uint8Array | undefined;
  readonly fetch?: typeof fetch;
}

export type TimeError = HttpError | ServerTimeError | { readonly type: 'time-refused'; readonly status: number };

export async function askServerTime(
  { cloudUrl, clock, random, feedKeyOf, fetch }: TimeClientDeps,
  signal?: AbortSignal,
): Promise<Result<TimeSample, TimeError>> {
  const nonce = random(serverTimeNonceBytes);
  const sentMs = clock.monotonicMs();
  const answer = await postJson(
    new URL(timePath, `${cloudUrl.replace(/\/$/, '')}/`).href,
    { nonce: bytesToHex(nonce) },
    { timeoutMs: timeRequestTimeoutMs, answerBytesMax: serverTimeBytesMax, signal, fetch },
  );
  const receivedMs = clock.monotonicMs();
  if (!answer.ok) return answer;
  if (answer.value.status !== 200) return err({ type: 'time-refused', status: answer.value.status });
  const serverMs = verifyServerTime(answer.value.body, nonce, feedKeyOf);
  return serverMs.ok ? ok(sampleOfRoundTrip('server', serverMs.value, sentMs, receivedMs)) : serverMs;
}

/** Asks until `signal` aborts. `learned` gets every verified sample. */
export async function keepAskingServerTime(
  deps: TimeClientDeps & { readonly logger: Logger; readonly timer: Timer },
  learned: (sample: TimeSample) => void,
  signal: AbortSignal,
): Promise<void> {
  let lastProblem = '';
  while (!signal.aborted) {
    const sample = await askServerTime(deps, signal);
    if (sample.ok) learned(sample.value);
    const problem = sample.ok ? '' : sample.error.type;
    if (problem !== lastProblem && problem !== '') deps.logger.warn({ problem }, 'the cloud does not tell the time');
    lastProblem = problem;
    await sleep(deps.timer, sample.ok ? askEveryMs : retryEveryMs, signal);
  }
}
