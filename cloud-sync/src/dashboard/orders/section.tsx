// Orders to the whole venue, who has not acknowledged them, and who is inside.
import { lazily, type Section } from '../section.tsx';
import { titles } from '../titles.ts';

export const ordersSection: Section = {
  id: 'orders',
  title: titles.orders,
  scope: 'event',
  roles: ['steward', 'supervisor', 'organiser', 'admin'],
  render: lazily(() => import('./orders-page.tsx').then(({ OrdersPage }) => OrdersPage)),
};
