// Hands what happens at the gate to whoever is listening (displays, the demo, a steward's page). A listener that does not keep up
// is dropped instead of filling memory; it connects again and gets the present state first.
import { assert } from '@postern/shared';

/** Listeners at once; further ones are refused. */
export const listenersMax = 32;
/** Messages waiting for one listener before it is dropped. */
export const backlogMessagesMax = 256;

/** One server-sent event; `data` is JSON. */
export interface HubMessage {
  readonly event: string;
  readonly data: string;
}

export interface EventHub {
  readonly publish: (event: string, data: unknown) => void;
  /** Undefined when there are too many already. */
  readonly listen: () => Listener | undefined;
  readonly listeners: () => number;
  /** Ends every listener. */
  readonly close: () => void;
}

export interface Listener {
  /** The next message, or undefined once this listener has been dropped or the hub closed. One call at a time. */
  readonly next: () => Promise<HubMessage | undefined>;
  readonly end: () => void;
}

export function createEventHub(): EventHub {
  const active = new Set<{ readonly push: (message: HubMessage) => void; readonly end: () => void }>();
  let closed = false;

  const listen = (): Listener | undefined => {
    if (closed || active.size >= listenersMax) return undefined;
    const backlog: HubMessage[] = [];
    let waiting: ((message: HubMessage | undefined) => void) | undefined;
    let ended = false;
    const end = (): void => {
      ended = true;
      backlog.length = 0;
      active.delete(entry);
      waiting?.(undefined);
      waiting = undefined;
    };
    const entry = {
      push: (message: HubMessage): void => {
        if (waiting !== undefined) {
          const deliver = waiting;
          waiting = undefined;
          deliver(message);
        } else if (backlog.length < backlogMessagesMax) backlog.push(message);
        else end();
      },
      end,
    };
    active.add(entry);
    return {
      end,
      next: () => {
        assert(waiting === undefined, 'one reader a listener');
        const message = backlog.shift();
        if (message !== undefined || ended) return Promise.resolve(message);
        return new Promise((resolve) => (waiting = resolve));
      },
    };
  };

  return {
    listen,
    publish: (event, data) => {
      if (active.size === 0) return;
      const message = { event, data: JSON.stringify(data) };
      for (const listener of active) listener.push(message);
    },
    listeners: () => active.size,
    close: () => {
      closed = true;
      for (const listener of active) listener.end();
    },
  };
}
