// Wake-ups for live pages: "something of this event has changed, look at the tables". Losing one costs a moment, never a fact. Between
// processes they travel in batches, because PostgreSQL lets commits that notify pass one by one.
import type { Timer } from '@postern/shared';

export interface Pokes {
  readonly poke: (event: number) => void;
  /** Calls `listener` after every poke of this event; returns how to stop. */
  readonly listen: (event: number, listener: () => void) => () => void;
  /** What another process has poked, as `send` was given it. */
  readonly receive: (message: string) => void;
  /** Pokes of others may have been lost: wakes all listeners. */
  readonly wakeAll: () => void;
}

export interface PokesDeps {
  readonly timer: Timer;
  /** Reaches the other processes; absent when there are none. */
  readonly send?: ((message: string) => Promise<void>) | undefined;
  /** Tells this process's messages from others'. */
  readonly processId?: string;
}

/** Pokes of this time travel as one message. */
export const pokesGatherMs = 20;
/** Events named by one message, which has some thousand bytes at most. */
const eventsPerMessageMax = 500;

export function createPokes({ timer, send, processId = '' }: PokesDeps): Pokes {
  const listenersByEvent = new Map<number, Set<() => void>>();
  const unsent = new Set<number>();
  const wake = (event: number): void => {
    for (const listener of listenersByEvent.get(event) ?? []) listener();
  };
  const flush = (): void => {
    const events = [...unsent];
    unsent.clear();
    for (let start = 0; start < events.length; start += eventsPerMessageMax)
      void send?.(`${processId} ${events.slice(start, start + eventsPerMessageMax).join(' ')}`);
  };
  return {
    poke: (event) => {
      wake(event);
      if (send === undefined) return;
      if (unsent.size === 0) timer.after(pokesGatherMs, flush);
      unsent.add(event);
    },
    listen: (event, listener) => {
      const listeners = listenersByEvent.get(event) ?? new Set();
      listenersByEvent.set(event, listeners.add(listener));
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) listenersByEvent.delete(event);
      };
    },
    receive: (message) => {
      const [sender, ...events] = message.split(' ');
      if (sender !== processId) for (const event of events) wake(Number(event));
    },
    wakeAll: () => {
      for (const event of listenersByEvent.keys()) wake(event);
    },
  };
}
