// The deployment's own keys.
import { lazily, type Section } from '../section.tsx';
import { titles } from '../titles.ts';

export const keysSection: Section = {
  id: 'keys',
  title: titles.keys,
  scope: 'deployment',
  roles: ['admin'],
  render: lazily(() => import('./keys.tsx').then(({ Keys }) => Keys)),
};
