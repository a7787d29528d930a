// The page's line to the demo: its whole state by server-sent events, and the messages back.
import { signal } from '@preact/signals';
import type { PageAction, PageState } from '../page-state.ts';

export const state = signal<PageState | undefined>(undefined);
export const connected = signal(false);

export function connect(): void {
  const events = new EventSource('/events');
  events.addEventListener('state', (event: MessageEvent<string>) => {
    state.value = JSON.parse(event.data) as PageState;
    connected.value = true;
  });
  // EventSource tries again by itself; until then the page says that what it shows is old.
  events.addEventListener('error', () => (connected.value = false));
}

/** Tells the demo what was pressed; resolves with its complaint, if it has one. */
export async function act(action: PageAction): Promise<string | undefined> {
  try {
    const answer = await fetch('/action', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(action),
    });
    return answer.ok ? undefined : await answer.text();
  } catch {
    return 'The demo has ended.'; // Nobody listens on the port any more.
  }
}
