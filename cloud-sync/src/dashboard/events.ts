// The events that whoever is signed in may see. The list is read again when somebody makes one.
import { signal } from '@preact/signals';
import type { EventResponse, Problem, EventList } from '@postern/shared';
import { ask } from './cloud.ts';

/** Undefined until they are known. */
export const events = signal<readonly EventResponse[] | undefined>(undefined);
export const eventsProblem = signal<Problem | undefined>(undefined);

export async function readEvents(): Promise<void> {
  const read = await ask<EventList>('GET', '/api/events');
  eventsProblem.value = read.ok ? undefined : read.error;
  if (read.ok) events.value = read.value.events;
}
