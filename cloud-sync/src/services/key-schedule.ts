// Rotates keys by their age: looks at start and every hour, in every process; whoever is first rotates, the others find it done.
import type { Clock, Logger, RotatingPurpose, Timer } from '@postern/shared';
import type { WatchedWork } from './jobs/watched-work.ts';
import type { KeyRotation } from './key-rotation.ts';

export const scheduleCheckMs = 3_600_000;
const dayMs = 86_400_000;

export interface KeySchedule {
  /** Looks now and then every hour until stopped; resolves after the first look. */
  readonly start: () => Promise<void>;
  /** Ends it and waits for a rotation that is under way. */
  readonly stop: () => Promise<void>;
}

export interface KeyScheduleDeps {
  readonly rotation: KeyRotation;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly log: Logger;
  readonly note: WatchedWork['note'];
  /** Days that a key is active, by purpose; 0: until somebody rotates it. */
  readonly days: Readonly<Partial<Record<RotatingPurpose, number>>>;
}

export function createKeySchedule({ rotation, clock, timer, log, note, days }: KeyScheduleDeps): KeySchedule {
  let cancel = (): void => undefined;
  let isStopped = false;
  let looking: Promise<void> = Promise.resolve();

  const look = async (): Promise<void> => {
    const startedAtMs = clock.wallMs();
    let rotations = 0;
    try {
      for (const key of await rotation.list()) {
        const lifeMs = (days[key.purpose] ?? 0) * dayMs;
        if (key.state !== 'active' || lifeMs === 0) continue;
        if (clock.wallMs() - (key.activatedAtMs ?? key.createdAtMs) < lifeMs) continue;
        const rotated = await rotation.rotate(key.purpose, { active: key.keyId });
        if (rotated.ok) rotations += 1;
        // Too young is for later, a conflict is another process that was faster.
        const isExpected =
          rotated.ok || rotated.error.type === 'next-key-too-young' || rotated.error.type === 'rotation-conflict';
        if (!isExpected)
          log.error({ purpose: key.purpose, error: rotated.error }, 'a key is due but cannot be rotated');
      }
      const summary = rotations === 0 ? 'No key was due.' : `Rotated ${rotations} keys.`;
      note('key-schedule', 0, startedAtMs, { result: { counts: { rotations }, summary } });
    } catch (cause) {
      log.error({ cause: String(cause) }, 'looking for keys to rotate failed');
    }
    if (!isStopped)
      cancel = timer.after(scheduleCheckMs, () => {
        looking = look();
      });
  };

  return {
    start: async () => {
      looking = look();
      await looking;
    },
    stop: async () => {
      isStopped = true;
      cancel();
      await looking;
    },
  };
}
