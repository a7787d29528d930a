// Reads by key that many requests want at the same time, made as one: what a group commit is for writing. Whoever asks while a statement
// is under way shares the next one, so that nobody gets an answer that was read before they asked. Remembers nothing.
import { setImmediate } from 'node:timers/promises';

/** Keys of one statement. */
export const sharedKeysMax = 200;

interface Question<V> {
  readonly answer: (value: V | undefined) => void;
  readonly reject: (cause: unknown) => void;
}

/** `read` is asked for up to `sharedKeysMax` different keys at once and answers with those that it has found. */
export function shareReads<K, V>(
  read: (keys: readonly K[]) => Promise<ReadonlyMap<K, V>>,
): (key: K) => Promise<V | undefined> {
  let waiting = new Map<K, Question<V>[]>();
  let isReading = false;

  const answerWaiting = async (): Promise<void> => {
    // Until everybody whose request has arrived by now has asked.
    await setImmediate();
    while (waiting.size > 0) {
      const together = [...waiting].slice(0, sharedKeysMax);
      if (together.length === waiting.size) waiting = new Map();
      else for (const [key] of together) waiting.delete(key);
      try {
        const found = await read(together.map(([key]) => key));
        for (const [key, questions] of together) for (const { answer } of questions) answer(found.get(key));
      } catch (cause) {
        for (const [, questions] of together) for (const { reject } of questions) reject(cause);
      }
    }
    isReading = false;
  };

  return (key) =>
    new Promise((answer, reject) => {
      const question = { answer, reject };
      const others = waiting.get(key);
      if (others === undefined) waiting.set(key, [question]);
      else others.push(question);
      if (isReading) return;
      isReading = true;
      void answerWaiting();
    });
}
