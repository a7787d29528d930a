// Issues one ticket with its holder, or many at once: all or none, and once, however often the button is pressed.
import type { EventResponse, Language, Problem, TicketResponse, TicketBatchResponse } from '@postern/shared';
import { Banner, Button, EmptyState, Panel, SelectField, TextField, useSubmit } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ask } from '../cloud.ts';
import { readEvents } from '../events.ts';
import { count } from '../format.ts';
import { fill, say } from '../language.ts';
import { LanguageField } from '../parts/language-field.tsx';
import { FormEnd } from '../parts/form.tsx';
import { newRequestKey, onceOnly } from '../request-key.ts';
import { addressOf } from '../route.ts';
import { labels } from './messages.ts';
import { printNext } from './print-choice.ts';

const batchMax = 10_000;

export function IssueTickets({ event }: { readonly event: EventResponse }): JSX.Element {
  return (
    <>
      <p class="way-back">
        <a href={addressOf({ event: event.event, section: 'tickets' })}>← {say(labels.back)}</a>
      </p>
      <h1>{say(labels.issueTitle)}</h1>
      <IssueForm event={event} />
    </>
  );
}

/** `onIssued`: somebody leads the way from here. */
export function IssueForm({
  event,
  onIssued,
}: {
  readonly event: EventResponse;
  readonly onIssued?: (tickets: readonly TicketResponse[]) => void;
}): JSX.Element {
  const { types } = event.policy;
  const [type, setType] = useState(String(types[0]?.id ?? ''));
  const [many, setMany] = useState('1');
  const [party, setParty] = useState('1');
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [order, setOrder] = useState('');
  const [spoken, setSpoken] = useState<Language | ''>('');
  const [key, setKey] = useState(newRequestKey);
  const [issued, setIssued] = useState<readonly TicketResponse[]>([]);
  const number = Number(many);
  const isOne = number === 1;
  const sending = useSubmit<Problem>(async () => {
    const optional = (field: string, value: string): object => (value.trim() === '' ? {} : { [field]: value });
    const holder = { ...optional('name', name), ...optional('email', email), ...optional('order', order) };
    const ticket = {
      type: Number(type),
      party: Number(party),
      ...(spoken === '' ? {} : { language: spoken }),
      ...(Object.keys(holder).length > 0 && isOne ? { holder } : {}),
    };
    const answer = await ask<TicketBatchResponse>('POST', '/api/tickets/batch', {
      body: { event: event.event, tickets: Array.from({ length: number }, () => ticket) },
      headers: onceOnly(key),
    });
    if (!answer.ok) {
      // What the cloud has refused may be changed and asked anew; what got no answer is asked again under the same key.
      if (answer.error.status !== 0) setKey(newRequestKey());
      return answer.error;
    }
    setKey(newRequestKey());
    setName('');
    setEmail('');
    setOrder('');
    setIssued(answer.value.tickets);
    onIssued?.(answer.value.tickets);
    await readEvents();
    return undefined;
  });
  if (types.length === 0) return <EmptyState title={say(labels.noTypes)} />;
  const one = issued[0];
  return (
    <Panel title={say(labels.issueTitle)} class="issue">
      {one !== undefined && (
        <Banner
          tone="good"
          role="status"
          action={
            <span class="actions-row">
              {issued.length === 1 && (
                <a class="button" href={addressOf({ event: event.event, section: 'tickets', rest: [one.id] })}>
                  {say(labels.newOne)}
                </a>
              )}
              <Button
                onClick={() => {
                  printNext(issued.map(({ id }) => id));
                  location.hash = addressOf({ event: event.event, section: 'tickets', rest: ['print'] });
                }}
              >
                {say(labels.printThese)}
              </Button>
            </span>
          }
        >
          {issued.length === 1 ? say(labels.issuedOne) : fill(labels.issued, { n: count(issued.length) })}
        </Banner>
      )}
      <form class="field-grid" onSubmit={sending.submit}>
        <SelectField
          label={say(labels.type)}
          value={type}
          choices={types.map((choice) => ({ value: String(choice.id), label: choice.name }))}
          onValue={setType}
        />
        <TextField
          label={say(labels.howMany)}
          type="number"
          inputMode="numeric"
          min={1}
          max={batchMax}
          required
          value={many}
          onValue={setMany}
        />
        <TextField
          label={say(labels.party)}
          type="number"
          inputMode="numeric"
          min={1}
          max={10_000}
          required
          value={party}
          onValue={setParty}
        />
        <LanguageField label={say(labels.language)} value={spoken} onValue={setSpoken} />
        {isOne && (
          <>
            <TextField label={say(labels.name)} dir="auto" value={name} onValue={setName} />
            <TextField
              label={say(labels.email)}
              type="email"
              dir="auto"

              value={email}
              onValue={setEmail}
            />
            <TextField label={say(labels.order)} dir="auto" value={order} onValue={setOrder} />
          </>
        )}
        <FormEnd sending={sending} act={say(labels.issue)}>
          {!isOne && <span class="muted">{say(labels.rowsKept)}</span>}
        </FormEnd>
      </form>
    </Panel>
  );
}
