// Faces: what an organiser says of them, enrolling one at a kiosk or by who holds the ticket, links for people without an account, withdrawing.
import {
  faceEnrolledSchema,
  faceEnrolmentRequestSchema,
  faceExportSchema,
  faceLinkSchema,
  faceSetupRequestSchema,
  faceSetupResponseSchema,
  faceStatusSchema,
} from '@postern/shared';
import type { Hono } from 'hono';
import { describeRoute } from 'hono-openapi';
import type { FaceLinks } from '../services/face-links.ts';
import type { FaceSetups } from '../services/face-setup.ts';
import type { Faces } from '../services/faces.ts';
import type { ProblemType } from '../services/problems.ts';
import { createRouter, problem, type Environment } from './context.ts';
import { bodyProblems, describe, jsonBody, userProblems, validEvent, validJson, validTicket } from './input.ts';

export interface FaceRoutesDeps {
  readonly faceSetups: FaceSetups;
  readonly faceLinks: FaceLinks;
  readonly faces: Faces;
}

const eventProblems = [...userProblems, 'request-invalid', 'event-unknown'] as const;
const ticketProblems = [...userProblems, 'request-invalid', 'ticket-unknown'] as const;
/** What keeps people from enrolling (`checkOpen`). */
export const openProblems: readonly ProblemType[] = [
  'method-off',
  'face-unset',
  'face-not-ready',
  'face-over',
  'ticket-not-valid',
];
export const enrolProblems: readonly ProblemType[] = [
  ...bodyProblems,
  ...openProblems,
  'consent-outdated',
  'face-frames-unfit',
  'face-model-unknown',
  'faces-too-many',
];

/** Under `/api/events`. */
export function faceSetupRoutes({ faceSetups }: Pick<FaceRoutesDeps, 'faceSetups'>): Hono<Environment> {
  const router = createRouter();
  router.get(
    '/:event/face',
    describeRoute(
      describe('Read what was said of faces, and what is missing', 'face', { schema: faceSetupResponseSchema }, [
        ...eventProblems,
        'face-unset',
      ]),
    ),
    validEvent,
    async (c) => {
      const { event } = c.req.valid('param');
      const read = await faceSetups.read(event);
      return read.ok ? c.json({ event, face: read.value }) : problem(c, read.error);
    },
  );
  router.put(
    '/:event/face',
    describeRoute(
      describe(
        'Say what people agree to, how old they must be, where the impact assessment lies and how long faces are kept',
        'face',
        { schema: faceSetupResponseSchema },
        [...eventProblems, ...bodyProblems, 'consent-text-published'],
      ),
    ),
    validEvent,
    jsonBody(),
    validJson(faceSetupRequestSchema),
    async (c) => {
      const { event } = c.req.valid('param');
      const set = await faceSetups.set(event, c.req.valid('json'), c.get('audit')?.take);
      return set.ok ? c.json({ event, face: set.value }) : problem(c, set.error);
    },
  );
  router.delete(
    '/:event/face',
    describeRoute(
      describe('Take faces away from an event, and every face with them', 'face', { status: 204 }, [
        ...eventProblems,
        'face-unset',
      ]),
    ),
    validEvent,
    async (c) => {
      const removed = await faceSetups.remove(c.req.valid('param').event, c.get('audit')?.take);
      return removed.ok ? c.body(null, 204) : problem(c, removed.error);
    },
  );
  return router;
}

/** Under `/api/tickets`. */
export function ticketFaceRoutes({ faces, faceLinks }: Omit<FaceRoutesDeps, 'faceSetups'>): Hono<Environment> {
  const router = createRouter();
  router.get(
    '/:ticket/face',
    describeRoute(
      describe(
        'Whether a face is kept for a ticket, and what was agreed to',
        'face',
        { schema: faceStatusSchema },
        ticketProblems,
      ),
    ),
    validTicket,
    async (c) => {
      const status = await faces.status(c.req.valid('param').ticket);
      return status.ok ? c.json(status.value) : problem(c, status.error);
    },
  );
  router.post(
    '/:ticket/face',
    describeRoute(
      describe(
        'Enrol the face of who comes with a ticket, at a kiosk or signed in as its holder',
        'face',
        { status: 201, schema: faceEnrolledSchema },
        [...ticketProblems, ...enrolProblems],
      ),
    ),
    validTicket,
    jsonBody(),
    validJson(faceEnrolmentRequestSchema),
    async (c) => {
      const { ticket } = c.req.valid('param');
      const enrolled = await faces.enrol(ticket, c.req.valid('json'), { actor: c.get('actor') }, c.get('audit')?.take);
      return enrolled.ok ? c.json(enrolled.value.answer, 201) : problem(c, enrolled.error);
    },
  );
  router.delete(
    '/:ticket/face',
    describeRoute(
      describe('Withdraw the consent: the face is erased here and at every gate', 'face', { status: 204 }, [
        ...ticketProblems,
        'face-unknown',
      ]),
    ),
    validTicket,
    async (c) => {
      const withdrawn = await faces.withdraw(c.req.valid('param').ticket, c.get('audit')?.take);
      return withdrawn.ok ? c.body(null, 204) : problem(c, withdrawn.error);
    },
  );
  router.get(
    '/:ticket/face/export',
    describeRoute(
      describe(
        'Everything that is kept about the face of a ticket; for its holder alone',
        'face',
        { schema: faceExportSchema },
        ticketProblems,
      ),
    ),
    validTicket,
    async (c) => {
      const { ticket: ticketId } = c.req.valid('param');
      const exported = await faces.exportOf({ ticketId }, c.get('audit')?.take);
      return exported.ok ? c.json(exported.value) : problem(c, exported.error);
    },
  );
  router.post(
    '/:ticket/face/links',
    describeRoute(
      describe(
        'Make a link by which who has the ticket enrols on their own phone, once',
        'face',
        { status: 201, schema: faceLinkSchema },
        [...ticketProblems, ...openProblems],
      ),
    ),
    validTicket,
    async (c) => {
      const made = await faceLinks.make(c.req.valid('param').ticket, c.get('audit')?.take);
      return made.ok ? c.json(made.value, 201) : problem(c, made.error);
    },
  );
  return router;
}
