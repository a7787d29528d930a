// The JSON messages about people and programs, as zod schemas: roles, accounts, tokens, keys, staff. Both ends use them, as wire.ts.

/** What a person may be at one event. `staff` are stewards and supervisors; an administrator is one everywhere. */
export const eventRoles = ['steward', 'supervisor', 'organiser'] as const;
export type EventRole = (typeof eventRoles)[number];

/** What a program may be allowed to do; each names what it touches and whether it changes it. */
export const scopes = [
  'audits:read',
  'events:read',
  'events:write',
  'feed:write',
  'gates:write',
  'methods:write',
  'people:write',
  'tickets:read',
  'tickets:verify',
  'tickets:write',
] as const;
export type Scope = (typeof scopes)[number];
