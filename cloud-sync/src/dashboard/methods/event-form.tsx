// The rules of the event as a whole: its name and time, and what gates do when they know too little.
import type { EventResponse } from '@postern/shared';
import { Panel, SelectField, TextField } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { say } from '../language.ts';
import { admitTexts, labels, staleTexts } from './messages.ts';
import { withOptional, type Rules } from './rules-draft.ts';
import { RulesForm } from './rules-form.tsx';
import { TimeZoneField } from './time-zone-field.tsx';
import { isTimeZone } from './time-zones.ts';
import { useRules } from './use-rules.ts';
import { admitChoices } from './zones-form.tsx';

export const staleChoices = ['warn', 'supervisor', 'refuse'] as const;
const hours = Array.from({ length: 24 }, (_none, hour) => String(hour));

export function EventForm({ event }: { readonly event: EventResponse }): JSX.Element {
  const draft = useRules(event);
  const { rules } = draft;
  const set = (change: Partial<Rules>): void => draft.change((before) => ({ ...before, ...change }));
  const admits = admitChoices.map((value) => ({ value, label: say(admitTexts[value]) }));
  return (
    <RulesForm sending={draft.sending} ready={draft.isChanged && isTimeZone(rules.timeZone)} onForget={draft.forget}>
      <Panel title={say(labels.event)}>
        <div class="field-grid">
          <TextField
            label={say(labels.name)}
            dir="auto"
            maxLength={200}
            required
            value={rules.name}
            onValue={(name) => set({ name })}
          />
          <TimeZoneField value={rules.timeZone} onValue={(timeZone) => set({ timeZone })} />
          <SelectField
            label={say(labels.dayStarts)}
            hint={say(labels.dayStartsHint)}
            value={String(rules.dayStartsAtHour)}
            choices={hours.map((value) => ({ value, label: `${value.padStart(2, '0')}:00` }))}
            onValue={(hour) => set({ dayStartsAtHour: Number(hour) })}
          />
          <SelectField
            label={say(labels.unknownPass)}
            hint={say(labels.unknownPassHint)}
            value={rules.unknownSignedPass}
            choices={admits}
            onValue={(unknownSignedPass) => set({ unknownSignedPass })}
          />
          <TextField
            label={say(labels.staleAfter)}
            type="number"
            min={1}
            max={100_000}
            required
            value={String(rules.staleAfterMinutes)}
            onValue={(text) => set({ staleAfterMinutes: Number(text) })}
          />
          <SelectField
            label={say(labels.whenStale)}
            value={rules.whenStale}
            choices={staleChoices.map((value) => ({ value, label: say(staleTexts[value]) }))}
            onValue={(whenStale) => set({ whenStale })}
          />
          <SelectField
            label={say(labels.whenClock)}
            value={rules.whenClockUntrusted}
            choices={admits}
            onValue={(whenClockUntrusted) => set({ whenClockUntrusted })}
          />
          <TextField
            label={say(labels.lease)}
            hint={say(labels.leaseHint)}
            type="number"
            min={7}
            max={3_650}
            value={String(rules.leaseDays ?? '')}
            onValue={(text) =>
              draft.change((before) => withOptional(before, 'leaseDays', text === '' ? undefined : Number(text)))
            }
          />
        </div>
      </Panel>
    </RulesForm>
  );
}
