// Keeps the page in touch with the cloud: signs in, picks the event, and reads whole states from its stream. Silence longer than two
// heartbeats means that what is shown is old, and the page says so; then it connects again, for ever.
import { signal } from '@preact/signals';
import type { EventResponse, LiveState } from '@postern/shared';

const silenceMsMax = 12_000;
const reconnectMs = 1_000;

export type Stage = 'starting' | 'sign-in' | 'no-event' | 'live';
export const stage = signal<Stage>('starting');
export const events = signal<readonly EventResponse[]>([]);
export const state = signal<LiveState | undefined>(undefined);
/** Undefined while the stream is alive, else the cloud's time of what is shown. */
export const oldSinceMs = signal<number | undefined>(undefined);
/** Why signing in did not work. */
export const signInProblem = signal('');

let close: () => void = () => undefined;

export async function start(): Promise<void> {
  try {
    const response = await fetch('/api/events');
    if (response.status === 401) {
      stage.value = 'sign-in';
      return;
    }
    const list = (await response.json()) as { readonly events: readonly EventResponse[] };
    events.value = list.events;
    const wanted = Number(new URLSearchParams(location.search).get('event'));
    const event = list.events.find((candidate) => candidate.event === wanted) ?? list.events.at(-1);
    stage.value = event === undefined ? 'no-event' : 'live';
    if (event === undefined) setTimeout(() => void start(), 5 * reconnectMs);
    else watch(event.event);
  } catch {
    // The cloud does not answer: what is shown stays, marked as old, and the next attempt follows.
    markOld();
    setTimeout(() => void start(), reconnectMs);
  }
}

export async function signIn(token: string): Promise<void> {
  signInProblem.value = '';
  const response = await fetch('/session', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  if (response.ok) return start();
  signInProblem.value = response.status === 429 ? 'Too many attempts. Wait a minute.' : 'This token is not known here.';
  return undefined;
}

export async function signOut(): Promise<void> {
  close();
  await fetch('/session', { method: 'DELETE' });
  state.value = undefined;
  stage.value = 'sign-in';
}

/** Shows another event. */
export function choose(event: number): void {
  history.replaceState(null, '', `?event=${event}`);
  state.value = undefined;
  watch(event);
}

function watch(event: number): void {
  close();
  const source = new EventSource(`/api/events/${event}/live`);
  let silence = setTimeout(lose, silenceMsMax);
  close = () => {
    clearTimeout(silence);
    source.close();
  };

  function lose(): void {
    close();
    markOld();
    // A session may have ended meanwhile: begin at the beginning.
    setTimeout(() => void start(), reconnectMs);
  }

  source.addEventListener('state', (message) => {
    clearTimeout(silence);
    silence = setTimeout(lose, silenceMsMax);
    state.value = JSON.parse(String(message.data)) as LiveState;
    oldSinceMs.value = undefined;
    document.title = `${state.value.name} – Postern`;
  });
  source.addEventListener('error', lose);
}

function markOld(): void {
  oldSinceMs.value ??= state.value?.atMs ?? 0;
}
