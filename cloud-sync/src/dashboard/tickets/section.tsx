// Tickets of an event: found, read, issued, printed, changed.
import { lazily, type Section } from '../section.tsx';

export const ticketsSection: Section = {
  id: 'tickets',
  title: { en: 'Tickets', de: 'Tickets' },
  scope: 'event',
  roles: ['admin', 'organiser', 'supervisor', 'steward'],
  render: lazily(async () => (await import('./tickets-page.tsx')).TicketsPage),
};
