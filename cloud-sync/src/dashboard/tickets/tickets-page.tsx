// The section as a whole: the list, and by what follows in the address one ticket, issuing, printing or links.
import type { JSX } from 'preact';
import type { EventSectionProps } from '../section.tsx';
import { IssueTickets } from './issue.tsx';
import { PhoneLinks } from './phone-links.tsx';
import { PrintCodes } from './print-codes.tsx';
import { TicketList } from './ticket-list.tsx';
import { TicketPage } from './ticket-page.tsx';
import '../parts/forms.css';
import './tickets.css';

export function TicketsPage({ event, rest, me }: EventSectionProps): JSX.Element {
  const [what] = rest;
  switch (what) {
    case undefined:
      return <TicketList event={event} me={me} />;
    case 'new':
      return <IssueTickets event={event} />;
    case 'print':
      return <PrintCodes event={event} />;
    case 'links':
      return <PhoneLinks event={event} />;
    default:
      return <TicketPage key={what} event={event} me={me} ticketId={what} />;
  }
}
