// All tickets as a file: the browser fetches it itself, so that its size does not matter.
import type { EventResponse } from '@postern/shared';
import { CheckField, Panel } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { say } from '../language.ts';
import { labels } from './messages.ts';

export function Export({ event }: { readonly event: EventResponse }): JSX.Element {
  const [holders, setHolders] = useState(false);
  const [uses, setUses] = useState(true);
  return (
    <Panel title={say(labels.exportTitle)}>
      <p class="muted">{say(labels.exportHint)}</p>
      <CheckField label={say(labels.holders)} checked={holders} onValue={setHolders} />
      <CheckField label={say(labels.uses)} checked={uses} onValue={setUses} />
      <p>
        <a
          class="button"
          href={`/api/events/${event.event}/tickets.csv?holders=${holders}&uses=${uses}`}
          download={`tickets-${event.event}.csv`}
        >
          {say(labels.download)}
        </a>
      </p>
    </Panel>
  );
}
