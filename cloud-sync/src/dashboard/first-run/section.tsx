// From nothing to the first ticket that is scanned: for who has just installed this, and for every event after the first.
import { lazily, type Section } from '../section.tsx';

export const firstRunSection: Section = {
  id: 'start',
  title: { en: 'Step by step', de: 'Schritt für Schritt' },
  scope: 'deployment',
  roles: ['admin'],
  render: lazily(async () => (await import('./first-run-page.tsx')).FirstRunPage),
};
