// Keeps the page connected to its gate for weeks: the agent restarts, cables are pulled, browsers give up on event streams
// without a word. Silence longer than the beat allows means lost; then it connects again, forever, once a second.
import { signal } from '@preact/signals';
import type { Beat, DisplayView, Hello } from './messages.ts';

/** Three missed beats. */
const silenceMsMax = 6_500;
const reconnectMs = 1_000;

export const hello = signal<Hello | undefined>(undefined);
export const beat = signal<Beat | undefined>(undefined);
export const views = signal<ReadonlyMap<string, DisplayView>>(new Map());
/** False from the moment the page cannot vouch for what it shows. */
export const connected = signal(false);

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

  const on = <T>(event: string, take: (data: T) => void): void =>
    source.addEventListener(event, (message) => {
      take(JSON.parse(String(message.data)) as T);
      alive();
    });
  on<Hello>('hello', (data) => {
    hello.value = data;
    document.title = data.gate.name;
  });
  on<Beat>('beat', (data) => (beat.value = data));
  on<DisplayView>('view', (data) => (views.value = new Map(views.value).set(data.lane, data)));
  source.addEventListener('error', lose);
}
