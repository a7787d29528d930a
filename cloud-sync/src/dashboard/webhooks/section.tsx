// Where other systems are told what happens at an event.
import { lazily, type Section } from '../section.tsx';
import { titles } from '../titles.ts';

export const webhooksSection: Section = {
  id: 'webhooks',
  title: titles.webhooks,
  scope: 'event',
  roles: ['organiser', 'admin'],
  render: lazily(() => import('./webhooks.tsx').then(({ Webhooks }) => Webhooks)),
};
