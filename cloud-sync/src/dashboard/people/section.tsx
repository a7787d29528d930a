// The people of an event, those of the deployment, and programs.
import { lazily, type Section } from '../section.tsx';
import { labels } from './messages.ts';

export const peopleSection: Section = {
  id: 'people',
  title: labels.people,
  scope: 'event',
  roles: ['organiser', 'admin'],
  render: lazily(() => import('./event-people.tsx').then(({ EventPeople }) => EventPeople)),
};

export const usersSection: Section = {
  id: 'users',
  title: labels.users,
  scope: 'deployment',
  roles: ['admin'],
  render: lazily(() => import('./users.tsx').then(({ Users }) => Users)),
};

export const programsSection: Section = {
  id: 'programs',
  title: labels.programs,
  scope: 'deployment',
  roles: ['admin'],
  render: lazily(() => import('./programs.tsx').then(({ Programs }) => Programs)),
};
