// Tickets for people and programs: issue one or many, find, read, change, cancel, reinstate, re-issue, pass on; the code as text, SVG and
// PNG; the ticket's history. Answers with one ticket carry its entity tag: GET takes If-None-Match (304), changes take If-Match (412).
import {
  batchBodyBytesMax,
  ticketBatchRequestSchema,
  ticketBatchResponseSchema,
  ticketChangeSchema,
  ticketCreateSchema,
  ticketHistorySchema,
  ticketListSchema,
  ticketQuerySchema,
  ticketReissueSchema,
  ticketResponseSchema,
  ticketStorySchema,
  ticketTransferSchema,
  type Result,
  type TicketList,
  type TicketResponse,
} from '@postern/shared';
import type { Hono } from 'hono';
import { describeRoute } from 'hono-openapi';
import type { Answer } from '../services/idempotency.ts';
import type { Failure } from '../services/problems.ts';
import { renderQrPng, renderQrSvg } from '../services/qr.ts';
import type { Reports } from '../services/reports.ts';
import type { ReadTicketStory } from '../services/ticket-story.ts';
import type { ChangeOptions, Tickets, Within } from '../services/tickets.ts';
import { ifNoneMatchHolds, type TicketView } from '../services/ticket-views.ts';
import { createRouter, problem, type Environment, type RouteContext } from './context.ts';
import { mayActIn } from './enforce-access.ts';
import { answerOnce, exactlyOnce } from './idempotency.ts';
import {
  bodyProblems,
  describe,
  ifMatch,
  ifNoneMatch,
  jsonBody,
  userProblems,
  validJson,
  validQuery,
  validTicket,
} from './input.ts';

export interface TicketRoutesDeps {
  readonly tickets: Tickets;
  readonly reports: Reports;
  readonly readTicketStory: ReadTicketStory;
}

const issueProblems = [
  ...userProblems,
  ...bodyProblems,
  'event-unknown',
  'type-unknown',
  'window-empty',
  'user-unknown',
  'ticket-exists',
] as const;
const readProblems = [...userProblems, 'request-invalid', 'ticket-unknown'] as const;
const changeProblems = [...readProblems, 'precondition-failed'] as const;
/** Only a valid ticket gets a new credential. */
const credentialProblems = [
  ...changeProblems,
  ...bodyProblems,
  'revoked',
  'unpaid',
  'blocked',
  'ticket-exists',
] as const;

