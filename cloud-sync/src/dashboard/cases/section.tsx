// What does not fit and somebody has to look at: entered twice, suspicious uses, wristbands with two owners, marks that were put aside.
import { lazily, type Section } from '../section.tsx';
import { titles } from '../titles.ts';

export const casesSection: Section = {
  id: 'cases',
  title: titles.cases,
  scope: 'event',
  roles: ['steward', 'supervisor', 'organiser', 'admin'],
  render: lazily(() => import('./cases-page.tsx').then(({ CasesPage }) => CasesPage)),
};
