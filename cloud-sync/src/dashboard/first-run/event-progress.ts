// How far an event is on its way to the first ticket, as the cloud knows it, asked again every few seconds.
import type { EventResponse, GateList, Summary, UsagePage } from '@postern/shared';
import { useAsked } from '../asking.ts';

const everyMs = 2_000;

export interface EventProgress {
  readonly event: number;
  readonly tickets: number;
  readonly gatesEnrolled: number;
  readonly entered: number;
  readonly refused: number;
  /** The first ticket that somebody was let in with, while it is the only one. */
  readonly first: { readonly ticket: string; readonly atMs: number; readonly gate: string } | undefined;
}

export function useEventProgress(event: EventResponse): EventProgress {
  const path = `/api/events/${event.event}`;
  const present = useAsked<EventResponse>(path, everyMs);
  const gates = useAsked<GateList>(`${path}/gates`, everyMs);
  const summary = useAsked<Summary>(`${path}/summary`, everyMs);
  const entered = summary.value?.admitted ?? 0;
  const entries = useAsked<UsagePage>(
    entered === 0 ? undefined : `/audits/usage?event=${event.event}&kind=admitted&limit=2`,
  );
  const [entry, another] = entries.value?.entries ?? [];
  return {
    event: event.event,
    tickets: present.value?.tickets ?? event.tickets,
    gatesEnrolled: (gates.value?.gates ?? []).filter(({ enrolled }) => enrolled).length,
    entered,
    refused: summary.value?.refused ?? 0,
    first:
      entry?.ticket === undefined || another !== undefined
        ? undefined
        : { ticket: entry.ticket, atMs: entry.atMs, gate: entry.gate },
  };
}
