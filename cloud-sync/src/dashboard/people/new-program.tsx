// What a new program is called, what it may do, at which events, and until when.
import { scopes, type Scope } from '@postern/shared';
import { CheckField, TextField, useSubmit } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { events } from '../events.ts';
import { say } from '../language.ts';
import { FormDialog } from '../parts/form.tsx';
import { labels } from './messages.ts';

export interface ProgramRequest {
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Absent: at every event. */
  readonly events?: readonly number[];
  readonly expiresAtMs?: number;
}

export function NewProgram({
  kind,
  onMake,
  onClose,
}: {
  readonly kind: 'key' | 'client';
  /** Why it was not made. */
  readonly onMake: (request: ProgramRequest) => Promise<string | undefined>;
  readonly onClose: () => void;
}): JSX.Element {
  const [name, setName] = useState('');
  const [may, setMay] = useState<ReadonlySet<Scope>>(new Set());
  const [at, setAt] = useState<ReadonlySet<number>>(new Set());
  const [until, setUntil] = useState('');
  const [tried, setTried] = useState(false);
  const sending = useSubmit<string>(async () => {
    setTried(true);
    if (name.trim() === '' || may.size === 0) return undefined;
    // Until the end of that day, wherever it ends last.
    const expiresAtMs = until === '' ? undefined : Date.parse(`${until}T23:59:59-12:00`);
    return onMake({
      name: name.trim(),
      scopes: scopes.filter((scope) => may.has(scope)),
      ...(at.size === 0 ? {} : { events: [...at] }),
      ...(expiresAtMs === undefined || Number.isNaN(expiresAtMs) ? {} : { expiresAtMs }),
    });
  });
  const nameError = tried && name.trim() === '' ? say(labels.nameMissing) : sending.trouble;
  const scopesError = tried && may.size === 0 ? say(labels.scopesMissing) : undefined;
  return (
    <FormDialog
      wide
      title={say(kind === 'key' ? labels.newKey : labels.newClient)}
      sending={sending}
      act={say(labels.create)}
      onClose={onClose}
    >
      <TextField label={say(labels.name)} error={nameError} maxLength={100} value={name} onValue={setName} />
      <fieldset>
        <legend>{say(labels.may)}</legend>
        {scopesError !== undefined && (
          <p class="wrong" role="alert">
            {scopesError}
          </p>
        )}
        <div class="checks">
          {scopes.map((scope) => (
            <CheckField
              key={scope}
              label={scope}
              checked={may.has(scope)}
              onValue={(checked) => setMay(toggled(may, scope, checked))}
            />
          ))}
        </div>
      </fieldset>
      <fieldset>
        <legend>{say(labels.events)}</legend>
        <p class="muted">{say(labels.eventsHint)}</p>
        <div class="checks">
          {events.value?.map(({ event, policy }) => (
            <CheckField
              key={event}
              label={policy.name}
              checked={at.has(event)}
              onValue={(checked) => setAt(toggled(at, event, checked))}
            />
          ))}
        </div>
      </fieldset>
      {kind === 'key' && (
        <TextField
          label={say(labels.expires)}
          hint={say(labels.expiresHint)}
          type="date"
          value={until}
          onValue={setUntil}
        />
      )}
    </FormDialog>
  );
}

function toggled<T>(set: ReadonlySet<T>, value: T, isIn: boolean): ReadonlySet<T> {
  const changed = new Set(set);
  if (isIn) changed.add(value);
  else changed.delete(value);
  return changed;
}
