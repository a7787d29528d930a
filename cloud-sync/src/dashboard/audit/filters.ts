// What the audit log is filtered by, as somebody types it, and the address that asks for just that: for the list and for its file.
import { auditActions, ticketIdPattern, type AuditAction } from '@postern/shared';

export interface AuditFilters {
  /** Empty: all of them. So with every other one. */
  readonly action: AuditAction | '';
  readonly person: string;
  readonly gate: string;
  readonly ticket: string;
  /** Days of the venue, `YYYY-MM-DD`, both included. */
  readonly from: string;
  readonly to: string;
}

export const noFilters: AuditFilters = { action: '', person: '', gate: '', ticket: '', from: '', to: '' };

export const isAuditAction = (text: string): text is AuditAction => (auditActions as readonly string[]).includes(text);

/** The cloud knows a ticket by its whole id only. */
export const isTicketId = (text: string): boolean => ticketIdPattern.test(text.trim());

/** The query of `GET /audits/log`. `event` undefined: of all events and of the deployment itself. */
export function auditQuery(
  filters: AuditFilters,
  { event, startOfDay }: { readonly event: number | undefined; readonly startOfDay: (day: string) => number },
): URLSearchParams {
  const query = new URLSearchParams();
  if (event !== undefined) query.set('event', String(event));
  for (const name of ['action', 'person', 'gate'] as const)
    if (filters[name].trim() !== '') query.set(name, filters[name].trim());
  if (isTicketId(filters.ticket)) query.set('ticket', filters.ticket.trim());
  if (filters.from !== '') query.set('from', String(startOfDay(filters.from)));
  if (filters.to !== '') query.set('to', String(startOfDay(dayAfter(filters.to))));
  return query;
}

/** The day after `YYYY-MM-DD`. */
export const dayAfter = (day: string): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
