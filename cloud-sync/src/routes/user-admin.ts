// Users for administrators, and the people of an event for its organisers.
import {
  memberListSchema,
  memberRequestSchema,
  memberViewSchema,
  resetLinkSchema,
  userChangeSchema,
  userCreatedSchema,
  userListSchema,
  userQuerySchema,
  userRequestSchema,
  userViewSchema,
} from '@postern/shared';
import type { Hono } from 'hono';
import { describeRoute } from 'hono-openapi';
import type { Members } from '../services/members.ts';
import type { ResetLinks } from '../services/reset-links.ts';
import type { UserAdmin } from '../services/user-admin.ts';
import { createRouter, problem, type Environment } from './context.ts';
import {
  bodyProblems,
  describe,
  jsonBody,
  userProblems,
  validEvent,
  validJson,
  validMember,
  validQuery,
  validUser,
} from './input.ts';

export interface UserAdminRoutesDeps {
  readonly userAdmin: UserAdmin;
  readonly members: Members;
  readonly resetLinks: ResetLinks;
}

/** Under `/admin`. */
export function userAdminRoutes({ userAdmin, resetLinks }: UserAdminRoutesDeps): Hono<Environment> {
  const router = createRouter();
  router.get(
    '/users',
    describeRoute(
      describe('List users', 'people', { schema: userListSchema }, [
        ...userProblems,
        'request-invalid',
        'cursor-invalid',
      ]),
    ),
    validQuery(userQuerySchema),
    async (c) => {
      const page = await userAdmin.list(c.req.valid('query'));
      return page.ok ? c.json(page.value) : problem(c, page.error);
    },
  );
  router.post(
    '/users',
    describeRoute(
      describe(
        'Add a user and a one-time link for the password',
        'people',
        { status: 201, schema: userCreatedSchema },
        [...userProblems, ...bodyProblems, 'email-taken'],
      ),
    ),
    jsonBody(),
    validJson(userRequestSchema),
    async (c) => {
      const created = await userAdmin.create(c.req.valid('json'));
      if (!created.ok) return problem(c, created.error);
      const link = await resetLinks.make(created.value.id);
      if (!link.ok) return problem(c, link.error);
      c.get('audit')?.add({ subject: created.value.id, details: { administrator: created.value.administrator } });
      return c.json({ user: created.value, resetLink: link.value }, 201, { 'Cache-Control': 'no-store' });
    },
  );
  router.patch(
    '/users/:user',
    describeRoute(
      describe('Change, disable or promote a user', 'people', { schema: userViewSchema }, [
        ...userProblems,
        ...bodyProblems,
        'user-unknown',
        'last-administrator',
      ]),
    ),
    validUser,
    jsonBody(),
    validJson(userChangeSchema),
    async (c) => {
      const { administrator, disabled, ...profile } = c.req.valid('json');
      c.get('audit')?.add({
        details: {
          ...(Object.keys(profile).length === 0 ? {} : { what: 'profile' }),
          ...(administrator === undefined ? {} : { administrator }),
          ...(disabled === undefined ? {} : { disabled }),
        },
      });
      const changed = await userAdmin.change(c.req.valid('param').user, c.req.valid('json'));
      return changed.ok ? c.json(changed.value) : problem(c, changed.error);
    },
  );
  router.post(
    '/users/:user/reset-link',
    describeRoute(
      describe('Make a one-time link for a new password', 'people', { status: 201, schema: resetLinkSchema }, [
        ...userProblems,
        'request-invalid',
        'user-unknown',
      ]),
    ),
    validUser,
    async (c) => {
      c.get('audit')?.add({ details: { what: 'reset-link' } });
      const link = await resetLinks.make(c.req.valid('param').user);
      return link.ok ? c.json(link.value, 201, { 'Cache-Control': 'no-store' }) : problem(c, link.error);
    },
  );
  return router;
}

/** Under `/api/events`. */
export function memberRoutes({ members, resetLinks }: UserAdminRoutesDeps): Hono<Environment> {
  const router = createRouter();
  const memberProblems = [...userProblems, 'request-invalid', 'event-unknown', 'user-unknown'] as const;
  router.get(
    '/:event/members',
    describeRoute(
      describe('List who has a role at an event', 'people', { schema: memberListSchema }, [
        ...userProblems,
        'request-invalid',
        'event-unknown',
      ]),
    ),
    validEvent,
    async (c) => {
      const listed = await members.list(c.req.valid('param').event);
      return listed.ok ? c.json({ members: listed.value }) : problem(c, listed.error);
    },
  );
  router.put(
    '/:event/members/:user',
    describeRoute(
      describe('Give somebody a role at an event', 'people', { schema: memberViewSchema }, [
        ...memberProblems,
        ...bodyProblems,
      ]),
    ),
    validMember,
    jsonBody(),
    validJson(memberRequestSchema),
    async (c) => {
      c.get('audit')?.add({ details: { role: c.req.valid('json').role } });
      const set = await members.set({ ...c.req.valid('param'), ...c.req.valid('json') });
      return set.ok ? c.json(set.value) : problem(c, set.error);
    },
  );
  router.delete(
    '/:event/members/:user',
    describeRoute(describe("Take somebody's role at an event away", 'people', { status: 204 }, memberProblems)),
    validMember,
    async (c) => {
      const { event, user } = c.req.valid('param');
      c.get('audit')?.add({ details: { role: 'none' } });
      const removed = await members.remove(event, user);
      return removed.ok ? c.body(null, 204) : problem(c, removed.error);
    },
  );
  router.post(
    '/:event/members/:user/reset-link',
    describeRoute(
      describe(
        'Make a one-time link for a new password',
        'people',
        { status: 201, schema: resetLinkSchema },
        memberProblems,
      ),
    ),
    validMember,
    async (c) => {
      const { event, user } = c.req.valid('param');
      c.get('audit')?.add({ details: { what: 'reset-link' } });
      const link = await resetLinks.makeForMember(c.get('actor'), event, user);
      return link.ok ? c.json(link.value, 201, { 'Cache-Control': 'no-store' }) : problem(c, link.error);
    },
  );
  return router;
}
