// One ticket type in a dialog: what it is called and opens, how often and when, and what proof and staff it asks for.
import { holdReasons, type HoldReason, type TicketType } from '@postern/shared';
import { AreaField, CheckField, SelectField, TextField, useSubmit } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { say } from '../language.ts';
import { FormDialog } from '../parts/form.tsx';
import { holdLabels } from '../tickets/messages.ts';
import { assuranceTexts, labels } from './messages.ts';
import { readProofs, writeProofs } from './proof-lines.ts';
import { withOptional, type Rules } from './rules-draft.ts';
import { fieldToSeconds, secondsToField } from './venue-time.ts';

const assurances = ['looked-up', 'signed', 'challenged'] as const;

export interface TypeDialogProps {
  readonly type: TicketType;
  readonly rules: Rules;
  readonly onDone: (type: TicketType) => void;
  readonly onCancel: () => void;
}

export function TypeDialog({ type: first, rules, onDone, onCancel }: TypeDialogProps): JSX.Element {
  const { timeZone, zones } = rules;
  const [type, setType] = useState(first);
  const [uses, setUses] = useState(String(first.uses));
  const [passback, setPassback] = useState(String(first.antiPassbackMinutes));
  const [proofs, setProofs] = useState(writeProofs(first.proofs));
  const [from, setFrom] = useState(secondsToField(first.validFromS, timeZone));
  const [until, setUntil] = useState(secondsToField(first.validUntilS, timeZone));
  const set = (change: Partial<TicketType>): void => setType((before) => ({ ...before, ...change }));
  const sending = useSubmit(async () => {
    if (type.name.trim() === '') return undefined;
    let made: TicketType = {
      ...type,
      uses: Number(uses),
      antiPassbackMinutes: Number(passback),
      proofs: readProofs(proofs),
    };
    made = withOptional(made, 'validFromS', fieldToSeconds(from, timeZone));
    onDone(withOptional(made, 'validUntilS', fieldToSeconds(until, timeZone)));
    return undefined;
  });
  return (
    <FormDialog
      wide
      title={first.name === '' ? say(labels.addType) : first.name}
      sending={sending}
      act={say(labels.done)}
      ready={type.name.trim() !== ''}
      onClose={onCancel}
    >
      <div class="field-grid">
        <TextField
          label={say(labels.name)}
          dir="auto"
          maxLength={100}
          required
          autofocus
          value={type.name}
          onValue={(name) => set({ name })}
        />
        <TextField
          label={say(labels.uses)}
          hint={say(labels.usesHint)}
          type="number"
          min={0}
          max={10_000}
          value={uses}
          onValue={setUses}
        />
        <TextField label={say(labels.from)} hint={timeZone} type="datetime-local" value={from} onValue={setFrom} />
        <TextField
          label={say(labels.until)}
          hint={say(labels.always)}
          type="datetime-local"
          value={until}
          onValue={setUntil}
        />
        <CheckField
          label={say(labels.reentry)}
          hint={say(labels.reentryHint)}
          checked={type.reentry}
          onValue={(reentry) => set({ reentry })}
        />
        <CheckField
          label={say(labels.oncePerDay)}
          checked={type.oncePerDay}
          onValue={(oncePerDay) => set({ oncePerDay })}
        />
        <TextField
          label={say(labels.passback)}
          hint={say(labels.passbackHint)}
          type="number"
          min={0}
          max={1_440}
          value={passback}
          onValue={setPassback}
        />
        <SelectField<HoldReason | ''>
          label={say(labels.hold)}
          value={type.hold ?? ''}
          choices={[
            { value: '', label: say(labels.noHold) },
            ...holdReasons.map((value) => ({ value, label: say(holdLabels[value]) })),
          ]}
          onValue={(hold) => setType((before) => withOptional(before, 'hold', hold === '' ? undefined : hold))}
        />
        <SelectField
          label={say(labels.assurance)}
          value={type.assuranceMin}
          choices={assurances.map((value) => ({ value, label: say(assuranceTexts[value]) }))}
          onValue={(assuranceMin) => set({ assuranceMin })}
        />
        <div class="whole">
          <AreaField
            label={say(labels.proofs)}
            hint={say(labels.proofsHint)}
            rows={2}
            value={proofs}
            onValue={setProofs}
          />
        </div>
      </div>
      {zones.length > 1 && (
        <fieldset class="type-names">
          <legend>{say(labels.opensOnly)}</legend>
          <p class="muted">{say(labels.opensHint)}</p>
          {zones.map(({ id, name }) => (
            <CheckField
              key={id}
              label={name}
              checked={type.zones.includes(id)}
              onValue={(checked) =>
                set({ zones: checked ? [...type.zones, id] : type.zones.filter((other) => other !== id) })
              }
            />
          ))}
        </fieldset>
      )}
    </FormDialog>
  );
}
