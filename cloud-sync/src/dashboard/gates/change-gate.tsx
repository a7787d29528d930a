// What a gate is called and where it stands. Lanes and readers are changed at the gate itself.
import { gateNameSchema, type EventResponse, type GateDetail } from '@postern/shared';
import { Button, Dialog, SelectField, TextField } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { say } from '../language.ts';
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
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  const save = async (): Promise<void> => {
    const read = gateNameSchema.safeParse(name);
    if (!read.success) return setError(say(labels.nameWrong));
    setBusy(true);
    const answer = await changeGate(event.event, gate.id, { name: read.data, zone });
    setBusy(false);
    return setError(
      orProblem(answer, () => {
        onChanged();
        onClose();
      }),
    );
  };
  return (
    <Dialog
      open
      title={gate.name}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{say(labels.cancel)}</Button>
          <Button kind="primary" busy={busy} onClick={() => void save()}>
            {say(labels.save)}
          </Button>
        </>
      }
    >
      <TextField
        label={say(labels.name)}
        hint={say(labels.nameHint)}
        error={error}
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
    </Dialog>
  );
}
