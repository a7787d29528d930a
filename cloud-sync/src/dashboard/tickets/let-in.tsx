// Lets somebody in by hand, with or without a ticket: who did it and why is recorded; no gate opens by it.
import {
  overrideReasons,
  type EventResponse,
  type OverrideReason,
  type TicketResponse,
  type OverrideResponse,
} from '@postern/shared';
import { SelectField, showToast, TextField } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ask } from '../cloud.ts';
import { fill, say } from '../language.ts';
import { AskingButton } from '../parts/acts.tsx';
import { orProblem } from '../parts/problem.tsx';
import { asks, labels, overrideTexts } from './messages.ts';
import { isolated, ticketName } from './ticket-words.ts';

export interface LetInProps {
  readonly event: EventResponse;
  /** Absent: somebody without one. */
  readonly ticket?: TicketResponse;
  readonly onDone?: () => Promise<void>;
}

const personsMax = 20;

export function LetIn({ event, ticket, onDone }: LetInProps): JSX.Element {
  const { zones } = event.policy;
  const [zone, setZone] = useState(zones[0]?.id ?? '');
  const [reason, setReason] = useState<OverrideReason | ''>('');
  const [persons, setPersons] = useState('1');
  const texts = ticket === undefined ? asks.letInWithout : asks.letIn;
  const number = Number(persons);
  const letIn = async (): Promise<string | undefined> => {
    const answer = await ask<OverrideResponse>('POST', `/api/events/${event.event}/overrides`, {
      body: { reason, zone, persons: number, ...(ticket === undefined ? {} : { ticket: ticket.id }) },
    });
    const problem = orProblem(answer, () => showToast('good', say(texts.done)));
    if (problem !== undefined) return problem;
    setReason('');
    await onDone?.();
    return undefined;
  };
  return (
    <AskingButton
      label={say(ticket === undefined ? labels.letInWithout : labels.letIn)}
      kind={ticket === undefined ? 'plain' : 'primary'}
      title={fill(texts.title, { who: ticket === undefined ? '' : isolated(ticketName(ticket)) })}
      consequence={say(texts.consequence)}
      act={say(texts.act)}
      ready={reason !== '' && zone !== '' && Number.isInteger(number) && number >= 1 && number <= personsMax}
      onConfirm={letIn}
    >
      <SelectField
        label={say(labels.reason)}
        value={reason}
        choices={[
          { value: '', label: '—' },
          ...overrideReasons.map((value) => ({ value, label: say(overrideTexts[value]) })),
        ]}
        onValue={setReason}
      />
      {zones.length > 1 && (
        <SelectField
          label={say(labels.zone)}
          value={zone}
          choices={zones.map(({ id, name }) => ({ value: id, label: name }))}
          onValue={setZone}
        />
      )}
      <TextField
        label={say(labels.howMany)}
        type="number"
        inputMode="numeric"
        min={1}
        max={personsMax}
        value={persons}
        onValue={setPersons}
      />
    </AskingButton>
  );
}
