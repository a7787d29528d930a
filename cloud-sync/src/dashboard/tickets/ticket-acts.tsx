// What can be done with a ticket: each act one press away, and what it means said before it is done.
import type { EventResponse, TicketResponse } from '@postern/shared';
import { Button, showToast, TextField } from '@postern/shared/ui';
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ask } from '../cloud.ts';
import { fill, say } from '../language.ts';
import { AskingButton } from '../parts/acts.tsx';
import { orProblem } from '../parts/problem.tsx';
import { addressOf } from '../route.ts';
import { ChangeTicket } from './change-ticket.tsx';
import { ClaimLink } from './claim-link.tsx';
import { LetIn } from './let-in.tsx';
import { asks, labels } from './messages.ts';
import { printNext } from './print-choice.ts';
import { isolated, ticketName } from './ticket-words.ts';

export interface TicketActsProps {
  readonly event: EventResponse;
  readonly ticket: TicketResponse;
  readonly denied: boolean;
  /** Organisers and administrators; staff at the gates may let in and block. */
  readonly manages: boolean;
  readonly onDone: () => Promise<void>;
}

export function TicketActs({ event, ticket, denied, manages, onDone }: TicketActsProps): JSX.Element {
  const isOver = ticket.status === 'revoked' || ticket.status === 'blocked';
  const shared = { ticket, onDone };
  return (
    <div class="ticket-acts" role="group" aria-label={ticketName(ticket)}>
      <LetIn event={event} {...shared} />
      {manages && <ChangeTicket event={event} {...shared} />}
      {manages && ticket.text !== undefined && (
        <Button
          onClick={() => {
            printNext([ticket.id]);
            location.hash = addressOf({ event: event.event, section: 'tickets', rest: ['print'] });
          }}
        >
          {say(labels.printOne)}
        </Button>
      )}
      {manages && <ClaimLink event={event} ticket={ticket} onDone={onDone} />}
      {manages && !isOver && <Transfer {...shared} />}
      {manages && !isOver && <SimpleAct act="reissue" label={say(labels.reissue)} {...shared} />}
      {manages && isOver && <SimpleAct act="reinstate" label={say(labels.reinstate)} kind="plain" {...shared} />}
      {!denied && <SimpleAct act="deny" label={say(labels.deny)} kind="danger" {...shared} />}
      {manages && ticket.status !== 'revoked' && (
        <SimpleAct act="revoke" label={say(labels.revoke)} kind="danger" {...shared} />
      )}
    </div>
  );
}

type ActProps = Pick<TicketActsProps, 'ticket' | 'onDone'>;

function SimpleAct({
  act,
  label,
  kind = 'plain',
  ticket,
  onDone,
  body = {},
  ready = true,
  children,
}: ActProps & {
  readonly act: 'revoke' | 'reinstate' | 'reissue' | 'deny' | 'transfer';
  readonly label: string;
  readonly kind?: 'plain' | 'danger';
  readonly body?: object;
  readonly ready?: boolean;
  readonly children?: ComponentChildren;
}): JSX.Element {
  const texts = asks[act];
  return (
    <AskingButton
      label={label}
      kind={kind}
      title={fill(texts.title, { who: isolated(ticketName(ticket)) })}
      consequence={say(texts.consequence)}
      act={say(texts.act)}
      {...(act === 'revoke' ? { leave: say(labels.leaveValid) } : {})}
      ready={ready}
      onConfirm={async () => {
        const done = await ask<Partial<TicketResponse>>('POST', `/api/tickets/${ticket.id}/${act}`, { body });
        const problem = orProblem(done, () => showToast('good', say(texts.done)));
        if (problem === undefined) await onDone();
        return problem;
      }}
    >
      {children}
    </AskingButton>
  );
}

function Transfer(props: ActProps): JSX.Element {
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const holder = { ...(name.trim() === '' ? {} : { name }), ...(email.trim() === '' ? {} : { email }) };
  return (
    <SimpleAct
      act="transfer"
      label={say(labels.transfer)}
      body={{ holder }}
      ready={Object.keys(holder).length > 0}
      {...props}
    >
      <TextField label={say(labels.name)} dir="auto" value={name} onValue={setName} />
      <TextField label={say(labels.email)} type="email" dir="auto" value={email} onValue={setEmail} />
    </SimpleAct>
  );
}
