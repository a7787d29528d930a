// The authorisation table: who may call what. A row a route, in the order of the paths; a route without a row does not start
// (assertAccess in enforce-access.ts), and the tests and the README's table are made from these rows.
//
// `event: 'own'` is about the event of the path (or of its ticket or gate): a person needs one of the roles at that very event, a
// program needs it among its events. `body` is the same for an event that the body or the query names: the route asks `mayActIn`.
// `list` is about all events: the route shows an actor's own ones only (eventsOf in services/actor.ts). `any` is about no event: no program
// that is for some events only may call it. Roles do not contain each other: each row says all that it admits.
//
// What is refused, and how. No sign-in: 401. An event, ticket or gate of an event at which somebody has no role (and a ticket that is
// not theirs): the same 404 as for one that does not exist. A role at the event, but too low a one, or none needed event at all: 403 `role-too-low`.
// A program without the scope: 403 `scope-too-narrow`.
import { exhaustive, type Scope } from '@postern/shared';
import type { Actor } from '../services/actor.ts';
import type { ProblemType } from '../services/problems.ts';

/** `attendee` is everybody who has signed up; about a ticket, only its holder. */
export type Role = 'attendee' | 'steward' | 'supervisor' | 'organiser' | 'admin';
export const roles: readonly Role[] = ['attendee', 'steward', 'supervisor', 'organiser', 'admin'];

export interface AccessRow {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** As registered. */
  readonly path: string;
  /** `gate` and `holder` prove themselves by a token that they sign for this one request. */
  readonly who: 'anyone' | 'gate' | 'holder' | readonly Role[];
  readonly event: 'own' | 'body' | 'list' | 'any';
  /** What a program needs; without one no program may call this. */
  readonly scope?: Scope;
  /** Under which limit a request counts, where method and sender do not say it (`requestKind`). */
  readonly kind?: RequestKind;
}

/**
 * Limits of the same names are in services/rate-limits.ts; `page` counts under the one of the address only, and `sender` too, until a
 * phone has proved which it is.
 */
export type RequestKind =
  | 'page'
  | 'sender'
  | 'holder'
  | 'open'
  | 'time'
  | 'gate'
  | 'reading'
  | 'changing'
  | 'verifying';

/** What takes no sign-in is `open`, and so under a strict limit, unless its row says otherwise. */
export function requestKind({ kind, who, method }: AccessRow): RequestKind {
  if (kind !== undefined) return kind;
  if (who === 'gate' || who === 'holder') return who;
  if (who === 'anyone') return 'open';
  return method === 'GET' ? 'reading' : 'changing';
}

const staff = ['steward', 'supervisor'] as const;
const admin = ['admin'] as const;
const managers = ['organiser', 'admin'] as const;
const overseers = ['supervisor', ...managers] as const;
const onDuty = [...staff, ...managers] as const;
const signedIn = ['attendee', ...onDuty] as const;
const holderAndOnDuty = signedIn;
const holderAndManagers = ['attendee', ...managers] as const;

const row = (
  method: AccessRow['method'],
  path: string,
  who: AccessRow['who'],
  event: AccessRow['event'] = 'any',
  scope?: Scope,
): AccessRow => ({ method, path, who, event, ...(scope === undefined ? {} : { scope }) });
const as = (kind: RequestKind, access: AccessRow): AccessRow => ({ ...access, kind });

