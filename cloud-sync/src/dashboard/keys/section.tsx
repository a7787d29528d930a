// The deployment's own keys.
import { lazily, type Section } from '../section.tsx';
import { labels } from './messages.ts';

export const keysSection: Section = {
  id: 'keys',
  title: labels.title,
  scope: 'deployment',
  roles: ['admin'],
  render: lazily(() => import('./keys.tsx').then(({ Keys }) => Keys)),
};
