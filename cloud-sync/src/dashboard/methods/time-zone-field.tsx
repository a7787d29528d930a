// A time zone, typed or chosen.
import { TextField } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useId, useMemo } from 'preact/hooks';
import { say } from '../language.ts';
import { labels } from './messages.ts';
import { isTimeZone, timeZones } from './time-zones.ts';

export function TimeZoneField({
  value,
  onValue,
}: {
  readonly value: string;
  readonly onValue: (value: string) => void;
}): JSX.Element {
  const listId = useId();
  const all = useMemo(timeZones, []);
  return (
    <>
      <TextField
        label={say(labels.timeZone)}
        hint={say(labels.timeZoneHint)}
        error={isTimeZone(value) ? undefined : say(labels.timeZoneUnknown)}
        list={listId}
        required
        value={value}
        onValue={onValue}
      />
      <datalist id={listId}>
        {all.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </>
  );
}
