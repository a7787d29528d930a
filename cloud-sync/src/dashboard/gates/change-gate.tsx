// What a gate is called and where it stands. Lanes and readers are changed at the gate itself.
import type { EventResponse, GateDetail } from '@postern/shared';
import { Button, SelectField, TextField, useSubmit } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { say } from '../language.ts';
import { FormDialog } from '../parts/form.tsx';
import { orProblem } from '../parts/problem.tsx';
import { changeGate } from './gates-data.ts';
import { labels } from './messages.ts';

export interface ChangeGateProps {
  readonly event: EventResponse;
  readonly gate: GateDetail;
  readonly onChanged: () => void;
}

export function ChangeGateButton(props: ChangeGateProps): JSX.Element {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>{say(labels.change)}</Button>
      {open && <ChangeGate {...props} onClose={() => setOpen(false)} />}
    </>
  );
}

function ChangeGate({
  event,
  gate,
  onChanged,
  onClose,
}: ChangeGateProps & { readonly onClose: () => void }): JSX.Element {
  const [name, setName] = useState(gate.name);
  const [zone, setZone] = useState(gate.zone);
  const sending = useSubmit<string>(async () => {
    if (name.trim() === '') return say(labels.nameWrong);
    return orProblem(await changeGate(event.event, gate.id, { name, zone }), () => {
      onChanged();
      onClose();
    });
  });
  return (
    <FormDialog title={gate.name} sending={sending} act={say(labels.save)} onClose={onClose}>
      <TextField
        label={say(labels.name)}
        hint={say(labels.nameHint)}
        error={sending.trouble}
        maxLength={100}
        value={name}
        onValue={setName}
      />
      <SelectField
        label={say(labels.zone)}
        hint={say(labels.zoneMoves)}
        value={zone}
        choices={event.policy.zones.map(({ id, name: zoneName }) => ({ value: id, label: zoneName }))}
        onValue={setZone}
      />
    </FormDialog>
  );
}
