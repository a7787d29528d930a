// A new event: its name, the time of its venue, its zones and ticket types. Everything else has a sensible beginning.
import type { Problem, EventResponse } from '@postern/shared';
import { AreaField, TextField, useSubmit } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ask } from '../cloud.ts';
import { readEvents } from '../events.ts';
import { say } from '../language.ts';
import { TimeZoneField } from '../methods/time-zone-field.tsx';
import { isTimeZone, ownTimeZone } from '../methods/time-zones.ts';
import { FormEnd } from '../parts/form.tsx';
import { newRequestKey, onceOnly } from '../request-key.ts';
import { labels } from './messages.ts';
import { toEvent, type EventDraft } from './new-event.ts';

export function CreateEvent({ onCreated }: { readonly onCreated: (event: number) => void }): JSX.Element {
  const [draft, setDraft] = useState<EventDraft>(() => ({
    name: '',
    timeZone: ownTimeZone(),
    zones: say(labels.defaultZone),
    types: say(labels.defaultType),
  }));
  const [key, setKey] = useState(newRequestKey);
  const set = (change: Partial<EventDraft>): void => setDraft((before) => ({ ...before, ...change }));
  const request = toEvent(draft);
  const sending = useSubmit<Problem>(async () => {
    const answer = await ask<EventResponse>('POST', '/api/events', { body: request, headers: onceOnly(key) });
    if (!answer.ok) {
      if (answer.error.status !== 0) setKey(newRequestKey());
      return answer.error;
    }
    await readEvents();
    onCreated(answer.value.event);
    return undefined;
  });
  return (
    <form class="field-grid new-event" onSubmit={sending.submit}>
      <TextField
        label={say(labels.name)}
        dir="auto"
        required
        autofocus
        value={draft.name}
        onValue={(name) => set({ name })}
      />
      <TimeZoneField value={draft.timeZone} onValue={(timeZone) => set({ timeZone })} />
      <AreaField
        label={say(labels.zones)}
        hint={say(labels.zonesHint)}
        dir="auto"
        rows={3}
        required
        value={draft.zones}
        onValue={(zones) => set({ zones })}
      />
      <AreaField
        label={say(labels.types)}
        hint={say(labels.typesHint)}
        dir="auto"
        rows={3}
        required
        value={draft.types}
        onValue={(types) => set({ types })}
      />
      <FormEnd sending={sending} act={say(labels.create)} ready={request !== undefined && isTimeZone(draft.timeZone)} />
    </form>
  );
}
