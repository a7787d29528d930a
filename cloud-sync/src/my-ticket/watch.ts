// What goes on by itself while the page is open: the clocks are compared every second, the time is written down, and the cloud is asked how
// the tickets stand whenever somebody looks and there is a network.
import { signal } from '@preact/signals';
import type { Keep } from './kept-tickets.ts';
import type { MyTickets } from './my-tickets.ts';
import type { TrustedTime } from './trusted-time.ts';

export const trouble = signal<ReturnType<TrustedTime['trouble']>>('none');

const lookEveryMs = 1_000;
const keepEveryLooks = 15;
const refreshEveryMs = 30_000;

export interface WatchDeps {
  readonly keep: Pick<Keep, 'keepTime'>;
  readonly tickets: Pick<MyTickets, 'refresh'>;
  readonly time: TrustedTime;
}

export function watch({ keep, tickets, time }: WatchDeps): void {
  let wasShown = true;
  let looks = 0;
  let isRefreshing = false;
  const refresh = async (): Promise<void> => {
    if (document.visibilityState !== 'visible' || isRefreshing) return;
    isRefreshing = true;
    await tickets.refresh();
    isRefreshing = false;
    trouble.value = time.trouble();
  };
  document.addEventListener('visibilitychange', () => {
    wasShown = false;
    void refresh();
  });
  globalThis.addEventListener('online', () => void refresh());
  setInterval(() => {
    time.look(wasShown);
    wasShown = document.visibilityState === 'visible';
    trouble.value = time.trouble();
    looks += 1;
    if (looks % keepEveryLooks === 0) void keep.keepTime(time.kept());
  }, lookEveryMs);
  setInterval(() => void refresh(), refreshEveryMs);
  void refresh();
}
