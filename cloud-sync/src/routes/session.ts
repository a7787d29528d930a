// Signing a browser in and out. The session's cookie is out of reach for scripts and stays on this site; what changes something by it
// must also come from a page of ours (isOwnPage in auth.ts).
import { sessionStateSchema, signInRequestSchema } from '@postern/shared';
import type { Hono } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { describeRoute } from 'hono-openapi';
import type { Accounts } from '../services/accounts.ts';
import type { Oidc } from '../services/oidc.ts';
import { sessionLifetimeMs, type Sessions } from '../services/sessions.ts';
import type { UserAdmin } from '../services/user-admin.ts';
import type { Users } from '../services/users.ts';
import { sessionCookie, sessionOf } from './auth.ts';
import { createRouter, problem, type Environment, type RouteContext } from './context.ts';
import { bodyProblems, describe, jsonBody, validJson } from './input.ts';
import { senderOf } from './sender.ts';

export interface SessionRoutesDeps {
  readonly users: Users;
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly userAdmin: UserAdmin;
  readonly oidc: Oidc;
  readonly isSecure: () => boolean;
}

export function sessionRoutes({
  users,
  userAdmin,
  accounts,
  sessions,
  oidc,
  isSecure,
}: SessionRoutesDeps): Hono<Environment> {
  const router = createRouter();
  router.get(
    '/session',
    describeRoute(describe('Ask who is signed in, if anybody', 'people', { schema: sessionStateSchema })),
    async (c) => {
      const session = sessionOf(c);
      const user = session === undefined ? undefined : await sessions.find(session);
      const found = user === undefined ? undefined : await userAdmin.read(user.id);
      c.header('Cache-Control', 'no-store');
      return c.json({ ...(found?.ok === true ? { user: found.value } : {}), provider: oidc.isConfigured });
    },
  );
  router.post(
    '/session',
    describeRoute(
      describe('Sign a browser in', 'people', { status: 204 }, [
        ...bodyProblems,
        'sign-in-needed',
        'credentials-wrong',
      ]),
    ),
    jsonBody(),
    validJson(signInRequestSchema),
    async (c) => {
      const request = c.req.valid('json');
      if ('token' in request) {
        const user = await users.byToken(request.token.trim(), senderOf(c));
        if (!user.ok) return problem(c, user.error);
        if (user.value === undefined) return problem(c, { type: 'sign-in-needed' });
        await startSession(c, { sessions, isSecure }, user.value.id);
      } else {
        const user = await accounts.signIn(request, senderOf(c));
        if (!user.ok) return problem(c, user.error);
        await startSession(c, { sessions, isSecure }, user.value.id);
      }
      return c.body(null, 204);
    },
  );
  router.delete('/session', describeRoute(describe('Sign out', 'people', { status: 204 })), async (c) => {
    const session = getCookie(c, sessionCookie);
    if (session !== undefined) await sessions.end(session);
    deleteCookie(c, sessionCookie, { path: '/' });
    return c.body(null, 204);
  });
  return router;
}

/** Starts a session and gives its cookie. */
export async function startSession(
  c: RouteContext,
  { sessions, isSecure }: Pick<SessionRoutesDeps, 'sessions' | 'isSecure'>,
  userId: string,
): Promise<void> {
  c.get('audit')?.add({ actor: { kind: 'user', id: userId } });
  const session = await sessions.start(userId, c.req.header('User-Agent') ?? '');
  setCookie(c, sessionCookie, session, {
    httpOnly: true,
    sameSite: 'Strict',
    path: '/',
    secure: isSecure(),
    maxAge: sessionLifetimeMs / 1_000,
  });
}
