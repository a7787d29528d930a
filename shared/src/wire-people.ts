// The JSON messages about people and programs, as zod schemas: roles, accounts, tokens, keys, staff. Both ends use them, as wire.ts.
import { z } from 'zod';
import { emailPattern, passwordChars, personNameCharsMax } from './person-rules.ts';
import { cursorSchema, pageLimit } from './wire-page.ts';
import { ticketResponseSchema } from './wire-tickets.ts';
import { eventIdSchema, userIdSchema } from './wire.ts';

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

const unixMs = z.number().int().min(0);
/** Visible characters in whatever script; no control characters, no half surrogates. */
export const personNameSchema = z
  .string()
  .trim()
  .min(1)
  .max(personNameCharsMax)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'has control characters');
/** In lower case from here on: two spellings are one account. */
export const emailSchema = z.email({ pattern: emailPattern }).max(254).toLowerCase();
export const passwordSchema = z.string().min(passwordChars.least).max(passwordChars.most);
/** BCP 47, the part that we use: `en`, `de-AT`. */
export const languageSchema = z.string().regex(/^[a-z]{2,3}(-[A-Z]{2})?$/);
/** A change changes something. */
const isChange = (change: object): boolean => Object.keys(change).length > 0;
const secretSchema = z.string().min(1).max(2_000);

/** `POST /sign-up`. */
export const signUpRequestSchema = z.strictObject({
  email: emailSchema,
  password: passwordSchema,
  name: personNameSchema,
  language: languageSchema.optional(),
});
export type SignUpRequest = z.infer<typeof signUpRequestSchema>;
/** `POST /sign-up/confirm`: the secret out of the link that was mailed. */
export const confirmRequestSchema = z.strictObject({ token: secretSchema });

/** `POST /session`: a browser signs in with a password, or with a token. */
export const signInRequestSchema = z.union([
  z.strictObject({ token: z.string().min(1).max(200) }),
  z.strictObject({ email: emailSchema, password: z.string().min(1).max(200) }),
]);
export type SignInRequest = z.infer<typeof signInRequestSchema>;

/** `POST /password-resets` asks for a link by mail; `POST /password-resets/redeem` uses one. */
export const resetRequestSchema = z.strictObject({ email: emailSchema });
export const redeemRequestSchema = z.strictObject({ token: secretSchema, password: passwordSchema });
/** A one-time link, for who hands it on. */
export const resetLinkSchema = z.object({ link: z.string(), expiresAtMs: unixMs });
export type ResetLink = z.infer<typeof resetLinkSchema>;

export const membershipSchema = z.object({ event: z.number().int(), role: z.enum(eventRoles) });
export const userViewSchema = z.object({
  id: userIdSchema,
  name: z.string(),
  email: z.string().optional(),
  language: z.string().optional(),
  administrator: z.boolean(),
  disabled: z.boolean(),
  createdAtMs: unixMs,
  memberships: z.array(membershipSchema),
});
export type UserView = z.infer<typeof userViewSchema>;
/** `GET /session`: who is signed in, nobody being an answer too, and whether one can sign in at an OpenID provider. */
export const sessionStateSchema = z.object({ user: userViewSchema.optional(), provider: z.boolean() });
export type SessionState = z.infer<typeof sessionStateSchema>;

/** `PATCH /me`: a new password wants the present one. */
export const profileChangeSchema = z
  .strictObject({
    name: personNameSchema.optional(),
    language: languageSchema.optional(),
    password: z.strictObject({ present: z.string().min(1).max(200), wanted: passwordSchema }).optional(),
  })
  .refine(isChange, 'changes nothing');
export type ProfileChange = z.infer<typeof profileChangeSchema>;
export const ownTicketsSchema = z.object({ tickets: z.array(ticketResponseSchema) });
export const sessionViewSchema = z.object({
  /** Good for ending it, not for acting with it. */
  id: z.string(),
  createdAtMs: unixMs,
  lastUsedAtMs: unixMs,
  expiresAtMs: unixMs,
  device: z.string(),
  /** The one that asks. */
  current: z.boolean(),
});
export type SessionView = z.infer<typeof sessionViewSchema>;
export const sessionListSchema = z.object({ sessions: z.array(sessionViewSchema) });
export type SessionList = z.infer<typeof sessionListSchema>;

/** `POST /admin/users`: answered with a one-time link with which the person sets a password. */
export const userRequestSchema = z.strictObject({
  name: personNameSchema,
  email: emailSchema,
  language: languageSchema.optional(),
  administrator: z.boolean().default(false),
});
export type UserRequest = z.infer<typeof userRequestSchema>;
export const userCreatedSchema = z.object({ user: userViewSchema, resetLink: resetLinkSchema });
export type UserCreated = z.infer<typeof userCreatedSchema>;
/** `PATCH /admin/users/{user}`. */
export const userChangeSchema = z
  .strictObject({
    name: personNameSchema.optional(),
    language: languageSchema.optional(),
    administrator: z.boolean().optional(),
    disabled: z.boolean().optional(),
  })
  .refine(isChange, 'changes nothing');
