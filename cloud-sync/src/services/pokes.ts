// Wake-ups for live pages: "something of this event has changed, look at the tables". Losing one costs a moment, never a fact.

export interface Pokes {
  readonly poke: (event: number) => void;
  /** Calls `listener` after every poke of this event; returns how to stop. */
  readonly listen: (event: number, listener: () => void) => () => void;
}

export function createPokes(): Pokes {
  const listenersByEvent = new Map<number, Set<() => void>>();
  return {
    poke: (event) => {
      for (const listener of listenersByEvent.get(event) ?? []) listener();
    },
    listen: (event, listener) => {
      const listeners = listenersByEvent.get(event) ?? new Set();
      listenersByEvent.set(event, listeners.add(listener));
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) listenersByEvent.delete(event);
      };
    },
  };
}
