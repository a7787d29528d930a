// One running libgpiod program. The kernel ends it when the agent ends, however that happens (`setpriv --pdeathsig`), so that no
// line stays driven by a program whose agent is dead. What it says on stderr is kept up to a limit.
import { spawn } from 'node:child_process';
import type { Timer } from '@postern/shared';

/** A program that announces itself has so long to get its lines. */
export const announceWithinMs = 2_000;
/** One that does not has its lines when it has lived for so long: without them it ends at once. */
export const livedForMs = 60;
const killAfterMs = 300;
const complaintCharsMax = 300;

export interface GpioProcess {
  /** Resolves when it has its lines; rejects when it ends before, or does not answer. */
  readonly up: Promise<void>;
  /** Resolves, never rejects, with why it ended. */
  readonly ended: Promise<string>;
  /** Ends it and waits for that. */
  readonly stop: () => Promise<void>;
}

export interface GpioProcessOptions {
  /** The program and its arguments. */
  readonly command: readonly string[];
  readonly announces: boolean;
  readonly timer: Timer;
  /** What it prints, but for the announcement. */
  readonly onOutput?: (chunk: Buffer) => void;
}

export function startGpioProcess({ command, announces, timer, onOutput }: GpioProcessOptions): GpioProcess {
  const program = command[0] ?? '';
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...command], { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaint = '';
  let hasEnded = false;
  let isUp = false;
  let cancelWait = (): void => undefined;
  let settleUp: (fault?: Error) => void = () => undefined;

  const up = new Promise<void>((resolve, reject) => {
    settleUp = (fault) => {
      cancelWait();
      isUp = true;
      if (fault === undefined) resolve();
      else reject(fault);
    };
  });
  // Whoever stops it before it is up need not hear that it never was.
  up.catch(() => undefined);

  const ended = new Promise<string>((resolve) => {
    const end = (why: string, fault?: Error): void => {
      hasEnded = true;
      settleUp(fault);
      resolve(why);
    };
    child.on('error', (cause) => {
      const why = `${program} could not be started: ${cause.message}`;
      end(why, new Error(why));
    });
    child.on('close', (code, signal) => {
      const why = complaint.trim() || `${program} ended (${signal === null ? `exit code ${code}` : signal})`;
      // One that was to end by itself has had its lines until then.
      end(why, code === 0 ? undefined : new Error(why));
    });
  });

  const stop = async (): Promise<void> => {
    if (hasEnded) return;
    child.kill('SIGTERM');
    const cancelKill = timer.after(killAfterMs, () => child.kill('SIGKILL'));
    await ended;
    cancelKill();
  };

  child.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString('latin1')).slice(0, complaintCharsMax);
  });
  let announcement = announces ? '' : undefined;
  child.stdout.on('data', (chunk: Buffer) => {
    if (announcement === undefined) return onOutput?.(chunk);
    announcement += chunk.toString('latin1').slice(0, complaintCharsMax);
    const end = announcement.indexOf('\n');
    if (end < 0) return;
    const rest = announcement.slice(end + 1);
    announcement = undefined;
    settleUp();
    if (rest !== '') onOutput?.(Buffer.from(rest, 'latin1'));
  });
  cancelWait = timer.after(announces ? announceWithinMs : livedForMs, () => {
    if (isUp) return;
    if (!announces) return settleUp();
    settleUp(new Error(`${program} does not answer`));
    void stop();
  });
  return { up, ended, stop };
}
