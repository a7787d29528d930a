// One's own account: profile, password, sessions.
import { lazily, type Section } from '../section.tsx';
import { labels } from './messages.ts';

export const accountSection: Section = {
  id: 'account',
  title: labels.title,
  scope: 'deployment',
  roles: ['admin', 'organiser', 'supervisor', 'steward'],
  render: lazily(() => import('./account.tsx').then(({ Account }) => Account)),
};
