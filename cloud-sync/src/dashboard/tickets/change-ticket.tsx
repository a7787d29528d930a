// Changes what a ticket is: its holder, its type, how many it admits, what staff is asked, and its window in the venue's time.
import {
  holdReasons,
  type HoldReason,
  type Language,
  type Problem,
  type TicketChange,
  type TicketResponse,
} from '@postern/shared';
import { Button, SelectField, showToast, TextField, useSubmit } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ask } from '../cloud.ts';
import { say } from '../language.ts';
import { fieldToSeconds, secondsToField } from '../methods/venue-time.ts';
import { FormDialog } from '../parts/form.tsx';
import { LanguageField } from '../parts/language-field.tsx';
import { ProblemBanner } from '../parts/problem.tsx';
import { holdLabels, labels } from './messages.ts';
import type { TicketActsProps } from './ticket-acts.tsx';

export function ChangeTicket(props: Omit<TicketActsProps, 'manages' | 'denied'>): JSX.Element {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>{say(labels.change)}</Button>
      {open && <ChangeDialog {...props} onClose={() => setOpen(false)} />}
    </>
  );
}

function ChangeDialog({
  event,
  ticket,
  onDone,
  onClose,
}: Omit<TicketActsProps, 'manages' | 'denied'> & { readonly onClose: () => void }): JSX.Element {
  const { timeZone, types } = event.policy;
  const [name, setName] = useState(ticket.holder?.name ?? '');
  const [email, setEmail] = useState(ticket.holder?.email ?? '');
  const [order, setOrder] = useState(ticket.holder?.order ?? '');
  const [type, setType] = useState(String(ticket.type));
  const [party, setParty] = useState(String(ticket.party));
  const [hold, setHold] = useState<HoldReason | ''>(ticket.hold ?? '');
  const [spoken, setSpoken] = useState<Language | ''>(ticket.language ?? '');
  const [from, setFrom] = useState(secondsToField(ticket.validFromS, timeZone));
  const [until, setUntil] = useState(secondsToField(ticket.validUntilS, timeZone));
  const orNull = (text: string): string | null => (text.trim() === '' ? null : text);
  const sending = useSubmit<Problem>(async () => {
    const change: TicketChange = {
      type: Number(type),
      party: Number(party),
      hold: hold === '' ? null : hold,
      language: spoken === '' ? null : spoken,
      validFromS: fieldToSeconds(from, timeZone) ?? null,
      validUntilS: fieldToSeconds(until, timeZone) ?? null,
      holder: { name: orNull(name), email: orNull(email), order: orNull(order) },
    };
    const answer = await ask<TicketResponse>('PATCH', `/api/tickets/${ticket.id}`, { body: change });
    if (!answer.ok) return answer.error;
    showToast('good', say(labels.saved));
    onClose();
    await onDone();
    return undefined;
  });
  return (
    <FormDialog wide title={say(labels.changeTitle)} sending={sending} act={say(labels.save)} onClose={onClose}>
      <ProblemBanner problem={sending.trouble} />
      <div class="field-grid">
        <TextField label={say(labels.name)} dir="auto" value={name} onValue={setName} />
        <TextField label={say(labels.email)} type="email" dir="auto" value={email} onValue={setEmail} />
        <TextField label={say(labels.order)} dir="auto" value={order} onValue={setOrder} />
        <SelectField
          label={say(labels.type)}
          value={type}
          choices={types.map((one) => ({ value: String(one.id), label: one.name }))}
          onValue={setType}
        />
        <TextField label={say(labels.party)} type="number" min={1} max={10_000} value={party} onValue={setParty} />
        <SelectField
          label={say(labels.hold)}
          value={hold}
          choices={[
            { value: '', label: say(labels.noHold) },
            ...holdReasons.map((value) => ({ value, label: say(holdLabels[value]) })),
          ]}
          onValue={setHold}
        />
        <LanguageField label={say(labels.language)} value={spoken} onValue={setSpoken} />
        <TextField label={say(labels.validFrom)} type="datetime-local" value={from} onValue={setFrom} hint={timeZone} />
        <TextField
          label={say(labels.validUntil)}
          type="datetime-local"
          value={until}
          onValue={setUntil}
          hint={timeZone}
        />
      </div>
    </FormDialog>
  );
}
