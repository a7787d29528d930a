// What feeds the live part of the dashboard: one SSE stream an event that sends the whole state after every change and at least every few
// seconds, so that the page can tell when its data has grown old.
import { setTimeout as delay } from 'node:timers/promises';
import { liveStateSchema, type LiveState, type Logger, type Result } from '@postern/shared';
import type { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { describeRoute } from 'hono-openapi';
import type { LiveStates } from '../services/live-states.ts';
import type { Failure } from '../services/problems.ts';
import type { Pokes } from '../services/pokes.ts';
import { createRouter, problem, type Environment } from './context.ts';
import { describe, userProblems, validEvent } from './input.ts';

/** Changes within this time travel as one message. */
const gatherMs = 200;
/** A message at least this often, also when nothing happens. */
export const heartbeatMs = 5_000;
const streamsMax = 200;
/** So that one account does not keep all the others out. */
export const streamsPerAccountMax = 20;
/** Whoever listens must still be allowed to after this long. */
export const accessAgeMsMax = 5_000;

export interface LiveRoutesDeps {
  readonly liveStates: LiveStates;
  readonly pokes: Pokes;
  readonly log: Logger;
  /** What tells the dashboard's page whether it is of this cloud. */
  readonly dashboard: string | undefined;
  /** Aborts when the service stops. */
  readonly stopping: AbortSignal;
}

/** Under `/api/events`. */
export function liveRoutes({ liveStates, pokes, log, dashboard, stopping }: LiveRoutesDeps): Hono<Environment> {
  const router = createRouter();
  let streams = 0;
  const streamsByAccount = new Map<string, number>();
  const count = (account: string, change: 1 | -1): void => {
    streams += change;
    const ofAccount = (streamsByAccount.get(account) ?? 0) + change;
    if (ofAccount === 0) streamsByAccount.delete(account);
    else streamsByAccount.set(account, ofAccount);
  };
  router.get(
    '/:event/live',
    describeRoute(
      describe(
        'The live state as server-sent events',
        'live',
        { contentType: 'text/event-stream', schema: liveStateSchema },
        [...userProblems, 'request-invalid', 'event-unknown'],
      ),
    ),
    validEvent,
    async (c) => {
      const { event } = c.req.valid('param');
      const first = await liveStates.read(event);
      if (!first.ok) return problem(c, first.error);
      const { kind, id } = c.get('actor');
      const account = `${kind}/${id}`;
      if (streams >= streamsMax || (streamsByAccount.get(account) ?? 0) >= streamsPerAccountMax)
        return problem(c, { type: 'attempts-exhausted', retryAfterS: heartbeatMs / 1_000 });
      return streamSSE(c, async (stream) => {
        count(account, 1);
        // No AbortSignal.any: in Node 20 every use of it leaves something behind on a signal that lives on.
        const ended = new AbortController();
        const { signal } = ended;
        const end = (): void => ended.abort();
        stream.onAbort(end);
        stopping.addEventListener('abort', end);
        if (stopping.aborted) end();
        try {
          let state: Result<LiveState, Failure> = first;
          let allowedAtMs = first.value.atMs;
          while (!signal.aborted && state.ok) {
            if (state.value.atMs - allowedAtMs >= accessAgeMsMax) {
              if (!(await c.get('isStillAllowed')())) break;
              allowedAtMs = state.value.atMs;
            }
            await stream.writeSSE({
              event: 'state',
              data: JSON.stringify(state.value),
              ...(dashboard === undefined ? {} : { id: dashboard }),
            });
            await untilPoked(pokes, event, signal);
            if (!signal.aborted) state = await liveStates.read(event);
          }
        } catch (cause) {
          log.error({ event, cause: String(cause) }, 'a live stream failed');
        } finally {
          stopping.removeEventListener('abort', end);
          count(account, -1);
        }
      });
    },
  );
  return router;
}

/** Resolves a moment after a change, after the heartbeat, or when `signal` aborts. */
async function untilPoked(pokes: Pokes, event: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const woken = new AbortController();
  const wake = (): void => woken.abort();
  const stopListening = pokes.listen(event, wake);
  signal.addEventListener('abort', wake);
  await pause(heartbeatMs, woken.signal);
  signal.removeEventListener('abort', wake);
  stopListening();
  if (woken.signal.aborted) await pause(gatherMs, signal);
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  delay(ms, undefined, { signal, ref: false }).catch(() => {
    // Aborted: the wait is over, which is all the caller wants to know.
  });
