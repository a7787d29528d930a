// Where other systems are told what happens at an event.
import { lazily, type Section } from '../section.tsx';
import { labels } from './messages.ts';

export const webhooksSection: Section = {
  id: 'webhooks',
  title: labels.title,
  scope: 'event',
  roles: ['organiser', 'admin'],
  render: lazily(() => import('./webhooks.tsx').then(({ Webhooks }) => Webhooks)),
};
