// Rehearsals: begin one, leave it, and how every gate stands.
import { lazily, type Section } from '../section.tsx';
import { titles } from '../titles.ts';

export const rehearsalSection: Section = {
  id: 'rehearsal',
  title: titles.rehearsal,
  scope: 'event',
  roles: ['steward', 'supervisor', 'organiser', 'admin'],
  render: lazily(() => import('./rehearsal-page.tsx').then(({ RehearsalPage }) => RehearsalPage)),
};
