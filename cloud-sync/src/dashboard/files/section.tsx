// Tickets in and out of an event: tables to import and export, and a pretix server that sells them.
import { lazily, type Section } from '../section.tsx';

export const filesSection: Section = {
  id: 'files',
  title: { en: 'Import and export', de: 'Import und Export' },
  scope: 'event',
  roles: ['admin', 'organiser'],
  render: lazily(async () => (await import('./files-page.tsx')).FilesPage),
};
