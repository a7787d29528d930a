// The time of day as it goes on, by the cloud's clock, for ages and clocks on the page: one tick a second for all who show one.
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { serverClock } from './server-clock.ts';

const tickMs = 1_000;
const now = signal(0);
let readers = 0;
let timer: ReturnType<typeof setInterval> | undefined;

const tick = (): void => {
  now.value = serverClock.nowMs();
};

/** Unix ms; whoever uses it is drawn again every second. */
export function useNow(): number {
  useEffect(() => {
    readers += 1;
    timer ??= setInterval(tick, tickMs);
    tick();
    return () => {
      readers -= 1;
      if (readers > 0) return;
      clearInterval(timer);
      timer = undefined;
    };
  }, []);
  return now.value === 0 ? serverClock.nowMs() : now.value;
}
