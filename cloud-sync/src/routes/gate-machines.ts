// What people do with a gate that is there: name it or move it, put another machine in its place, have it forget everything.
import {
  gateChangeSchema,
  gateDetailSchema,
  gateReplacedSchema,
  gateReplaceSchema,
  gateWipeRequestSchema,
  gateWipeSchema,
} from '@postern/shared';
import type { Hono } from 'hono';
import { describeRoute } from 'hono-openapi';
import type { GateMachines } from '../services/gate-machines.ts';
import type { GateViews } from '../services/gate-views.ts';
import { createRouter, problem, type Environment, type RouteContext } from './context.ts';
import { mayActIn } from './enforce-access.ts';
import { bodyProblems, describe, jsonBody, userProblems, validGate, validJson } from './input.ts';

export interface GateMachineRoutesDeps {
  readonly gateMachines: GateMachines;
  readonly gateViews: GateViews;
}

const gateProblems = [
  ...userProblems,
  'request-invalid',
  'gate-unknown',
  'gate-revoked',
  'gate-in-other-event',
] as const;
const mayAt =
  (c: RouteContext) =>
  (event: number): boolean =>
    mayActIn(c, event) === undefined;

/** Under `/admin`. */
export function gateMachineRoutes({ gateMachines, gateViews }: GateMachineRoutesDeps): Hono<Environment> {
  const router = createRouter();
  router.patch(
    '/events/:event/gates/:gate',
    describeRoute(
      describe('Change what a gate is called, where it stands, or its lanes', 'gates', { schema: gateDetailSchema }, [
        ...gateProblems,
        ...bodyProblems,
        'zone-unknown',
      ]),
    ),
    validGate,
    jsonBody(),
    validJson(gateChangeSchema),
    async (c) => {
      const { event, gate } = c.req.valid('param');
      const changed = await gateMachines.change(event, gate, c.req.valid('json'), mayAt(c));
      if (!changed.ok) return problem(c, changed.error);
      const found = await gateViews.find(event, gate, mayAt(c));
      return found.ok ? c.json(found.value) : problem(c, found.error);
    },
  );
  router.post(
    '/events/:event/gates/:gate/replace',
    describeRoute(
      describe(
        'Put another machine in the place of a gate, which is revoked',
        'gates',
        { status: 201, schema: gateReplacedSchema },
        [...gateProblems, ...bodyProblems, 'zone-unknown', 'gate-exists', 'too-many-gates', 'state-unreachable'],
      ),
    ),
    validGate,
    jsonBody(),
    validJson(gateReplaceSchema),
    async (c) => {
      const { event, gate } = c.req.valid('param');
      const request = c.req.valid('json');
      const replaced = await gateMachines.replace(event, gate, request, mayAt(c));
      if (!replaced.ok) return problem(c, replaced.error);
      c.get('audit')?.add({ subject: replaced.value.gate, details: { why: request.reason } });
      return c.json(replaced.value, 201);
    },
  );
  router.post(
    '/events/:event/gates/:gate/wipe',
    describeRoute(
      describe('Have a gate forget everything on its next contact', 'gates', { status: 202, schema: gateWipeSchema }, [
        ...gateProblems,
        ...bodyProblems,
        'state-unreachable',
      ]),
    ),
    validGate,
    jsonBody(),
    validJson(gateWipeRequestSchema),
    async (c) => {
      const { event, gate } = c.req.valid('param');
      const { reason } = c.req.valid('json');
      const asked = await gateMachines.askWipe(event, gate, reason, mayAt(c));
      if (!asked.ok) return problem(c, asked.error);
      c.get('audit')?.add({ details: { why: reason } });
      return c.json(asked.value, 202);
    },
  );
  router.delete(
    '/events/:event/gates/:gate/wipe',
    describeRoute(
      describe('Let a gate keep what it knows after all', 'gates', { status: 204 }, [
        ...gateProblems,
        'state-unreachable',
      ]),
    ),
    validGate,
    async (c) => {
      const { event, gate } = c.req.valid('param');
      const withdrawn = await gateMachines.withdrawWipe(event, gate, mayAt(c));
      return withdrawn.ok ? c.body(null, 204) : problem(c, withdrawn.error);
    },
  );
  return router;
}
