// Connects the event with one at a pretix server, or changes that. The cloud asks the server first whether all of it is so.
import type { PretixView, Problem } from '@postern/shared';
import { Button, CheckField, TextField, useSubmit } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ask } from '../cloud.ts';
import { say } from '../language.ts';
import { cancel } from '../parts/acts.tsx';
import { FormEnd } from '../parts/form.tsx';
import { readLists, writeLists } from './pretix-lists.ts';
import { pretixLabels as labels } from './pretix-messages.ts';

export interface PretixFormProps {
  readonly path: string;
  readonly view: PretixView | undefined;
  readonly onDone: () => void;
  readonly onCancel: () => void;
}

export function PretixForm({ path, view, onDone, onCancel }: PretixFormProps): JSX.Element {
  const [server, setServer] = useState(view?.server ?? 'https://pretix.eu');
  const [organizer, setOrganizer] = useState(view?.organizer ?? '');
  const [slug, setSlug] = useState(view?.slug ?? '');
  const [token, setToken] = useState('');
  const [lists, setLists] = useState(view === undefined ? '' : writeLists(view.lists));
  const [names, setNames] = useState(view?.names ?? false);
  const read = readLists(lists);
  const sending = useSubmit<Problem>(async () => {
    const answer = await ask<PretixView>('PUT', path, {
      body: {
        server,
        organizer,
        slug,
        lists: read,
        names,
        // Which types were chosen for products stays; what is made by itself is made again.
        types: view?.items.map(({ item, variation, type }) => ({ item, variation, type })) ?? [],
        ...(token === '' ? {} : { token }),
      },
    });
    if (!answer.ok) return answer.error;
    onDone();
    return undefined;
  });
  return (
    <form class="field-grid" onSubmit={sending.submit}>
      <TextField label={say(labels.server)} type="url" required value={server} onValue={setServer} />
      <TextField label={say(labels.organizer)} required value={organizer} onValue={setOrganizer} />
      <TextField label={say(labels.slug)} required value={slug} onValue={setSlug} />
      <TextField
        label={say(labels.lists)}
        hint={say(labels.listsHint)}
        error={lists !== '' && read === undefined ? say(labels.listsWrong) : undefined}
        required
        value={lists}
        onValue={setLists}
      />
      <TextField
        label={say(labels.token)}
        hint={say(view === undefined ? labels.tokenHint : labels.tokenKept)}
        type="password"
        autocomplete="off"
        required={view === undefined}
        value={token}
        onValue={setToken}
      />
      <CheckField label={say(labels.names)} checked={names} onValue={setNames} />
      <FormEnd sending={sending} act={say(labels.connect)} ready={read !== undefined}>
        <Button onClick={onCancel}>{say(cancel)}</Button>
      </FormEnd>
    </form>
  );
}
