// A link with which a visitor puts a ticket onto a phone: made here, shown once.
import type { ClaimLinkMade, EventResponse, Problem, Result, TicketResponse, ClaimLinkList } from '@postern/shared';
import { Button, CheckField, Dialog, useSubmit } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useAsked } from '../asking.ts';
import { ask, tell } from '../cloud.ts';
import { dateAndTime } from '../format.ts';
import { fill, say } from '../language.ts';
import { ActButton } from '../parts/acts.tsx';
import { ProblemBanner } from '../parts/problem.tsx';
import { QrCode } from '../parts/qr-code.tsx';
import { ShownOnce } from '../parts/secret.tsx';
import { labels } from './messages.ts';

export interface ClaimLinkProps {
  readonly event: EventResponse;
  readonly ticket: TicketResponse;
  readonly onDone: () => Promise<void>;
}

export function ClaimLink({ event, ticket, onDone }: ClaimLinkProps): JSX.Element {
  const [open, setOpen] = useState(false);
  const [transferable, setTransferable] = useState(true);
  const [made, setMade] = useState<ClaimLinkMade>();
  const { busy, trouble, setTrouble, submit } = useSubmit<Problem>(async () => {
    const answer = await ask<ClaimLinkMade>('POST', `/api/tickets/${ticket.id}/claim-links`, {
      body: { transferable },
    });
    if (!answer.ok) return answer.error;
    setMade(answer.value);
    await onDone();
    return undefined;
  });
  const close = (): void => {
    setOpen(false);
    setMade(undefined);
    setTrouble(undefined);
  };
  return (
    <>
      <Button onClick={() => setOpen(true)}>{say(labels.claimLink)}</Button>
      <Dialog
        open={open}
        title={say(labels.claimLink).replace(/ …$/, '')}
        onClose={close}
        actions={
          <>
            <Button onClick={close}>{say(labels.close)}</Button>
            {made === undefined && (
              <Button kind="primary" busy={busy} onClick={submit}>
                {say(labels.makeLink)}
              </Button>
            )}
          </>
        }
      >
        <ProblemBanner problem={trouble} />
        {made === undefined ? (
          <>
            <p>{say(labels.linkExplained)}</p>
            <CheckField label={say(labels.mayPassOn)} checked={transferable} onValue={setTransferable} />
            {open && <LinksThere event={event} ticketId={ticket.id} onEnded={onDone} />}
          </>
        ) : (
          <>
            <p>{say(labels.linkMade)}</p>
            <ShownOnce label={say(labels.claimLink).replace(/ …$/, '')} text={made.link} />
            <div class="link-code">
              <QrCode text={made.link} label={say(labels.claimLink)} />
            </div>
            <p class="muted">
              {fill(labels.linkUntil, {
                time: dateAndTime(made.expiresAtMs, event.policy.timeZone),
                n: made.claims,
              })}
            </p>
          </>
        )}
      </Dialog>
    </>
  );
}

/** Links that somebody may still open. */
function LinksThere({
  event,
  ticketId,
  onEnded,
}: {
  readonly event: EventResponse;
  readonly ticketId: string;
  readonly onEnded: () => Promise<void>;
}): JSX.Element | null {
  const path = `/api/tickets/${ticketId}/claim-links`;
  const read = useAsked<ClaimLinkList>(path);
  const links = read.value?.links ?? [];
  const end = async (link: string): Promise<Result<unknown, Problem>> => {
    const ended = await tell('DELETE', `${path}/${link}`);
    await Promise.all([read.reload(), onEnded()]);
    return ended;
  };
  if (links.length === 0) return null;
  return (
    <>
      <h3>{say(labels.linksThere)}</h3>
      <ul class="proofs">
        {links.map(({ id, kind, claimsLeft, expiresAtMs }) => (
          <li key={id}>
            <span>
              {fill(labels.linkLeft, { n: claimsLeft, time: dateAndTime(expiresAtMs, event.policy.timeZone) })}
              {kind === 'transfer' && <small> {say(labels.linkByVisitor)}</small>}
            </span>
            <ActButton kind="quiet" act={() => end(id)}>
              {say(labels.endLink)}
            </ActButton>
          </li>
        ))}
      </ul>
    </>
  );
}
