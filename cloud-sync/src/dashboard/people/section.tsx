// The people of an event, those of the deployment, and programs.
import { lazily, type Section } from '../section.tsx';
import { titles } from '../titles.ts';

export const peopleSection: Section = {
  id: 'people',
  title: titles.people,
  scope: 'event',
  roles: ['organiser', 'admin'],
  render: lazily(() => import('./event-people.tsx').then(({ EventPeople }) => EventPeople)),
};

export const usersSection: Section = {
  id: 'users',
  title: titles.users,
  scope: 'deployment',
  roles: ['admin'],
  render: lazily(() => import('./users.tsx').then(({ Users }) => Users)),
};

export const programsSection: Section = {
  id: 'programs',
  title: titles.programs,
  scope: 'deployment',
  roles: ['admin'],
  render: lazily(() => import('./programs.tsx').then(({ Programs }) => Programs)),
};
