// Verification methods for people and programs: what proves a ticket, generating a credential, verifying one centrally, letting somebody
// in by hand, and switching methods on and off. New methods join through the registry of the shared package; nothing here names one.
import {
  generateRequestSchema,
  generateResponseSchema,
  methodIdSchema,
  methodSwitchSchema,
  methodSwitchesSchema,
  methodToggleSchema,
  overrideRequestSchema,
  overrideResponseSchema,
  ticketIdSchema,
  ticketMethodsSchema,
  verifyRequestSchema,
  verifyResponseSchema,
} from '@postern/shared';
import type { Hono } from 'hono';
import { describeRoute, validator } from 'hono-openapi';
import { z } from 'zod';
import type { MethodSwitches } from '../services/method-switches.ts';
import type { TicketMethodsService } from '../services/ticket-methods.ts';
import { createRouter, problem, type Environment } from './context.ts';
import { enrolProblems } from './face.ts';
import { mayActEverywhere, mayActIn } from './enforce-access.ts';
import {
  bodyProblems,
  describe,
  jsonBody,
  orProblem,
  userProblems,
  validEvent,
  validJson,
  validTicket,
} from './input.ts';

export interface MethodRoutesDeps {
  readonly methods: TicketMethodsService;
  readonly switches: MethodSwitches;
}

const validMethod = validator('param', z.object({ method: methodIdSchema }), orProblem);
const validTicketMethod = validator('param', z.object({ ticket: ticketIdSchema, method: methodIdSchema }), orProblem);
const ticketProblems = [...userProblems, 'request-invalid', 'ticket-unknown'] as const;

/** Under `/api/tickets`. */
export function ticketMethodRoutes({ methods }: MethodRoutesDeps): Hono<Environment> {
  const router = createRouter();
  for (const verb of ['get', 'post'] as const)
    router[verb](
      '/:ticket/methods',
      describeRoute(
        describe(
          'List what can prove a ticket, and what was generated for it',
          'methods',
          { schema: ticketMethodsSchema },
          [...ticketProblems],
        ),
      ),
      validTicket,
      async (c) => {
        const listed = await methods.list(c.req.valid('param').ticket);
        return listed.ok ? c.json(listed.value) : problem(c, listed.error);
      },
    );
  router.post(
    '/:ticket/methods/:method/generate',
    describeRoute(
      describe('Make a credential for the holder', 'methods', { status: 201, schema: generateResponseSchema }, [
        ...ticketProblems,
        ...bodyProblems,
        'method-unknown',
        'method-off',
        'options-invalid',
        'holder-key-unsound',
        'nothing-to-generate',
        'ticket-not-valid',
        'band-bound',
        'band-reserved',
        'bands-too-many',
        ...enrolProblems,
        'nft-unset',
        'token-exists',
        'store-unavailable',
      ]),
    ),
    validTicketMethod,
    jsonBody(),
    validJson(generateRequestSchema),
    async (c) => {
      const { ticket, method } = c.req.valid('param');
      const made = await methods.generate(ticket, method, c.req.valid('json'), c.get('actor'), c.get('audit')?.take);
      return made.ok ? c.json(made.value, 201) : problem(c, made.error);
    },
  );
  router.post(
    '/:ticket/methods/:method/verify',
    describeRoute(
      describe(
        'Verify presented data as a gate would, and use the ticket',
        'methods',
        { schema: verifyResponseSchema },
        [...ticketProblems, ...bodyProblems, 'method-unknown', 'zone-unknown', 'store-unavailable'],
      ),
    ),
    validTicketMethod,
    jsonBody(),
    validJson(verifyRequestSchema),
    async (c) => {
      const { ticket, method } = c.req.valid('param');
      const verified = await methods.verify(ticket, method, c.req.valid('json'), c.get('actor'), c.get('audit')?.take);
      return verified.ok ? c.json(verified.value) : problem(c, verified.error);
    },
  );
  return router;
}

/** Under `/api/events`. */
export function overrideRoutes({ methods }: MethodRoutesDeps): Hono<Environment> {
  const router = createRouter();
  router.post(
    '/:event/overrides',
    describeRoute(
      describe('Let somebody in by hand, with the reason', 'methods', { status: 201, schema: overrideResponseSchema }, [
        ...userProblems,
        ...bodyProblems,
        'event-unknown',
        'ticket-unknown',
        'zone-unknown',
        'store-unavailable',
      ]),
    ),
    validEvent,
    jsonBody(),
    validJson(overrideRequestSchema),
    async (c) => {
      const made = await methods.override(
        c.req.valid('param').event,
        c.req.valid('json'),
        c.get('actor'),
        c.get('audit')?.take,
      );
      return made.ok ? c.json(made.value, 201) : problem(c, made.error);
    },
  );
  return router;
}

/** Under `/admin`. */
export function methodSwitchRoutes({ switches }: MethodRoutesDeps): Hono<Environment> {
  const router = createRouter();
  const described = describe(
    'List which methods are on, and who said so',
    'methods',
    { schema: methodSwitchesSchema },
    [...userProblems, 'request-invalid', 'event-unknown'],
  );
  router.get('/methods', describeRoute(described), async (c) => {
    const listed = await switches.list();
    return listed.ok ? c.json({ methods: listed.value }) : problem(c, listed.error);
  });
  router.get('/events/:event/methods', describeRoute(described), validEvent, async (c) => {
    const listed = await switches.list(c.req.valid('param').event);
    return listed.ok ? c.json({ methods: listed.value }) : problem(c, listed.error);
  });
  router.post(
    '/methods/:method/toggle',
    describeRoute(
      describe('Switch a method on or off, for one event or for all', 'methods', { schema: methodSwitchSchema }, [
        ...userProblems,
        ...bodyProblems,
        'event-unknown',
        'method-unknown',
      ]),
    ),
    validMethod,
    jsonBody(),
    validJson(methodToggleSchema),
    async (c) => {
      const { enabled, event } = c.req.valid('json');
      const forbidden = event === undefined ? mayActEverywhere(c) : mayActIn(c, event);
      if (forbidden !== undefined) return problem(c, forbidden);
      const toggled = await switches.toggle(c.req.valid('param').method, enabled, event, c.get('audit')?.take);
      return toggled.ok ? c.json(toggled.value) : problem(c, toggled.error);
    },
  );
  return router;
}
