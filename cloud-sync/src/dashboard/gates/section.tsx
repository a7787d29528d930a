// Gates of an event: which there are and how they are, one of them, and the way to a new one.
import { lazily, type Section } from '../section.tsx';
import { titles } from '../titles.ts';

export const gatesSection: Section = {
  id: 'gates',
  title: titles.gates,
  scope: 'event',
  roles: ['steward', 'supervisor', 'organiser', 'admin'],
  render: lazily(() => import('./gates.tsx').then(({ Gates }) => Gates)),
};
