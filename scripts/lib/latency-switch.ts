// The switch of latency-switch.c, compiled when it is first needed: it joins the machines of a network lab by cables on which packets take
// their time, come twice or ahead of others, the same of them for the same seed. It ends with the process that started it.
import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { compileC } from './compile-c.ts';

export interface Latency {
  /** One way, drawn for every packet. A packet stays behind the one before it on its link, unless it overtakes. */
  readonly delayMs: { readonly least: number; readonly most: number };
  readonly duplicatesPercent: number;
  readonly overtakingPercent: number;
}

export const noLatency: Latency = { delayMs: { least: 0, most: 0 }, duplicatesPercent: 0, overtakingPercent: 0 };

/** Of frames since its start; one to many machines is received once and delivered many times. */
export type SwitchCounts = z.infer<typeof countsSchema>;

export interface LatencySwitch {
  /** Resolves when it holds for whatever is sent from then on. */
  readonly setLatency: (latency: Latency) => Promise<SwitchCounts>;
  readonly counts: () => Promise<SwitchCounts>;
  /** The devices of all its ports are gone a moment later. */
  readonly close: () => void;
}

export interface Port {
  /** The network namespace's path. */
  readonly namespace: string;
  readonly device: string;
}

const count = z.int().nonnegative();
const countsSchema = z.strictObject({
  received: count,
  delivered: count,
  duplicated: count,
  overtaken: count,
  /** There was no room for them. */
  dropped: count,
  waiting: count,
  waitingMost: count,
});

const source = fileURLToPath(new URL('./latency-switch.c', import.meta.url));

/** Why there can be no such switch here, or undefined. */
export function missingLatencySwitch(): string | undefined {
  let program: string;
  try {
    program = compileC(source);
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
  const { status, stderr, error } = spawnSync(program, ['check'], { encoding: 'utf8' });
  return status === 0 ? undefined : `no TAP devices here: ${error?.message ?? stderr.trim()}`;
}

/** With a device for each port; to and from the first of them all is at once, whatever the latency. */
export async function startLatencySwitch(seed: number, ports: readonly Port[]): Promise<LatencySwitch> {
  const child = spawn(
    compileC(source),
    [String(seed), ...ports.flatMap(({ namespace, device }) => [namespace, device])],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  );
  const asked: ((answer: SwitchCounts | Error) => void)[] = [];
  let said = '';
  let ended: Error | undefined;
  child.stdin.on('error', () => undefined); // It has ended, which all who ask are told.
  child.stderr.on('data', (data: Buffer) => (said += data.toString()));
  createInterface({ input: child.stdout }).on('line', (line) => asked.shift()?.(countsSchema.parse(JSON.parse(line))));
  const end = (cause: Error): void => {
    ended ??= cause;
    for (const answer of asked.splice(0)) answer(ended);
  };
  child.once('error', end);
  child.once('close', (code, signal) => end(new Error(`the switch has ended (${code ?? signal}): ${said.trim()}`)));

  const ask = (question: string): Promise<SwitchCounts> =>
    new Promise((resolve, reject) => {
      if (ended !== undefined) return reject(ended);
      asked.push((answer) => (answer instanceof Error ? reject(answer) : resolve(answer)));
      child.stdin.write(`${question}\n`);
    });
  await ask('tell'); // All ports are open.
  return {
    setLatency: ({ delayMs, duplicatesPercent, overtakingPercent }) => {
      const [least, most] = [delayMs.least, delayMs.most].map((ms) => Math.round(ms * 1_000));
      const [duplicates, overtaking] = [duplicatesPercent, overtakingPercent].map((share) => Math.round(share * 10));
      return ask(`set ${least} ${most} ${duplicates} ${overtaking}`);
    },
    counts: () => ask('tell'),
    close: () => void child.kill('SIGKILL'),
  };
}
