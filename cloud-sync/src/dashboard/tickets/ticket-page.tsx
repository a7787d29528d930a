// One ticket: whose it is and how it stands, its code, what can be done with it, and its story, which goes on while somebody looks.
import type { EventResponse, TicketResponse, UserView, TicketStory } from '@postern/shared';
import { Badge, Banner, Panel } from '@postern/shared/ui';
import type { ComponentChildren, JSX } from 'preact';
import { useAsked } from '../asking.ts';
import { count, dateAndTime } from '../format.ts';
import { fill, say } from '../language.ts';
import { languageName } from '../parts/language-field.tsx';
import { Name } from '../parts/names.tsx';
import { ProblemBanner } from '../parts/problem.tsx';
import { QrCode } from '../parts/qr-code.tsx';
import { addressOf } from '../route.ts';
import { holdLabels, labels, statusTexts } from './messages.ts';
import { Proofs } from './proofs.tsx';
import { Story } from './story.tsx';
import { TicketActs } from './ticket-acts.tsx';
import { isDenied, mayManage, statusTone, ticketName, typeName } from './ticket-words.ts';

const storyEveryMs = 5_000;

export interface TicketPageProps {
  readonly event: EventResponse;
  readonly me: UserView;
  readonly ticketId: string;
}

export function TicketPage({ event, me, ticketId }: TicketPageProps): JSX.Element {
  const path = `/api/tickets/${encodeURIComponent(ticketId)}`;
  const read = useAsked<TicketResponse>(path, storyEveryMs);
  const story = useAsked<TicketStory>(`${path}/story`, storyEveryMs);
  const reload = async (): Promise<void> => {
    await Promise.all([read.reload(), story.reload()]);
  };
  const ticket = read.value;
  const denied = story.value !== undefined && isDenied(story.value);
  const status = denied && ticket?.status !== 'revoked' ? 'blocked' : ticket?.status;
  return (
    <>
      <p class="way-back">
        <a href={addressOf({ event: event.event, section: 'tickets' })}>← {say(labels.back)}</a>
      </p>
      <ProblemBanner problem={read.problem} onAgain={() => void reload()} />
      {ticket === undefined || status === undefined ? (
        read.problem === undefined && <p class="loading">{say(labels.loading)}</p>
      ) : (
        <>
          <header class="page-head">
            <h1 class="ticket-heading">
              <Name>{ticketName(ticket)}</Name> <Badge tone={statusTone[status]}>{say(statusTexts[status])}</Badge>
            </h1>
          </header>
          {denied && <Banner tone="bad">{say(labels.deniedNow)}</Banner>}
          <TicketActs
            event={event}
            ticket={ticket}
            denied={denied}
            manages={mayManage(me, event.event)}
            onDone={reload}
          />
          <div class="ticket-columns">
            <Panel title={say(labels.story)} class="ticket-story">
              <ProblemBanner problem={story.problem} onAgain={() => void story.reload()} />
              {story.value !== undefined && <Story story={story.value} />}
            </Panel>
            <div class="ticket-side">
              <Facts event={event} ticket={ticket} />
              <Code ticket={ticket} />
              <Proofs key={ticket.epoch} event={event} ticketId={ticket.id} />
            </div>
          </div>
        </>
      )}
    </>
  );
}

const Fact = ({ label, children }: { readonly label: string; readonly children: ComponentChildren }): JSX.Element => (
  <div>
    <dt>{label}</dt>
    <dd>{children}</dd>
  </div>
);

function Facts({ event, ticket }: { readonly event: EventResponse; readonly ticket: TicketResponse }): JSX.Element {
  const { policy } = event;
  const time = (seconds: number | undefined): string =>
    seconds === undefined ? say(labels.asType) : dateAndTime(seconds * 1_000, policy.timeZone);
  return (
    <Panel title={say(labels.facts)}>
      <dl class="facts">
        {ticket.holder?.email !== undefined && (
          <Fact label={say(labels.email)}>
            <Name>{ticket.holder.email}</Name>
          </Fact>
        )}
        {ticket.holder?.order !== undefined && (
          <Fact label={say(labels.order)}>
            <Name>{ticket.holder.order}</Name>
          </Fact>
        )}
        <Fact label={say(labels.type)}>
          <Name>{typeName(policy, ticket.type)}</Name>
        </Fact>
        <Fact label={say(labels.party)}>{count(ticket.party)}</Fact>
        <Fact label={say(labels.uses)}>{count(ticket.usesSpent)}</Fact>
        <Fact label={say(labels.inside)}>{count(ticket.inside)}</Fact>
        <Fact label={say(labels.hold)}>{say(ticket.hold === undefined ? labels.noHold : holdLabels[ticket.hold])}</Fact>
        {ticket.language !== undefined && <Fact label={say(labels.language)}>{languageName(ticket.language)}</Fact>}
        <Fact label={say(labels.validFrom)}>{time(ticket.validFromS)}</Fact>
        <Fact label={say(labels.validUntil)}>{time(ticket.validUntilS)}</Fact>
        <Fact label={say(labels.issuedAt)}>{dateAndTime(ticket.createdAtMs, policy.timeZone)}</Fact>
        {ticket.epoch > 1 && <Fact label={say(labels.epoch)}>{fill(labels.epochOf, { n: ticket.epoch })}</Fact>}
        <Fact label={say(labels.ticketId)}>
          <code>{ticket.id}</code>
        </Fact>
      </dl>
    </Panel>
  );
}

const Code = ({ ticket }: { readonly ticket: TicketResponse }): JSX.Element => (
  <Panel title={say(labels.code)}>
    {ticket.text === undefined ? (
      <p class="muted">{say(labels.foreignCode)}</p>
    ) : (
      <figure class="ticket-code">
        <QrCode text={ticket.text} label={say(labels.code)} />
        <figcaption>
          <small>{say(labels.shortCode)}</small>
          <code>{ticket.shortCode}</code>
        </figcaption>
      </figure>
    )}
  </Panel>
);
