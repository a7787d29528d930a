// One's own account: profile, password, sessions.
import { lazily, type Section } from '../section.tsx';
import { titles } from '../titles.ts';

export const accountSection: Section = {
  id: 'account',
  title: titles.account,
  scope: 'deployment',
  roles: 'everybody',
  render: lazily(() => import('./account.tsx').then(({ Account }) => Account)),
};
