// One gate as the demo holds it: the process, the events that it tells, and the few things that a steward can do at it. Killing
// is SIGKILL; starting again is the same command line once more.
import { setTimeout as sleep } from 'node:timers/promises';
import { holdTexts, type LaneEvent, type LaneState } from '@postern/shared';
import { z } from 'zod';
import { startUntil, type Child } from './children.ts';
import { countJournal } from './counts.ts';
import { readEvents } from './sse.ts';

export interface GateOptions {
  readonly title: string;
  /** Arguments of `gate-agent run`. */
  readonly args: readonly string[];
  readonly logFile: string;
  readonly journal: string;
  readonly lane: string;
  /** Who answers holds. */
  readonly operator: { readonly operator: string; readonly pin: string };
}

export interface Hold {
  readonly id: string;
  readonly reason: string;
}

/** What the gate says of itself. */
export interface GateStatus {
  readonly historyHash: string | undefined;
  /** Unix ms since when neither the cloud nor another gate has answered. */
  readonly noContactSinceMs: number | undefined;
}

export interface Gate {
  readonly title: string;
  readonly running: () => boolean;
  readonly pid: () => number;
  readonly boot: () => string;
  readonly url: () => string;
  readonly onEvent: (listener: (event: LaneEvent) => void) => () => void;
  readonly laneState: () => LaneState | undefined;
  readonly hold: () => Hold | undefined;
  /** Resolves with a complaint, or undefined when it is done. */
  readonly answerHold: (holdId: string, answer: 'accept' | 'decline') => Promise<string | undefined>;
  /** Marks committed in its journal. */
  readonly marks: () => number;
  readonly status: () => Promise<GateStatus>;
  readonly start: () => Promise<{ readonly tookMs: number }>;
  /** SIGKILL. */
  readonly kill: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

const readySchema = z.object({ type: z.literal('ready'), url: z.string(), pid: z.number(), boot: z.string() });
/** The part of `GET /status` that the page shows. */
const statusSchema = z.object({
  historyHash: z.string().optional(),
  contact: z.object({ noContactSinceMs: z.number().optional() }),
});
const problemSchema = z.object({ title: z.string() });

const requestMsMax = 5_000;
const reconnectMs = 150;

export function createGate(options: GateOptions): Gate {
  const listeners = new Set<(event: LaneEvent) => void>();
  let child: Child | undefined;
  let ready: z.infer<typeof readySchema> | undefined;
  let state: LaneState | undefined;

  const deliver = (event: LaneEvent): void => {
    if (event.lane !== options.lane) return;
    if (event.type === 'state') state = event.state;
    for (const listener of listeners) listener(event);
  };

  /** Stays connected to the gate's events while this process of it lives. */
  const listen = async (process: Child, url: string): Promise<void> => {
    while (!process.hasEnded()) {
      await readEvents(
        `${url}/events`,
        ({ event, data }) => {
          if (event === 'lane') deliver(JSON.parse(data) as LaneEvent);
        },
        AbortSignal.any([]),
      ).catch(() => undefined); // Killed, or not listening yet: connect again while it lives.
      await sleep(reconnectMs);
    }
  };

  const running = (): boolean => child !== undefined && ready !== undefined && !child.hasEnded();
  const request = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${ready?.url ?? ''}${path}`, { ...init, signal: AbortSignal.timeout(requestMsMax) });

  return {
    title: options.title,
    running,
    pid: () => child?.pid ?? 0,
    boot: () => ready?.boot ?? '',
    url: () => ready?.url ?? '',
    onEvent: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    laneState: () => state,
    hold: () =>
      running() && state?.name === 'held'
        ? { id: state.holdId, reason: holdTexts[state.decision.reason].en }
        : undefined,
    answerHold: async (holdId, answer) => {
      const hold = { lane: options.lane, holdId };
      const action =
        answer === 'accept'
          ? { type: 'accept-hold', ...hold }
          : { type: 'decline-hold', ...hold, reason: 'proof-missing' };
      const response = await request('/steward', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...options.operator, action }),
      });
      return response.ok ? undefined : problemSchema.parse(await response.json()).title;
    },
    marks: () => countJournal(options.journal).marks,
    status: async () => {
      const { historyHash, contact } = statusSchema.parse(await (await request('/status')).json());
      return { historyHash, noContactSinceMs: contact.noContactSinceMs };
    },
    start: async () => {
      const startedMs = performance.now();
      ready = undefined;
      state = undefined;
      const started = await startUntil({ args: options.args, logFile: options.logFile }, (line) => parseReady(line));
      child = started.child;
      ready = started.found;
      void listen(started.child, started.found.url);
      return { tookMs: performance.now() - startedMs };
    },
    kill: async () => {
      child?.kill('SIGKILL');
      await child?.ended;
      state = undefined;
    },
    stop: async () => child?.stop(),
  };
}

function parseReady(line: string): z.infer<typeof readySchema> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const parsed = readySchema.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined; // A log line that only looks like JSON.
  }
}
