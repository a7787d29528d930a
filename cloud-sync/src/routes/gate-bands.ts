// The band desk of a gate, as far as it needs the cloud: nobody else gives the band away meanwhile, what to write onto it, and that it was
// written. The binding itself is the gate's own mark. A gate asks for a member of staff, whose role is looked up here, not believed.
import {
  bandIdSchema,
  bandReservationSchema,
  bandToWriteSchema,
  err,
  gateBandReserveSchema,
  gateBandWriteSchema,
  gateBandWrittenSchema,
  hexToBytes,
  jsonBodyBytesMax,
  ok,
  ticketIdSchema,
  type Result,
  type Nonces,
} from '@postern/shared';
import type { Hono, MiddlewareHandler } from 'hono';
import { describeRoute, validator } from 'hono-openapi';
import { z } from 'zod';
import type { Actor } from '../services/actor.ts';
import type { EntryOf } from '../services/audit.ts';
import type { BandDesk } from '../services/band-desk.ts';
import type { Failure } from '../services/problems.ts';
import type { Staff } from '../services/staff.ts';
import type { Subjects } from '../services/subjects.ts';
import { giveNonce } from './auth.ts';
import { createRouter, problem, type Environment, type RouteContext } from './context.ts';
import { bodyProblems, describe, jsonOfBoundedBody, limitBody, orProblem, validJson, validTicket } from './input.ts';

export interface GateBandRoutesDeps {
  readonly bands: BandDesk;
  readonly staff: Pick<Staff, 'roleOf'>;
  readonly subjects: Pick<Subjects, 'eventOfTicket'>;
  readonly nonces: Nonces;
  /** Refuses whatever no gate has signed (requireGate). */
  readonly gateOnly: MiddlewareHandler<Environment>;
}

const validBand = validator('param', z.object({ ticket: ticketIdSchema, band: bandIdSchema }), orProblem);
const stepProblems = [
  ...bodyProblems,
  'nonce-needed',
  'token-invalid',
  'gate-revoked',
  'ticket-unknown',
  'staff-unknown',
] as const;
const writeProblems = ['method-unknown', 'method-off', 'options-invalid'] as const;
/** In place of what a person gives as the reason for taking a band from another ticket. */
const takenOverAtGate = 'taken over at the band desk of a gate';

/** Under `/gate/tickets`. */
export function gateBandRoutes({ bands, staff, subjects, nonces, gateOnly }: GateBandRoutesDeps): Hono<Environment> {
  const router = createRouter();
  const nonce = giveNonce(nonces);

  /** The gate with the role of who works at it; only about tickets of its own events. */
  const actorFor = async (c: RouteContext, ticket: string, operator: string): Promise<Result<Actor, Failure>> => {
    const event = await subjects.eventOfTicket(ticket);
    if (event === undefined || !c.get('gate').events.has(event)) return err({ type: 'ticket-unknown' });
    const role = await staff.roleOf(event, operator);
    if (role === undefined) return err({ type: 'staff-unknown' });
    return ok({ ...c.get('actor'), memberships: new Map([[event, role]]) });
  };

  router.post(
    '/:ticket/bands',
    nonce,
    describeRoute(
      describe(
        'Keep a wristband for a ticket while the desk of a gate works on it',
        'bands',
        { status: 201, schema: bandReservationSchema },
        [
          ...stepProblems,
          ...writeProblems,
          'role-too-low',
          'ticket-not-valid',
          'band-unknown',
          'band-bound',
          'band-reserved',
          'bands-too-many',
        ],
      ),
    ),
    limitBody(jsonBodyBytesMax),
    gateOnly,
    validTicket,
    jsonOfBoundedBody,
    validJson(gateBandReserveSchema),
    async (c) => {
      const { ticket } = c.req.valid('param');
      const { operator, ...asked } = c.req.valid('json');
      const by = await actorFor(c, ticket, operator);
      if (!by.ok) return problem(c, by.error);
      const request = { ...asked, ...(asked.replace ? { reason: takenOverAtGate } : {}) };
      const kept = await bands.reserve(ticket, request, by.value, entryFor(c, operator));
      return kept.ok ? c.json(kept.value, 201) : problem(c, kept.error);
    },
  );
  router.post(
    '/:ticket/bands/:band/write',
    nonce,
    describeRoute(
      describe('Make what the desk of a gate has to write onto a wristband', 'bands', { schema: bandToWriteSchema }, [
        ...stepProblems,
        ...writeProblems,
        'reservation-gone',
        'holder-key-unsound',
        'band-not-writable',
        'nothing-to-generate',
      ]),
    ),
    limitBody(jsonBodyBytesMax),
    gateOnly,
    validBand,
    jsonOfBoundedBody,
    validJson(gateBandWriteSchema),
    async (c) => {
      const { ticket, band } = c.req.valid('param');
      const { operator, uid, key } = c.req.valid('json');
      const by = await actorFor(c, ticket, operator);
      if (!by.ok) return problem(c, by.error);
      const request = { uid, ...(key === undefined ? {} : { key }) };
      const made = await bands.write(ticket, band, request, by.value, entryFor(c, operator));
      return made.ok ? c.json(made.value) : problem(c, made.error);
    },
  );
  router.post(
    '/:ticket/bands/:band/written',
    nonce,
    describeRoute(
      describe(
        'Compare what a wristband says with what the desk of a gate had to write, and let go of it',
        'bands',
        { status: 204 },
        [...stepProblems, 'reservation-gone', 'band-not-written', 'read-back-differs'],
      ),
    ),
    limitBody(jsonBodyBytesMax),
    gateOnly,
    validBand,
    jsonOfBoundedBody,
    validJson(gateBandWrittenSchema),
    async (c) => {
      const { ticket, band } = c.req.valid('param');
      const { operator, read } = c.req.valid('json');
      const by = await actorFor(c, ticket, operator);
      if (!by.ok) return problem(c, by.error);
      const bytes = hexToBytes(read) ?? new Uint8Array(0);
      const written = await bands.written(ticket, band, bytes, by.value, entryFor(c, operator));
      return written.ok ? c.body(null, 204) : problem(c, written.error);
    },
  );
  return router;
}

/** The gate's entry, with who worked at it. */
function entryFor(c: RouteContext, operator: string): EntryOf | undefined {
  const take = c.get('audit')?.take;
  return take === undefined ? undefined : (about) => take({ ...about, details: { ...about.details, operator } });
}