/** Under `/api/tickets`. */
export function ticketRoutes({ tickets, reports, readTicketStory }: TicketRoutesDeps): Hono<Environment> {
  const router = createRouter();

  /** One ticket with its entity tag. */
  const one =
    (status: 200 | 201) =>
    async (views: readonly TicketView[], within?: Within): Promise<Answer> => {
      const [ticket] = await presentTickets(tickets, views, within);
      const headers: Answer['headers'] = [
        ['Content-Type', 'application/json'],
        ['ETag', views[0] === undefined ? '' : await tickets.etag(views[0], within)],
        ...(status === 201 ? [['Location', `/api/tickets/${ticket?.id ?? ''}`] satisfies [string, string]] : []),
      ];
      return { status, headers, body: JSON.stringify(ticket) };
    };
  /** Runs a change under If-Match and answers with what the ticket has become. */
  const change = async (
    c: RouteContext,
    work: (options: ChangeOptions) => Promise<Result<TicketView, Failure>>,
  ): Promise<Response> => {
    const { during, answer } = answerOnce(c, one(200));
    const changed = await work({ ifMatch: c.req.header('If-Match'), during });
    return changed.ok ? answer([changed.value]) : problem(c, changed.error);
  };

  router.post(
    '/',
    describeRoute(describe('Issue a ticket', 'tickets', { status: 201, schema: ticketResponseSchema }, issueProblems)),
    exactlyOnce,
    jsonBody(),
    validJson(ticketCreateSchema),
    async (c) => {
      const { event, ...request } = c.req.valid('json');
      const refused = mayActIn(c, event);
      if (refused !== undefined) return problem(c, refused);
      const { during, answer } = answerOnce(c, one(201));
      const issued = await tickets.issue(event, [request], { during });
      return issued.ok ? answer(issued.value) : problem(c, issued.error);
    },
  );
  router.post(
    '/batch',
    describeRoute(
      describe(
        'Issue tickets, all or none',
        'tickets',
        { status: 201, schema: ticketBatchResponseSchema },
        issueProblems,
      ),
    ),
    exactlyOnce,
    jsonBody(batchBodyBytesMax),
    validJson(ticketBatchRequestSchema),
    async (c) => {
      const { event, tickets: requests } = c.req.valid('json');
      const refused = mayActIn(c, event);
      if (refused !== undefined) return problem(c, refused);
      const { during, answer } = answerOnce(c, async (views, within) => ({
        status: 201,
        headers: [['Content-Type', 'application/json']],
        body: JSON.stringify({ tickets: await presentTickets(tickets, views, within), created: views.length }),
      }));
      const issued = await tickets.issue(event, requests, { during });
      return issued.ok ? answer(issued.value) : problem(c, issued.error);
    },
  );
  router.get(
    '/',
    describeRoute(
      describe('Find tickets of an event', 'tickets', { schema: ticketListSchema }, [
        ...userProblems,
        'request-invalid',
        'cursor-invalid',
        'event-unknown',
      ]),
    ),
    validQuery(ticketQuerySchema),
    async (c) => {
      const query = c.req.valid('query');
      const refused = mayActIn(c, query.event);
      if (refused !== undefined) return problem(c, refused);
      const found = await tickets.search(query);
      if (!found.ok) return problem(c, found.error);
      return c.json({ ...found.value, tickets: found.value.tickets.map(publicView) } satisfies TicketList);
    },
  );
  router.get(
    '/:ticket',
    describeRoute(describe('Read a ticket', 'tickets', { schema: ticketResponseSchema, ...ifNoneMatch }, readProblems)),
    validTicket,
    async (c) => {
      const found = await tickets.find(c.req.valid('param').ticket);
      if (!found.ok) return problem(c, found.error);
      const headers = { ETag: await tickets.etag(found.value), 'Cache-Control': 'private, no-cache' };
      const known = c.req.header('If-None-Match');
      if (known !== undefined && !ifNoneMatchHolds(known, headers.ETag)) return c.body(null, 304, headers);
      const [ticket] = await presentTickets(tickets, [found.value]);
      return c.json(ticket, 200, headers);
    },
  );
  router.patch(
    '/:ticket',
    describeRoute(
      describe('Change a ticket', 'tickets', { schema: ticketResponseSchema, ...ifMatch }, [
        ...changeProblems,
        ...bodyProblems,
        'type-unknown',
        'window-empty',
        'user-unknown',
      ]),
    ),
    validTicket,
    jsonBody(),
    validJson(ticketChangeSchema),
    (c) => change(c, (options) => tickets.change(c.req.valid('param').ticket, c.req.valid('json'), options)),
  );
  router.post(
    '/:ticket/transfer',
    describeRoute(
      describe(
        'Pass a ticket on to another holder; every earlier credential is dead',
        'tickets',
        { schema: ticketResponseSchema, ...ifMatch },
        [...credentialProblems, 'already-used', 'user-unknown'],
      ),
    ),
    exactlyOnce,
    validTicket,
    jsonBody(),
    validJson(ticketTransferSchema),
    (c) => change(c, (options) => tickets.transfer(c.req.valid('param').ticket, c.req.valid('json'), options)),
  );
  router.post(
    '/:ticket/reissue',
    describeRoute(
      describe(
        'Give the same holder a new credential; every earlier one is dead',
        'tickets',
        { schema: ticketResponseSchema, ...ifMatch },
        credentialProblems,
      ),
    ),
    exactlyOnce,
    validTicket,
    jsonBody(),
    validJson(ticketReissueSchema),
    (c) => change(c, (options) => tickets.reissue(c.req.valid('param').ticket, c.req.valid('json'), options)),
  );
  router.post(
    '/:ticket/revoke',
    describeRoute(
      describe('Cancel a ticket', 'tickets', { schema: ticketResponseSchema, ...ifMatch }, [
        ...changeProblems,
        'revoked',
      ]),
    ),
    exactlyOnce,
    validTicket,
    (c) => change(c, (options) => tickets.revoke(c.req.valid('param').ticket, options)),
  );
  router.post(
    '/:ticket/reinstate',
    describeRoute(
      describe(
        'Make a cancelled or blocked ticket valid again',
        'tickets',
        { schema: ticketResponseSchema, ...ifMatch },
        [...changeProblems, 'not-revoked'],
      ),
    ),
    exactlyOnce,
    validTicket,
    (c) => change(c, (options) => tickets.reinstate(c.req.valid('param').ticket, options)),
  );
  router.get(
    '/:ticket/history',
    describeRoute(
      describe('Read what happened with a ticket', 'tickets', { schema: ticketHistorySchema }, readProblems),
    ),
    validTicket,
    async (c) => {
      const history = await reports.history(c.req.valid('param').ticket);
      return history.ok ? c.json(history.value) : problem(c, history.error);
    },
  );

  router.get(
    '/:ticket/story',
    describeRoute(
      describe(
        'Read everything that is known of a ticket, on one line of time',
        'tickets',
        { schema: ticketStorySchema },
        readProblems,
      ),
    ),
    validTicket,
    async (c) => {
      const { admin, memberships } = c.get('actor');
      const mayKnowNames = (event: number): boolean => admin || memberships.get(event) === 'organiser';
      const story = await readTicketStory(c.req.valid('param').ticket, mayKnowNames);
      return story.ok ? c.json(story.value) : problem(c, story.error);
    },
  );

  const qrProblems = [...readProblems, 'ticket-has-foreign-code'] as const;
  router.get(
    '/:ticket/qr.txt',
    describeRoute(describe('The code as text', 'tickets', { contentType: 'text/plain' }, qrProblems)),
    validTicket,
    async (c) => {
      const texts = await printable(tickets, c.req.valid('param').ticket);
      return texts.ok ? c.text(`${texts.value.text}\n${texts.value.shortCode}\n`) : problem(c, texts.error);
    },
  );
  router.get(
    '/:ticket/qr.svg',
    describeRoute(
      describe('The code as SVG, the short form under it', 'tickets', { contentType: 'image/svg+xml' }, qrProblems),
    ),
    validTicket,
    async (c) => {
      const texts = await printable(tickets, c.req.valid('param').ticket);
      if (!texts.ok) return problem(c, texts.error);
      return c.body(renderQrSvg({ text: texts.value.text, caption: texts.value.shortCode }), 200, {
        'Content-Type': 'image/svg+xml',
      });
    },
  );
  router.get(
    '/:ticket/qr.png',
    describeRoute(
      describe('The code as PNG, the short form under it', 'tickets', { contentType: 'image/png' }, qrProblems),
    ),
    validTicket,
    async (c) => {
      const texts = await printable(tickets, c.req.valid('param').ticket);
      if (!texts.ok) return problem(c, texts.error);
      return c.body(Buffer.from(renderQrPng({ text: texts.value.text, caption: texts.value.shortCode })), 200, {
        'Content-Type': 'image/png',
      });
    },
  );
  return router;
}

/** Tickets with their codes. */
export async function presentTickets(
  tickets: Tickets,
  views: readonly TicketView[],
  within?: Within,
): Promise<TicketResponse[]> {
  const texts = await tickets.texts(views, within);
  return views.map((view, index) => ({ ...publicView(view), ...texts[index] }));
}

/** What the list shows, and the ticket itself without its codes. */
function publicView({
  foreign: _foreign,
  version: _version,
  ...view
}: TicketView): Omit<TicketResponse, 'text' | 'shortCode'> {
  return { ...view, status: view.status === 'valid' && view.usesSpent > 0 ? 'used' : view.status };
}

/** The texts of one of our own passes. */
async function printable(
  tickets: Tickets,
  ticketId: string,
): Promise<Result<{ readonly text: string; readonly shortCode: string }, Failure>> {
  const found = await tickets.find(ticketId);
  if (!found.ok) return found;
  const [texts] = await tickets.texts([found.value]);
  if (texts?.text === undefined || texts.shortCode === undefined)
    return { ok: false, error: { type: 'ticket-has-foreign-code' } };
  return { ok: true, value: { text: texts.text, shortCode: texts.shortCode } };
}
