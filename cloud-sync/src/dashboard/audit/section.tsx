// The audit log: of one event for its organisers, of everything for administrators.
import { lazily, type Section } from '../section.tsx';
import { titles } from '../titles.ts';

export const auditSection: Section = {
  id: 'audit',
  title: titles.audit,
  scope: 'event',
  roles: ['organiser', 'admin'],
  render: lazily(() => import('./audit.tsx').then(({ EventAudit }) => EventAudit)),
};

export const wholeAuditSection: Section = {
  id: 'log',
  title: titles.auditOfAll,
  scope: 'deployment',
  roles: ['admin'],
  render: lazily(() => import('./audit.tsx').then(({ WholeAudit }) => WholeAudit)),
};
