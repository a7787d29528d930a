// Keeps a page connected to its gate for weeks: the agent restarts, cables are pulled, browsers give up on event streams
// without a word. Silence longer than the beat allows means lost; then it connects again, forever, once a second.
import { signal } from '@preact/signals';
import type { Beat, Hello, ShownView, StaffCall } from './messages.ts';

/** Three missed beats. */
const silenceMsMax = 6_500;
const reconnectMs = 1_000;

export const hello = signal<Hello | undefined>(undefined);
export const beat = signal<Beat | undefined>(undefined);
export const views = signal<ReadonlyMap<string, ShownView>>(new Map());
export const calls = signal<readonly StaffCall[]>([]);
/** False from the moment the page cannot vouch for what it shows. */
export const connected = signal(false);
/** Rises with every connection: what is told first is how things stand, not what has just happened. */
export const connections = signal(0);

/** Runs for the life of the page. */
export function connect(url: string): void {
  const source = new EventSource(url);
  let silence = setTimeout(lose, silenceMsMax);

  function alive(): void {
    clearTimeout(silence);
    silence = setTimeout(lose, silenceMsMax);
    connected.value = true;
  }

  function lose(): void {
    clearTimeout(silence);
    source.close();
    connected.value = false;
    setTimeout(() => connect(url), reconnectMs);
  }

  const on = (event: string, take: (data: unknown) => void): void =>
    source.addEventListener(event, (message) => {
      take(JSON.parse(String(message.data)));
      alive();
    });
  // The agent that served this page sends these: the same version, the same types.
  on('hello', (data) => {
    hello.value = data as Hello;
    connections.value++;
  });
  on('beat', (data) => (beat.value = data as Beat));
  on('calls', (data) => (calls.value = data as readonly StaffCall[]));
  on('view', (data) => (views.value = new Map(views.value).set((data as ShownView).lane, data as ShownView)));
  source.addEventListener('error', lose);
}
