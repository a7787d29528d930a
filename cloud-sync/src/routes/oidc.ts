// Signing in at an OpenID provider, as the browser sees it: off to the provider with a cookie that only it has, and back with a session.
import type { Hono } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { describeRoute } from 'hono-openapi';
import { oidcCallbackPath, oidcFlowLifetimeMs, type Oidc } from '../services/oidc.ts';
import type { Sessions } from '../services/sessions.ts';
import { createRouter, problem, type Environment } from './context.ts';
import { describe } from './input.ts';
import { startSession } from './session.ts';

const flowCookie = 'postern_oidc';
const flowPath = '/oidc';

export interface OidcRoutesDeps {
  readonly oidc: Oidc;
  readonly sessions: Sessions;
  readonly isSecure: () => boolean;
}

export function oidcRoutes({ oidc, sessions, isSecure }: OidcRoutesDeps): Hono<Environment> {
  const router = createRouter();
  router.get(
    '/oidc/sign-in',
    describeRoute(describe('Go to the OpenID provider', 'people', { status: 302 }, ['not-found', 'oidc-unreachable'])),
    async (c) => {
      const begun = await oidc.begin();
      if (!begun.ok) return problem(c, begun.error);
      setCookie(c, flowCookie, begun.value.flow, {
        httpOnly: true,
        // The provider sends the browser back: a strict cookie would stay behind.
        sameSite: 'Lax',
        path: flowPath,
        secure: isSecure(),
        maxAge: oidcFlowLifetimeMs / 1_000,
      });
      c.header('Cache-Control', 'no-store');
      return c.redirect(begun.value.url, 302);
    },
  );
  router.get(
    oidcCallbackPath,
    describeRoute(
      describe('Come back from the OpenID provider with a session', 'people', { status: 302 }, [
        'not-found',
        'oidc-failed',
        'oidc-unreachable',
      ]),
    ),
    async (c) => {
      const flow = getCookie(c, flowCookie);
      // Good for one attempt, whatever comes of it.
      deleteCookie(c, flowCookie, { path: flowPath });
      c.header('Cache-Control', 'no-store');
      const user = await oidc.finish(flow, new URL(c.req.url).search);
      if (!user.ok) return problem(c, user.error);
      await startSession(c, { sessions, isSecure }, user.value.id);
      return c.redirect('/', 302);
    },
  );
  return router;
}
