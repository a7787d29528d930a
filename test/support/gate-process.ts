// The gate agent as a process of its own, started as a customer starts it, and what a monitor, a screen and a steward would see of it.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { LaneEvent } from '@postern/shared';
import type { Finished } from './cloud-process.ts';
import { compiledProgram } from './compiled-programs.ts';

const cli = compiledProgram('gate-agent');

export interface GateProcess {
  readonly pid: number;
  /** Base URL and boot, once it is ready; rejects when the process ends before. */
  readonly ready: Promise<{ readonly url: string; readonly boot: string }>;
  readonly ended: Promise<Finished>;
  /** One code a line, for `stdin://` readers. */
  readonly type: (line: string) => void;
  readonly kill: (signal: NodeJS.Signals) => void;
}

const spawnGate = (argumentList: readonly string[], environment: NodeJS.ProcessEnv = {}): ChildProcess =>
  spawn(process.execPath, [cli, ...argumentList], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });

/** Starts `gate-agent run --config … --json`. */
export function startGateProcess(configPath: string, environment: NodeJS.ProcessEnv = {}): GateProcess {
  const child = spawnGate(['run', '--config', configPath, '--json'], environment);
  const { text, ended } = watch(child);
  const ready = new Promise<{ readonly url: string; readonly boot: string }>((resolve, reject) => {
    child.stdout?.on('data', () => {
      const line = /^\{"type":"ready".*\}$/m.exec(text.out)?.[0];
      if (line !== undefined) resolve(JSON.parse(line) as { url: string; boot: string });
    });
    void ended.then((finished) => reject(new Error(`gate-agent has ended: ${finished.errors}`)));
  });
  // Not every test waits for it.
  ready.catch(() => undefined);
  return {
    pid: child.pid ?? 0,
    ready,
    ended,
    type: (line) => void child.stdin?.write(`${line}\n`),
    kill: (signal) => void child.kill(signal),
  };
}

/** Runs a command of the gate agent to its end. */
export function runGateCommand(...argumentList: readonly string[]): Promise<Finished> {
  const child = spawnGate(argumentList);
  child.stdin?.end();
  return watch(child).ended;
}

/** A command that asks: what is typed, line by line, and what it has said by now. */
export function startGateCommand(
  lines: readonly string[],
  ...argumentList: readonly string[]
): { readonly out: () => string; readonly ended: Promise<Finished>; readonly interrupt: () => void } {
  const child = spawnGate(argumentList);
  const { text, ended } = watch(child);
  child.stdin?.end(lines.map((line) => `${line}\n`).join(''));
  return { out: () => text.out, ended, interrupt: () => void child.kill('SIGINT') };
}

function watch(child: ChildProcess): {
  readonly text: { readonly out: string; readonly errors: string };
  readonly ended: Promise<Finished>;
} {
  const text = { out: '', errors: '' };
  child.stdout?.on('data', (data: Buffer) => (text.out += data.toString()));
  child.stderr?.on('data', (data: Buffer) => (text.errors += data.toString()));
  child.stdin?.on('error', () => {
    // It has ended: what is typed now reaches nobody.
  });
  return { text, ended: once(child, 'close').then(([code]): Finished => ({ code: code as number | null, ...text })) };
}

type EventOf<E extends LaneEvent['type']> = Extract<LaneEvent, { type: E }>;
type Wanted<E extends LaneEvent['type']> = (event: EventOf<E>) => boolean;

export interface GateEvents {
  /** The first event, of those already seen or still to come, that `wanted` accepts; each is given out once. Rejects after a minute. */
  readonly next: <E extends LaneEvent['type']>(type: E, wanted?: Wanted<E>) => Promise<EventOf<E>>;
  /** As `next`, but undefined when there is none within so long. */
  readonly within: <E extends LaneEvent['type']>(
    ms: number,
    type: E,
    wanted?: Wanted<E>,
  ) => Promise<EventOf<E> | undefined>;
  readonly close: () => void;
}

/** Far longer than a code has to be out of view before it counts as shown again. */
const shownAgainAfterMs = 8_000;
const timesShownMax = 8;

/**
 * Types a code until the gate has decided, as a visitor does: what was not answered, because the gate took it for the sighting before or
 * was busy for too long, is shown again after a while.
 */
export async function showCode(
  gate: Pick<GateProcess, 'type'>,
  events: GateEvents,
  text: string,
  wanted?: Wanted<'decision'>,
): Promise<EventOf<'decision'>> {
  for (let shown = 0; shown < timesShownMax; shown++) {
    gate.type(text);
    const decided = await events.within(shownAgainAfterMs, 'decision', wanted);
    if (decided !== undefined) return decided;
  }
  throw new Error(`shown ${timesShownMax} times, the code was not answered`);
}

const eventWithinMs = 60_000;

/** Listens to a gate's event stream as a screen does. Resolves once it is connected. */
export async function listenToGate(url: string): Promise<GateEvents> {
  const stopping = new AbortController();
  const response = await fetch(`${url}/events`, { signal: stopping.signal });
  const seen: LaneEvent[] = [];
  const waiting = new Set<() => void>();
  const read = async (): Promise<void> => {
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      const messages = text.split('\n\n');
      text = messages.pop() ?? '';
      for (const message of messages) {
        const [, event, data] = /^event: (.+)\ndata: (.+)$/.exec(message) ?? [];
        if (event === 'lane' && data !== undefined) seen.push(JSON.parse(data) as LaneEvent);
      }
      for (const look of waiting) look();
    }
  };
  read().catch(() => undefined); // Aborted by `close`, or cut off because the gate was killed: the test's own waits decide.

  const within = <E extends LaneEvent['type']>(
    ms: number,
    type: E,
    wanted: Wanted<E> = () => true,
  ): Promise<EventOf<E> | undefined> =>
    new Promise((resolve) => {
      const matches = (event: LaneEvent): boolean => event.type === type && wanted(event as EventOf<E>);
      const end = (found: EventOf<E> | undefined): void => {
        clearTimeout(timeout);
        waiting.delete(look);
        resolve(found);
      };
      const look = (): void => {
        const index = seen.findIndex(matches);
        if (index >= 0) end(seen.splice(index, 1)[0] as EventOf<E>);
      };
      const timeout = setTimeout(end, ms, undefined);
      waiting.add(look);
      look();
    });

  return {
    within,
    next: async (type, wanted) => {
      const found = await within(eventWithinMs, type, wanted);
      if (found !== undefined) return found;
      throw new Error(
        `no such "${type}" within ${eventWithinMs / 1_000} s; not asked for were ${seen.map((event) => JSON.stringify(event)).join('\n') || 'none'}`,
      );
    },
    close: () => stopping.abort(),
  };
}
