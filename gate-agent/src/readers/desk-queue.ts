// Who waits for the next wristband that is held up to a reader: band desks, which get it in turn instead of the lane.

export interface DeskQueue<T> {
  /** What is handed over next; undefined when `signal` aborts first. */
  readonly next: (signal: AbortSignal) => Promise<T | undefined>;
  /** Hands over to whoever has waited longest, who waits no more; undefined where nobody waits. To be called at once. */
  readonly shift: () => ((handedOver: T) => void) | undefined;
}

export function createDeskQueue<T>(): DeskQueue<T> {
  const waiting: ((handedOver: T) => void)[] = [];
  return {
    next: (signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve(undefined);
        const take = (handedOver: T | undefined): void => {
          signal.removeEventListener('abort', give);
          resolve(handedOver);
        };
        const give = (): void => {
          waiting.splice(waiting.indexOf(take), 1);
          take(undefined);
        };
        waiting.push(take);
        signal.addEventListener('abort', give, { once: true });
      }),
    shift: () => waiting.shift(),
  };
}
