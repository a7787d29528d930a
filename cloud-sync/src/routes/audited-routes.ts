// What a request leaves in the audit log once it has done something: an action for every route that changes anything (a test sees that
// none is forgotten), and nothing for those that only show.
import type { AuditAction } from '@postern/shared';

/** By method and path as registered. */
export const auditedRoutes: Readonly<Record<string, AuditAction>> = {
  'POST /session': 'sign-in',
  'DELETE /session': 'sign-out',
  'GET /oidc/callback': 'sign-in',
  'POST /sign-up': 'user-created',
  'POST /sign-up/confirm': 'user-created',
  'POST /password-resets': 'user-changed',
  'POST /password-resets/redeem': 'user-changed',
  'POST /oauth/token': 'token-issued',
  'POST /oauth/revoke': 'token-revoked',
  'PATCH /me': 'user-changed',
  'DELETE /me': 'user-deleted',
  'DELETE /me/sessions': 'sign-out',
  'DELETE /me/sessions/:session': 'sign-out',

  'POST /admin/api-keys': 'client-created',
  'DELETE /admin/api-keys/:key': 'client-revoked',
  'POST /admin/clients': 'client-created',
  'DELETE /admin/clients/:client': 'client-revoked',
  'POST /admin/events/:event/gates': 'gate-invited',
  'POST /admin/events/:event/gates/:gate/revoke': 'gate-revoked',
  'POST /admin/events/:event/publish': 'feed-published',
  'POST /admin/events/:event/staff': 'staff-changed',
  'DELETE /admin/events/:event/staff/:operator': 'staff-changed',
  'POST /admin/events/:event/staff/:operator/card': 'staff-changed',
  'POST /admin/users': 'user-created',
  'PATCH /admin/users/:user': 'user-changed',
  'POST /admin/users/:user/reset-link': 'user-changed',
  'POST /admin/keys/rotate': 'key-rotated',
  'POST /admin/keys/:key/revoke': 'key-revoked',
  'POST /admin/methods/:method/toggle': 'toggle',

  'POST /api/events': 'event-created',
  'PUT /api/events/:event/members/:user': 'user-changed',
  'DELETE /api/events/:event/members/:user': 'user-changed',
  'POST /api/events/:event/members/:user/reset-link': 'user-changed',
  'POST /api/events/:event/orders/confirm': 'order-given',
  'POST /api/events/:event/overrides': 'override',
  'POST /api/events/:event/quarantine/:chunk/release': 'chunk-released',
  'PUT /api/events/:event/policy': 'policy-changed',
  'POST /api/tickets': 'ticket-created',
  'POST /api/tickets/batch': 'ticket-created',
  'PATCH /api/tickets/:ticket': 'ticket-changed',
  'POST /api/tickets/:ticket/deny': 'ticket-denied',
  'POST /api/tickets/:ticket/methods/:method/generate': 'generate',
  'POST /api/tickets/:ticket/methods/:method/verify': 'verify',
  'POST /api/tickets/:ticket/reinstate': 'ticket-reinstated',
  'POST /api/tickets/:ticket/reissue': 'ticket-reissued',
  'POST /api/tickets/:ticket/revoke': 'ticket-revoked',
  'POST /api/tickets/:ticket/transfer': 'transfer',

  'POST /enrol': 'gate-enrolled',
};

/** Routes that change nothing, or write their entries themselves (suspicions, cases, lost gates, wristbands), or are no person's doing (marks have logs of their own). */
export const unauditedRoutes: readonly string[] = [
  'POST /api/events/:event/binding-conflicts/:conflict/resolve',
  'PATCH /api/events/:event/cases/:case',
  'PUT /api/events/:event/gates/:gate/lost',
  'DELETE /api/events/:event/gates/:gate/lost',
  'PATCH /api/events/:event/suspicions/:suspicion',
  'PUT /api/events/:event/suspicion-rules',
  'POST /api/events/:event/orders',
  'POST /api/tickets/:ticket/methods',
  'POST /sync',
  'POST /time',
];