export type UserChange = z.infer<typeof userChangeSchema>;
export const usersPerPageMax = 200;
/** `GET /admin/users`. */
export const userQuerySchema = z.strictObject({
  email: emailSchema.optional(),
  limit: pageLimit(usersPerPageMax).default(50),
  cursor: cursorSchema.optional(),
});
export type UserQuery = z.infer<typeof userQuerySchema>;
/** `next`: the cursor of the next page; absent on the last one. */
export const userListSchema = z.object({ users: z.array(userViewSchema), next: cursorSchema.optional() });
export type UserList = z.infer<typeof userListSchema>;

/** `PUT /api/events/{event}/members/{user}`. */
export const memberRequestSchema = z.strictObject({ role: z.enum(eventRoles) });
export const memberViewSchema = z.object({
  event: z.number().int(),
  user: userIdSchema,
  name: z.string(),
  role: z.enum(eventRoles),
});
export type MemberView = z.infer<typeof memberViewSchema>;
export const memberListSchema = z.object({ members: z.array(memberViewSchema) });
export type MemberList = z.infer<typeof memberListSchema>;

const grantShape = {
  name: personNameSchema,
  scopes: z
    .array(z.enum(scopes))
    .min(1)
    .max(scopes.length)
    .refine((list) => new Set(list).size === list.length, 'names a scope twice'),
  /** Where it may act; absent: at every event. */
  events: z.array(eventIdSchema).min(1).max(1_000).optional(),
} as const;
const grantViewShape = {
  name: z.string(),
  scopes: z.array(z.enum(scopes)),
  events: z.array(eventIdSchema).optional(),
  createdAtMs: unixMs,
  revokedAtMs: unixMs.optional(),
} as const;

/** `POST /admin/clients`: a program that gets tokens by OAuth2; its secret is shown this once. */
export const clientRequestSchema = z.strictObject(grantShape);
export type ClientRequest = z.infer<typeof clientRequestSchema>;
export const clientViewSchema = z.object({ id: z.string(), ...grantViewShape });
export type ClientView = z.infer<typeof clientViewSchema>;
export const clientListSchema = z.object({ clients: z.array(clientViewSchema) });
export type ClientList = z.infer<typeof clientListSchema>;
export const clientCreatedSchema = clientViewSchema.extend({ secret: z.string() });
export type ClientCreated = z.infer<typeof clientCreatedSchema>;

/** `POST /admin/api-keys`: a long-lived key (`postern_key_…`), shown this once. */
export const apiKeyRequestSchema = z.strictObject({
  ...grantShape,
  expiresAtMs: unixMs.max(8_640_000_000_000_000).optional(),
});
export type ApiKeyRequest = z.infer<typeof apiKeyRequestSchema>;
export const apiKeyViewSchema = z.object({
  id: z.string(),
  ...grantViewShape,
  expiresAtMs: unixMs.optional(),
  lastUsedAtMs: unixMs.optional(),
});
export type ApiKeyView = z.infer<typeof apiKeyViewSchema>;
export const apiKeyListSchema = z.object({ apiKeys: z.array(apiKeyViewSchema) });
export type ApiKeyList = z.infer<typeof apiKeyListSchema>;
export const apiKeyCreatedSchema = apiKeyViewSchema.extend({ key: z.string() });
export type ApiKeyCreated = z.infer<typeof apiKeyCreatedSchema>;

/** `POST /oauth/token` (RFC 6749 5.1). */
export const tokenResponseSchema = z.object({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.number().int(),
  scope: z.string(),
  refresh_token: z.string().optional(),
});
export type TokenResponse = z.infer<typeof tokenResponseSchema>;
export const oauthErrors = [
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
] as const;
/** RFC 6749 5.2. */
export const oauthErrorSchema = z.object({ error: z.enum(oauthErrors), error_description: z.string().optional() });
export type OauthError = (typeof oauthErrors)[number];

/** `GET /admin/events/{event}/staff`. */
export const staffViewSchema = z.object({
  operator: z.string(),
  role: z.enum(['steward', 'supervisor']),
  /** Whether a card was made. */
  card: z.boolean(),
  createdAtMs: unixMs,
});
export type StaffView = z.infer<typeof staffViewSchema>;
export const staffListSchema = z.object({ staff: z.array(staffViewSchema) });
export type StaffList = z.infer<typeof staffListSchema>;
