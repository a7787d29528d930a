// The events that whoever is signed in may see. The list is read again when somebody makes one.
import { signal } from '@preact/signals';
import { eventListSchema, type EventResponse, type Problem } from '@postern/shared';
import { ask } from './cloud.ts';

/** Undefined until they are known. */
export const events = signal<readonly EventResponse[] | undefined>(undefined);
export const eventsProblem = signal<Problem | undefined>(undefined);

export async function readEvents(): Promise<void> {
  const read = await ask('GET', '/api/events', eventListSchema);
  eventsProblem.value = read.ok ? undefined : read.error;
  if (read.ok) events.value = read.value.events;
}
