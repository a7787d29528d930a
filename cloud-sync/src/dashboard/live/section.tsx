// What is going on at the gates of one event, as it happens.
import { lazily, type Section } from '../section.tsx';

export const liveSection: Section = {
  id: 'live',
  title: { en: 'Live', de: 'Live' },
  scope: 'event',
  roles: ['admin', 'organiser', 'supervisor', 'steward'],
  render: lazily(async () => (await import('./live-page.tsx')).LivePage),
};
