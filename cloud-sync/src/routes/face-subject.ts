// What people do about their own face with nothing but a link: read what they would agree to, enrol, ask what is kept, withdraw. The link's
// token travels in the Authorization header, so that it stands in no address.
import {
  faceEnrolledSchema,
  faceEnrolmentRequestSchema,
  faceExportSchema,
  faceSubjectSchema,
  type Result,
} from '@postern/shared';
import type { Hono } from 'hono';
import { describeRoute } from 'hono-openapi';
import type { FaceLinkRow } from '../services/face-links.ts';
import type { Failure } from '../services/problems.ts';
import { createRouter, problem, type Environment, type RouteContext } from './context.ts';
import { enrolProblems, type FaceRoutesDeps } from './face.ts';
import { describe, jsonBody, validJson } from './input.ts';

const tokenPattern = /^Bearer ([0-9a-f]{48})$/;

/** Under `/face`. */
export function faceSubjectRoutes({ faces, faceLinks }: Omit<FaceRoutesDeps, 'faceSetups'>): Hono<Environment> {
  const router = createRouter();
  const linkOf = async (c: RouteContext): Promise<Result<FaceLinkRow, Failure>> =>
    faceLinks.find(tokenPattern.exec(c.req.header('Authorization') ?? '')?.[1] ?? '');

  router.get(
    '/subject',
    describeRoute(
      describe(
        'What a link is for: the event, the consent text, and what has come of it',
        'face',
        { schema: faceSubjectSchema },
        ['link-invalid', 'ticket-unknown', 'face-unset'],
      ),
    ),
    async (c) => {
      const link = await linkOf(c);
      if (!link.ok) return problem(c, link.error);
      const subject = await faces.subject(link.value);
      return subject.ok ? c.json(subject.value) : problem(c, subject.error);
    },
  );
  router.post(
    '/enrolment',
    describeRoute(
      describe(
        'Enrol by a link; answers with the token by which the subject withdraws',
        'face',
        { status: 201, schema: faceEnrolledSchema },
        [...enrolProblems, 'link-invalid', 'ticket-unknown'],
      ),
    ),
    jsonBody(),
    validJson(faceEnrolmentRequestSchema),
    async (c) => {
      const link = await linkOf(c);
      if (!link.ok) return problem(c, link.error);
      if (link.value.subject !== null) return problem(c, { type: 'link-invalid' });
      const sender = { link: link.value };
      const enrolled = await faces.enrol(link.value.ticket, c.req.valid('json'), sender, c.get('audit')?.take);
      return enrolled.ok ? c.json(enrolled.value.answer, 201) : problem(c, enrolled.error);
    },
  );
  router.delete(
    '/enrolment',
    describeRoute(
      describe('Withdraw by the subject’s token: the face is erased here and at every gate', 'face', { status: 204 }, [
        'link-invalid',
        'face-unknown',
      ]),
    ),
    async (c) => {
      const link = await linkOf(c);
      if (!link.ok) return problem(c, link.error);
      const withdrawn = await faces.withdrawSubject(link.value, c.get('audit')?.take);
      return withdrawn.ok ? c.body(null, 204) : problem(c, withdrawn.error);
    },
  );
  router.get(
    '/export',
    describeRoute(
      describe('Everything that is kept, for the subject', 'face', { schema: faceExportSchema }, [
        'link-invalid',
        'ticket-unknown',
        'face-unknown',
      ]),
    ),
    async (c) => {
      const link = await linkOf(c);
      if (!link.ok) return problem(c, link.error);
      const exported = await faces.exportOf({ link: link.value }, c.get('audit')?.take);
      return exported.ok ? c.json(exported.value) : problem(c, exported.error);
    },
  );
  return router;
}
