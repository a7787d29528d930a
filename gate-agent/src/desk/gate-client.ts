// Asks the gate, and does not give up on it: while it cannot be reached, the same question is asked again every second. Every question of
// the desk may be asked twice: a band that is linked already is linked.
import { signal } from '@preact/signals';
import type { Result } from '@postern/shared';
import type { Problem } from './messages.ts';

/** True from a question that was not answered until one is. */
export const unanswered = signal(false);

const askAgainMs = 1_000;
/** The gate answers each within 20 s. */
const answerMsMax = 30_000;

/** The answer of `POST /steward/…`, with `T` as the agent that served this page sends it; undefined when `until` was aborted. */
export async function ask<T>(
  path: string,
  body: object,
  until: AbortSignal,
): Promise<Result<T | undefined, Problem> | undefined> {
  while (!until.aborted) {
    const answer = await askOnce<T>(path, body, until);
    if (until.aborted) return undefined;
    unanswered.value = answer === undefined;
    if (answer !== undefined) return answer;
    await pause(askAgainMs, until);
  }
  return undefined;
}

/** As `ask`, but undefined also where there was no answer, or none of a gate. */
export async function askOnce<T>(
  path: string,
  body: object,
  until: AbortSignal,
): Promise<Result<T | undefined, Problem> | undefined> {
  try {
    const response = await fetch(`/steward${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.any([until, AbortSignal.timeout(answerMsMax)]),
    });
    const value: unknown = response.status === 204 ? undefined : await response.json();
    return response.ok ? { ok: true, value: value as T } : { ok: false, error: value as Problem };
  } catch {
    return undefined; // The network, a time limit, or half an answer: all the same to who waits.
  }
}

const pause = (ms: number, until: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    until.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
