// What is known of one event, read from its stream of whole states. Silence longer than two heartbeats means that what is shown is old, and the
// page says so; then it connects again, for ever, and asks to sign in where the session has ended.
import { signal } from '@preact/signals';
import type { LiveState, UserView } from '@postern/shared';
import { ask } from '../cloud.ts';
import { isOwnRelease } from '../release.ts';
import { serverClock } from '../server-clock.ts';

const silenceMsMax = 12_000;
/** Doubled as long as nobody answers. */
const reconnectMs = { least: 1_000, most: 8_000 } as const;
/** However much happens, the page is drawn no more often than this. */
const drawnEveryMs = 1_000;

export const state = signal<LiveState | undefined>(undefined);
/** Undefined while the stream is alive, else the cloud's time of what is shown; 0 when nothing has come yet. */
export const oldSinceMs = signal<number | undefined>(undefined);

/** Follows an event until the function that it returns is called. */
export function watch(event: number): () => void {
  let close = (): void => undefined;
  let ended = false;
  let isHeard = true;
  let restMs: number = reconnectMs.least;
  const markOld = (): void => {
    oldSinceMs.value ??= state.value?.atMs ?? 0;
  };
  const draw = sparingly((text: string) => {
    if (ended) return;
    const read = readState(text);
    // As good as none.
    if (read === undefined) return markOld();
    state.value = read;
    oldSinceMs.value = isHeard ? undefined : read.atMs;
  }, drawnEveryMs);
  state.value = undefined;
  oldSinceMs.value = undefined;

  function connect(): void {
    const source = new EventSource(`/api/events/${event}/live`);
    let silence = setTimeout(lose, silenceMsMax);
    close = () => {
      clearTimeout(silence);
      source.close();
    };
    function lose(): void {
      close();
      isHeard = false;
      markOld();
      setTimeout(() => void reconnect(), restMs);
      restMs = Math.min(2 * restMs, reconnectMs.most);
    }
    source.addEventListener('state', (message) => {
      // Nor does one of another cloud tell this page anything.
      if (!isOwnRelease(message.lastEventId)) return lose();
      clearTimeout(silence);
      silence = setTimeout(lose, silenceMsMax);
      isHeard = true;
      restMs = reconnectMs.least;
      draw(String(message.data));
    });
    source.addEventListener('error', lose);
  }

  async function reconnect(): Promise<void> {
    // A stream does not say why it was refused; this does, and has somebody sign in.
    await ask<UserView>('GET', '/me');
    if (!ended) connect();
  }

  connect();
  return () => {
    ended = true;
    close();
  };
}

function readState(text: string): LiveState | undefined {
  try {
    const read = JSON.parse(text) as LiveState;
    serverClock.heard(read.atMs);
    return read;
  } catch {
    // Cut off: the next one is whole.
    return undefined;
  }
}

/** Hands on the newest of what comes, at once and then no more often than every `ms`. */
function sparingly<T>(use: (value: T) => void, ms: number): (value: T) => void {
  let waiting: { readonly value: T } | undefined;
  let resting = false;
  const rest = (): void => {
    resting = true;
    setTimeout(() => {
      resting = false;
      const next = waiting;
      waiting = undefined;
      if (next === undefined) return;
      use(next.value);
      rest();
    }, ms);
  };
  return (value) => {
    if (resting) {
      waiting = { value };
      return;
    }
    use(value);
    rest();
  };
}