export const accessTable: readonly AccessRow[] = [
  as('page', row('GET', '/', 'anyone')),
  as('page', row('GET', '/assets/:file', 'anyone')),
  as('page', row('GET', '/face', 'anyone')),
  as('page', row('GET', '/face/assets/:file', 'anyone')),
  as('page', row('GET', '/face/models/:file', 'anyone')),
  as('page', row('GET', '/handheld', 'anyone')),
  as('page', row('GET', '/handheld/:file', 'anyone')),
  as('page', row('GET', '/handheld/assets/:file', 'anyone')),
  as('page', row('GET', '/handheld/gates.crt', 'anyone')),
  as('page', row('GET', '/handheld/settings.json', 'anyone')),
  as('page', row('GET', '/healthz', 'anyone')),
  as('page', row('GET', '/metrics', 'anyone')),
  as('page', row('GET', '/my', 'anyone')),
  as('page', row('GET', '/my/:file', 'anyone')),
  as('page', row('GET', '/my/assets/:file', 'anyone')),
  as('page', row('GET', '/openapi.json', 'anyone')),
  as('page', row('GET', '/readyz', 'anyone')),
  as('page', row('GET', '/sdk/geofence.js', 'anyone')),
  as('page', row('GET', '/sdk/wallet.js', 'anyone')),
  as('page', row('GET', '/session', 'anyone')),
  row('POST', '/session', 'anyone'),
  as('page', row('DELETE', '/session', 'anyone')),
  row('POST', '/sign-up', 'anyone'),
  row('POST', '/sign-up/confirm', 'anyone'),
  row('POST', '/password-resets', 'anyone'),
  row('POST', '/password-resets/redeem', 'anyone'),
  row('GET', '/oidc/sign-in', 'anyone'),
  row('GET', '/oidc/callback', 'anyone'),
  row('POST', '/oauth/token', 'anyone'),
  row('POST', '/oauth/revoke', 'anyone'),

  row('GET', '/me', signedIn),
  row('PATCH', '/me', signedIn),
  row('DELETE', '/me', signedIn),
  row('GET', '/me/sessions', signedIn),
  row('DELETE', '/me/sessions', signedIn),
  row('DELETE', '/me/sessions/:session', signedIn),
  row('GET', '/me/tickets', signedIn),

  row('GET', '/admin/api-keys', admin),
  row('POST', '/admin/api-keys', admin),
  row('DELETE', '/admin/api-keys/:key', admin),
  row('GET', '/admin/clients', admin),
  row('POST', '/admin/clients', admin),
  row('DELETE', '/admin/clients/:client', admin),
  row('GET', '/admin/events/:event/methods', managers, 'own', 'methods:write'),
  row('POST', '/admin/events/:event/gates', managers, 'own', 'gates:write'),
  row('PATCH', '/admin/events/:event/gates/:gate', managers, 'own', 'gates:write'),
  row('POST', '/admin/events/:event/gates/:gate/replace', managers, 'own', 'gates:write'),
  row('POST', '/admin/events/:event/gates/:gate/revoke', managers, 'own', 'gates:write'),
  row('POST', '/admin/events/:event/gates/:gate/wipe', managers, 'own', 'gates:write'),
  row('DELETE', '/admin/events/:event/gates/:gate/wipe', managers, 'own', 'gates:write'),
  row('POST', '/admin/events/:event/publish', managers, 'own', 'feed:write'),
  row('GET', '/admin/events/:event/staff', managers, 'own', 'gates:write'),
  row('POST', '/admin/events/:event/staff', managers, 'own', 'gates:write'),
  row('DELETE', '/admin/events/:event/staff/:operator', managers, 'own', 'gates:write'),
  row('POST', '/admin/events/:event/staff/:operator/card', managers, 'own', 'gates:write'),
  // No program: these reach every event.
  row('GET', '/admin/jobs', admin),
  row('GET', '/admin/jobs/runs', admin),
  row('POST', '/admin/jobs/runs', admin),
  row('GET', '/admin/jobs/runs/:run', admin),
  row('POST', '/admin/jobs/runs/:run/cancel', admin),
  // No program: who makes administrators is one.
  row('GET', '/admin/users', admin),
  row('POST', '/admin/users', admin),
  row('PATCH', '/admin/users/:user', admin),
  row('POST', '/admin/users/:user/reset-link', admin),

  row('GET', '/admin/keys', admin),
  row('POST', '/admin/keys/rotate', admin),
  row('POST', '/admin/keys/:key/revoke', admin),
  row('GET', '/admin/keys/:key/tickets', admin),
  row('GET', '/admin/keys/:key/tickets.csv', admin),

  row('GET', '/admin/methods', admin, 'any', 'methods:write'),
  row('POST', '/admin/methods/:method/toggle', managers, 'body', 'methods:write'),
  row('GET', '/admin/nft', admin),

  row('GET', '/api/events', signedIn, 'list', 'events:read'),
  row('POST', '/api/events', admin, 'any', 'events:write'),
  row('GET', '/api/events/:event', onDuty, 'own', 'events:read'),
  row('POST', '/api/events/:event/bands/import', managers, 'own', 'tickets:write'),
  row('GET', '/api/events/:event/binding-conflicts', overseers, 'own', 'events:read'),
  row('POST', '/api/events/:event/binding-conflicts/:conflict/resolve', overseers, 'own', 'events:write'),
  row('GET', '/api/events/:event/cases', onDuty, 'own', 'events:read'),
  row('GET', '/api/events/:event/cases/:case', onDuty, 'own', 'events:read'),
  row('PATCH', '/api/events/:event/cases/:case', overseers, 'own', 'events:write'),
  row('POST', '/api/events/:event/claim-links', managers, 'own', 'tickets:write'),
  row('GET', '/api/events/:event/coverage', onDuty, 'own', 'events:read'),
  row('GET', '/api/events/:event/deadlines', managers, 'own', 'events:read'),
  row('PUT', '/api/events/:event/deadlines', managers, 'own', 'events:write'),
  row('GET', '/api/events/:event/gates', onDuty, 'own', 'events:read'),
  row('GET', '/api/events/:event/gates/:gate', onDuty, 'own', 'events:read'),
  row('PUT', '/api/events/:event/gates/:gate/lost', overseers, 'own', 'gates:write'),
  row('DELETE', '/api/events/:event/gates/:gate/lost', overseers, 'own', 'gates:write'),
  row('GET', '/api/events/:event/face', onDuty, 'own', 'events:read'),
  row('PUT', '/api/events/:event/face', managers, 'own', 'events:write'),
  row('DELETE', '/api/events/:event/face', managers, 'own', 'events:write'),
  row('GET', '/api/events/:event/geofence', onDuty, 'own', 'events:read'),
  row('PUT', '/api/events/:event/geofence', managers, 'own', 'events:write'),
  row('DELETE', '/api/events/:event/geofence', managers, 'own', 'events:write'),
  row('GET', '/api/events/:event/jobs', managers, 'own', 'events:read'),
  row('POST', '/api/events/:event/jobs', managers, 'own', 'events:write'),
  row('GET', '/api/events/:event/jobs/:run', managers, 'own', 'events:read'),
  row('POST', '/api/events/:event/jobs/:run/cancel', managers, 'own', 'events:write'),
  row('GET', '/api/events/:event/live', onDuty, 'own', 'events:read'),
  row('GET', '/api/events/:event/members', managers, 'own', 'people:write'),
  row('PUT', '/api/events/:event/members/:user', managers, 'own', 'people:write'),
  row('DELETE', '/api/events/:event/members/:user', managers, 'own', 'people:write'),
  row('POST', '/api/events/:event/members/:user/reset-link', managers, 'own'),
  row('GET', '/api/events/:event/nft', onDuty, 'own', 'events:read'),
  row('PUT', '/api/events/:event/nft', managers, 'own', 'events:write'),
  row('DELETE', '/api/events/:event/nft', managers, 'own', 'events:write'),
  row('PUT', '/api/events/:event/nft/freeze', managers, 'own', 'events:write'),
  row('GET', '/api/events/:event/orders', onDuty, 'own', 'events:read'),
  // No program: a person presses and confirms.
  row('POST', '/api/events/:event/orders', overseers, 'own'),
  row('POST', '/api/events/:event/orders/confirm', overseers, 'own'),
  row('GET', '/api/events/:event/offline-risk', onDuty, 'own', 'events:read'),
  row('POST', '/api/events/:event/overrides', onDuty, 'own'),
  row('GET', '/api/events/:event/rehearsal', onDuty, 'own', 'events:read'),
  row('POST', '/api/events/:event/rehearsal', overseers, 'own', 'events:write'),
  // Whoever sees that it should be over ends it.
  row('DELETE', '/api/events/:event/rehearsal', onDuty, 'own', 'events:write'),
  row('PUT', '/api/events/:event/policy', managers, 'own', 'events:write'),
  row('GET', '/api/events/:event/pretix', managers, 'own', 'events:read'),
  row('PUT', '/api/events/:event/pretix', managers, 'own', 'events:write'),
  row('DELETE', '/api/events/:event/pretix', managers, 'own', 'events:write'),
  row('GET', '/api/events/:event/pretix/check-ins', managers, 'own', 'events:read'),
  row('POST', '/api/events/:event/pretix/check-ins/retry', managers, 'own', 'events:write'),
  row('POST', '/api/events/:event/pretix/import', managers, 'own', 'tickets:write'),
  row('GET', '/api/events/:event/quarantine', overseers, 'own', 'audits:read'),
  row('POST', '/api/events/:event/quarantine/:chunk/release', managers, 'own', 'gates:write'),
  row('GET', '/api/events/:event/roll-call', onDuty, 'own', 'events:read'),
  row('GET', '/api/events/:event/summary', onDuty, 'own', 'events:read'),
  row('GET', '/api/events/:event/suspicion-rules', overseers, 'own', 'audits:read'),
  row('PUT', '/api/events/:event/suspicion-rules', managers, 'own', 'events:write'),
  row('GET', '/api/events/:event/suspicions', overseers, 'own', 'audits:read'),
  row('PATCH', '/api/events/:event/suspicions/:suspicion', overseers, 'own', 'events:write'),
  // Whoever holds a token may have bought it from anybody: the wallet's signature says all there is to say.
  row('POST', '/api/events/:event/wallet-bindings', 'anyone'),
  row('POST', '/api/events/:event/wallet-challenges', 'anyone'),
  row('GET', '/api/events/:event/webhooks', managers, 'own', 'events:read'),
  row('POST', '/api/events/:event/webhooks', managers, 'own', 'events:write'),
  row('PATCH', '/api/events/:event/webhooks/:webhook', managers, 'own', 'events:write'),
  row('DELETE', '/api/events/:event/webhooks/:webhook', managers, 'own', 'events:write'),
  row('GET', '/api/events/:event/webhooks/:webhook/deliveries', managers, 'own', 'events:read'),
  row('POST', '/api/events/:event/webhooks/:webhook/deliveries/:message/replay', managers, 'own', 'events:write'),
  row('POST', '/api/events/:event/webhooks/:webhook/replay', managers, 'own', 'events:write'),
  row('POST', '/api/events/:event/webhooks/:webhook/test', managers, 'own', 'events:write'),

  row('GET', '/api/events/:event/tickets.csv', onDuty, 'own', 'tickets:read'),
  row('POST', '/api/events/:event/tickets/import', managers, 'own', 'tickets:write'),
  row('GET', '/api/events/:event/tickets/imports/:run', managers, 'own', 'tickets:write'),
  // The secret of a link has 192 bits: what is counted beside the address is wrong ones.
  as('page', row('POST', '/api/my/claims', 'anyone')),
  row('GET', '/api/my/:holder', 'holder'),
  row('POST', '/api/my/:holder/transfer', 'holder'),
  row('DELETE', '/api/my/:holder/transfer', 'holder'),
  row('GET', '/api/my/:holder/wallet-passes/:wallet', 'holder'),

  row('GET', '/api/tickets', onDuty, 'body', 'tickets:read'),
  row('POST', '/api/tickets', managers, 'body', 'tickets:write'),
  row('POST', '/api/tickets/batch', managers, 'body', 'tickets:write'),
  row('GET', '/api/tickets/:ticket', holderAndOnDuty, 'own', 'tickets:read'),
  row('PATCH', '/api/tickets/:ticket', managers, 'own', 'tickets:write'),
  row('GET', '/api/tickets/:ticket/bands', holderAndOnDuty, 'own', 'tickets:read'),
  row('POST', '/api/tickets/:ticket/bands', onDuty, 'own', 'tickets:write'),
  row('DELETE', '/api/tickets/:ticket/bands/:band', onDuty, 'own', 'tickets:write'),
  row('POST', '/api/tickets/:ticket/bands/:band/confirm', onDuty, 'own', 'tickets:write'),
  row('POST', '/api/tickets/:ticket/bands/:band/read-back', onDuty, 'own', 'tickets:write'),
  row('POST', '/api/tickets/:ticket/bands/:band/write', onDuty, 'own', 'tickets:write'),
  row('GET', '/api/tickets/:ticket/claim-links', holderAndManagers, 'own', 'tickets:read'),
  row('POST', '/api/tickets/:ticket/claim-links', holderAndManagers, 'own', 'tickets:write'),
  row('DELETE', '/api/tickets/:ticket/claim-links/:link', holderAndManagers, 'own', 'tickets:write'),
  row('POST', '/api/tickets/:ticket/deny', onDuty, 'own', 'tickets:write'),
  row('GET', '/api/tickets/:ticket/face', holderAndOnDuty, 'own', 'tickets:read'),
  row('POST', '/api/tickets/:ticket/face', holderAndOnDuty, 'own', 'tickets:write'),
  row('DELETE', '/api/tickets/:ticket/face', holderAndOnDuty, 'own', 'tickets:write'),
  // Nobody on duty, and no program: what a face has become is shown to its owner alone.
  row('GET', '/api/tickets/:ticket/face/export', ['attendee'], 'own'),
  row('POST', '/api/tickets/:ticket/face/links', holderAndOnDuty, 'own', 'tickets:write'),
  row('GET', '/api/tickets/:ticket/geofence-senders', holderAndManagers, 'own', 'tickets:read'),
  row('POST', '/api/tickets/:ticket/geofence-senders', holderAndManagers, 'own', 'tickets:write'),
  row('DELETE', '/api/tickets/:ticket/geofence-senders/:sender', holderAndManagers, 'own', 'tickets:write'),
  row('GET', '/api/tickets/:ticket/history', onDuty, 'own', 'tickets:read'),
  row('GET', '/api/tickets/:ticket/methods', holderAndOnDuty, 'own', 'tickets:read'),
  row('POST', '/api/tickets/:ticket/methods', holderAndOnDuty, 'own', 'tickets:read'),
  row('POST', '/api/tickets/:ticket/methods/:method/generate', holderAndManagers, 'own', 'tickets:write'),
  as('verifying', row('POST', '/api/tickets/:ticket/methods/:method/verify', onDuty, 'own', 'tickets:verify')),
  row('GET', '/api/tickets/:ticket/nft', holderAndOnDuty, 'own', 'tickets:read'),
  row('GET', '/api/tickets/:ticket/qr.png', holderAndOnDuty, 'own', 'tickets:read'),
  row('GET', '/api/tickets/:ticket/qr.svg', holderAndOnDuty, 'own', 'tickets:read'),
  row('GET', '/api/tickets/:ticket/qr.txt', holderAndOnDuty, 'own', 'tickets:read'),
  row('POST', '/api/tickets/:ticket/reinstate', managers, 'own', 'tickets:write'),
  row('POST', '/api/tickets/:ticket/reissue', managers, 'own', 'tickets:write'),
  row('POST', '/api/tickets/:ticket/revoke', managers, 'own', 'tickets:write'),
  row('GET', '/api/tickets/:ticket/story', onDuty, 'own', 'tickets:read'),
  row('POST', '/api/tickets/:ticket/transfer', managers, 'own', 'tickets:write'),
  row('GET', '/api/tickets/:ticket/wallet-bindings', holderAndManagers, 'own', 'tickets:read'),
  row('GET', '/api/tickets/:ticket/wallet-passes', holderAndOnDuty, 'own', 'tickets:read'),
  as('changing', row('GET', '/api/tickets/:ticket/wallet-passes/apple', holderAndOnDuty, 'own', 'tickets:read')),
  as('changing', row('GET', '/api/tickets/:ticket/wallet-passes/google', holderAndOnDuty, 'own', 'tickets:read')),

  row('GET', '/audits/log', managers, 'list', 'audits:read'),
  row('GET', '/audits/usage', managers, 'list', 'audits:read'),
  row('POST', '/enrol', 'anyone'),
  // By a link that somebody was given, or the token that they got for it.
  row('GET', '/face/subject', 'anyone'),
  row('POST', '/face/enrolment', 'anyone'),
  row('DELETE', '/face/enrolment', 'anyone'),
  row('GET', '/face/export', 'anyone'),
  row('GET', '/feed/:event/manifest', 'gate', 'own'),
  row('GET', '/feed/files/:sha256', 'gate', 'own'),
  row('POST', '/gate/tickets/:ticket/bands', 'gate', 'own'),
  row('POST', '/gate/tickets/:ticket/bands/:band/write', 'gate', 'own'),
  row('POST', '/gate/tickets/:ticket/bands/:band/written', 'gate', 'own'),
  row('POST', '/gate/vitals', 'gate', 'own'),
  row('POST', '/gate/wiped', 'gate', 'own'),
  row('POST', '/gate/web-certificate', 'gate'),
  row('POST', '/sync', 'gate', 'own'),
  as('time', row('POST', '/time', 'anyone')),
  row('GET', '/wallet-passes/:pass', 'anyone'),
  as('sender', row('POST', '/webhooks/geofence/:event', 'anyone')),
];

