// What people do with their own accounts: sign up, set a password by a one-time link, and everything under /me.
import {
  confirmRequestSchema,
  ownTicketsSchema,
  profileChangeSchema,
  redeemRequestSchema,
  resetRequestSchema,
  sessionListSchema,
  signUpRequestSchema,
  userViewSchema,
} from '@postern/shared';
import type { Hono } from 'hono';
import { deleteCookie } from 'hono/cookie';
import { describeRoute } from 'hono-openapi';
import type { Accounts } from '../services/accounts.ts';
import type { ResetLinks } from '../services/reset-links.ts';
import type { Sessions } from '../services/sessions.ts';
import type { Subjects } from '../services/subjects.ts';
import type { Tickets } from '../services/tickets.ts';
import type { UserAdmin } from '../services/user-admin.ts';
import { sessionCookie, sessionOf } from './auth.ts';
import { createRouter, problem, type Environment } from './context.ts';
import { bodyProblems, describe, jsonBody, userProblems, validJson, validSession } from './input.ts';
import { senderOf } from './sender.ts';
import { presentTickets } from './tickets.ts';

export interface PeopleRoutesDeps {
  readonly accounts: Accounts;
  readonly resetLinks: ResetLinks;
  readonly sessions: Sessions;
  readonly userAdmin: UserAdmin;
  readonly subjects: Subjects;
  readonly tickets: Tickets;
}

export function peopleRoutes(deps: PeopleRoutesDeps): Hono<Environment> {
  const { accounts, resetLinks, sessions, userAdmin, subjects, tickets } = deps;
  const router = createRouter();

  router.post(
    '/sign-up',
    describeRoute(describe('Sign up; the answer never tells who has', 'people', { status: 204 }, bodyProblems)),
    jsonBody(),
    validJson(signUpRequestSchema),
    async (c) => {
      const signedUp = await accounts.signUp(c.req.valid('json'), senderOf(c));
      return signedUp.ok ? c.body(null, 204) : problem(c, signedUp.error);
    },
  );
  router.post(
    '/sign-up/confirm',
    describeRoute(
      describe('Finish signing up with the mailed link', 'people', { status: 204 }, [...bodyProblems, 'link-invalid']),
    ),
    jsonBody(),
    validJson(confirmRequestSchema),
    async (c) => {
      const confirmed = await accounts.confirm(c.req.valid('json').token, senderOf(c));
      return confirmed.ok ? c.body(null, 204) : problem(c, confirmed.error);
    },
  );
  router.post(
    '/password-resets',
    describeRoute(
      describe(
        'Ask for a link to set a new password; the answer never tells who exists',
        'people',
        { status: 204 },
        bodyProblems,
      ),
    ),
    jsonBody(),
    validJson(resetRequestSchema),
    async (c) => {
      const requested = await resetLinks.request(c.req.valid('json').email, senderOf(c));
      return requested.ok ? c.body(null, 204) : problem(c, requested.error);
    },
  );
  router.post(
    '/password-resets/redeem',
    describeRoute(
      describe('Set a new password with a one-time link', 'people', { status: 204 }, [...bodyProblems, 'link-invalid']),
    ),
    jsonBody(),
    validJson(redeemRequestSchema),
    async (c) => {
      const { token, password } = c.req.valid('json');
      const redeemed = await resetLinks.redeem(token, password, senderOf(c));
      if (!redeemed.ok) return problem(c, redeemed.error);
      const { user } = redeemed.value;
      c.get('audit')?.add({ actor: { kind: 'user', id: user }, subject: user, details: { what: 'password' } });
      return c.body(null, 204);
    },
  );

  router.get(
    '/me',
    describeRoute(describe('Read the own profile', 'people', { schema: userViewSchema }, userProblems)),
    async (c) => {
      const found = await userAdmin.read(c.get('actor').id);
      return found.ok ? c.json(found.value) : problem(c, found.error);
    },
  );
  router.patch(
    '/me',
    describeRoute(
      describe('Change the own name, language or password', 'people', { schema: userViewSchema }, [
        ...userProblems,
        ...bodyProblems,
        'password-wrong',
      ]),
    ),
    jsonBody(),
    validJson(profileChangeSchema),
    async (c) => {
      const { id } = c.get('actor');
      c.get('audit')?.add({ subject: id, details: { what: Object.keys(c.req.valid('json')).join(' ') } });
      const changed = await accounts.change(id, c.req.valid('json'), sessionOf(c));
      if (!changed.ok) return problem(c, changed.error);
      const found = await userAdmin.read(id);
      return found.ok ? c.json(found.value) : problem(c, found.error);
    },
  );
  router.delete(
    '/me',
    describeRoute(
      describe('Delete the own account', 'people', { status: 204 }, [...userProblems, 'last-administrator']),
    ),
    async (c) => {
      const erased = await accounts.erase(c.get('actor').id);
      if (!erased.ok) return problem(c, erased.error);
      deleteCookie(c, sessionCookie, { path: '/' });
      return c.body(null, 204);
    },
  );
  router.get(
    '/me/tickets',
    describeRoute(describe('List the own tickets', 'people', { schema: ownTicketsSchema }, userProblems)),
    async (c) => {
      const found = await Promise.all((await subjects.ticketsOf(c.get('actor'))).map((id) => tickets.find(id)));
      const records = found.flatMap((ticket) => (ticket.ok ? [ticket.value] : []));
      return c.json({ tickets: await presentTickets(tickets, records) });
    },
  );
  router.get(
    '/me/sessions',
    describeRoute(describe('List the own sessions', 'people', { schema: sessionListSchema }, userProblems)),
    async (c) => c.json({ sessions: await sessions.list(c.get('actor').id, sessionOf(c)) }),
  );
  router.delete(
    '/me/sessions',
    describeRoute(describe('End all own sessions but this one', 'people', { status: 204 }, userProblems)),
    async (c) => {
      await sessions.endAll(c.get('actor').id, sessionOf(c));
      return c.body(null, 204);
    },
  );
  router.delete(
    '/me/sessions/:session',
    describeRoute(
      describe('End one of the own sessions', 'people', { status: 204 }, [
        ...userProblems,
        'request-invalid',
        'session-unknown',
      ]),
    ),
    validSession,
    async (c) =>
      (await sessions.endOne(c.get('actor').id, c.req.valid('param').session))
        ? c.body(null, 204)
        : problem(c, { type: 'session-unknown' }),
  );
  return router;
}
