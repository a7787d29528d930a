// What an event lets in by: its methods, ticket types, zones and times.
import { lazily, type Section } from '../section.tsx';

export const rulesSection: Section = {
  id: 'rules',
  title: { en: 'Rules and methods', de: 'Regeln und Methoden' },
  scope: 'event',
  roles: ['admin', 'organiser'],
  render: lazily(async () => (await import('./rules-page.tsx')).RulesPage),
};