/** What a request is about, as far as its path says. */
export interface Subject {
  /** How a missing one of its kind is answered. */
  readonly unknown: Extract<ProblemType, 'event-unknown' | 'ticket-unknown' | 'gate-unknown'>;
  /** Absent when there is no such thing. */
  readonly event?: number;
  /** True when the path names a ticket that the actor holds. */
  readonly isHolder?: boolean;
}

/**
 * The table's answer for one actor and row: undefined, or the problem. `subject` is there for rows with `own`, and for rows with `body`
 * once the body has been read.
 */
export function refusalOf(row: AccessRow, actor: Actor, subject: Subject | undefined): ProblemType | undefined {
  if (typeof row.who === 'string') return undefined;
  switch (actor.kind) {
    case 'gate':
      return 'role-too-low';
    case 'client':
      return refusalOfProgram(row, actor, subject);
    case 'user':
      return refusalOfPerson(row.who, actor, subject);
    default:
      return exhaustive(actor.kind);
  }
}

function refusalOfPerson(who: readonly Role[], actor: Actor, subject: Subject | undefined): ProblemType | undefined {
  if (actor.admin) return who.includes('admin') ? undefined : 'role-too-low';
  if (subject === undefined)
    return who.includes('attendee') || [...actor.memberships.values()].some((role) => who.includes(role))
      ? undefined
      : 'role-too-low';
  if (subject.isHolder === true && who.includes('attendee')) return undefined;
  const role = subject.event === undefined ? undefined : actor.memberships.get(subject.event);
  if (role === undefined) return subject.unknown;
  return who.includes(role) ? undefined : 'role-too-low';
}

function refusalOfProgram(row: AccessRow, actor: Actor, subject: Subject | undefined): ProblemType | undefined {
  if (row.scope === undefined || actor.scopes?.has(row.scope) !== true) return 'scope-too-narrow';
  if (actor.events === 'all') return undefined;
  if (subject !== undefined)
    return subject.event !== undefined && actor.events?.has(subject.event) === true ? undefined : subject.unknown;
  return row.event === 'any' ? 'scope-too-narrow' : undefined;
}
