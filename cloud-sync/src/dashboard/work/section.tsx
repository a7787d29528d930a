// Background work: of one event for its organisers, of the deployment, with its health, for administrators.
import { lazily, type Section } from '../section.tsx';
import { titles } from '../titles.ts';

export const eventWorkSection: Section = {
  id: 'work',
  title: titles.work,
  scope: 'event',
  roles: ['organiser', 'admin'],
  render: lazily(() => import('./event-work.tsx').then(({ EventWork }) => EventWork)),
};

export const workSection: Section = {
  id: 'jobs',
  title: titles.work,
  scope: 'deployment',
  roles: ['admin'],
  render: lazily(() => import('./work.tsx').then(({ Work }) => Work)),
};
