// Output lines that are always driven by exactly one `gpioset`: it keeps the values for as long as it lives. New values mean a new
// process after the old one's end, one after the other, so that the last values asked for are the ones that stay.
import type { Logger, Timer } from '@postern/shared';
import type { GpioPrograms, LinesOfChip, LineValue } from './programs.ts';
import { startGpioProcess, type GpioProcess } from './program-process.ts';

/** Lines whose process has died are driven again after so long. */
export const driveAgainAfterMs = 1_000;

export interface DrivenLines {
  /**
   * Resolves when the lines have these values; rejects when that cannot be. After `forMs` they are let go, also if the agent
   * hangs: an opening is over by itself.
   */
  readonly drive: (values: readonly LineValue[], forMs?: number) => Promise<void>;
  /** Lets go of the lines. */
  readonly close: () => Promise<void>;
}

export interface GpioDeps {
  readonly programs: GpioPrograms;
  readonly timer: Timer;
  readonly logger: Logger;
}

export function createDrivenLines(chip: LinesOfChip, { programs, timer, logger }: GpioDeps): DrivenLines {
  let current: GpioProcess | undefined;
  /** What the current one keeps, once it is known to. */
  let kept: string | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  let cancelAgain = (): void => undefined;
  let closed = false;

  const queued = (task: () => Promise<void>): Promise<void> => {
    const run = queue.then(task);
    queue = run.catch(() => undefined);
    return run;
  };

  const letGo = async (): Promise<void> => {
    cancelAgain();
    const before = current;
    current = kept = undefined;
    await before?.stop();
  };

  const replace = async (values: readonly LineValue[], forMs: number | undefined): Promise<void> => {
    if (closed) throw new Error(`the lines of ${chip.chip} are closed`);
    const wanted = forMs === undefined ? JSON.stringify(values) : undefined;
    if (wanted !== undefined && wanted === kept) return;
    const commands = await programs.find();
    await letGo();
    const next = startGpioProcess({
      command: commands.drive(chip, values, forMs),
      announces: commands.announces,
      timer,
    });
    current = next;
    void watchEnd(next, values, forMs);
    await next.up;
    if (current === next) kept = wanted;
  };

  /** A timed one has done its work when it ends; the others keep a state of rest that must not be lost. */
  const watchEnd = async (
    driver: GpioProcess,
    values: readonly LineValue[],
    forMs: number | undefined,
  ): Promise<void> => {
    const why = await driver.ended;
    if (current !== driver) return;
    current = kept = undefined;
    if (forMs === undefined) driveAgain(values, why);
  };

  const driveAgain = (values: readonly LineValue[], why: string): void => {
    logger.error({ chip: chip.chip, values, why }, 'The lines are not driven any more');
    cancelAgain = timer.after(driveAgainAfterMs, () => {
      // A failure is told and tried again by the end of the process that it started.
      queued(() => replace(values, undefined)).catch(() => undefined);
    });
  };

  return {
    drive: (values, forMs) => {
      cancelAgain();
      return queued(() => replace(values, forMs));
    },
    close: () => {
      closed = true;
      return queued(letGo);
    },
  };
}
