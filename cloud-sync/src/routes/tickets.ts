// Tickets for people: issue one or many, read, change the status; the code as text, SVG and PNG; the ticket's history.
import {
  batchBodyBytesMax,
  ticketBatchRequestSchema,
  ticketBatchResponseSchema,
  ticketChangeSchema,
  ticketHistorySchema,
  ticketRequestSchema,
  ticketResponseSchema,
  type Result,
  type TicketResponse,
} from '@postern/shared';
import type { Hono } from 'hono';
import { describeRoute } from 'hono-openapi';
import type { Failure } from '../services/problems.ts';
import { renderQrPng, renderQrSvg } from '../services/qr.ts';
import type { Reports } from '../services/reports.ts';
import type { TicketRecord, Tickets } from '../services/tickets.ts';
import { createRouter, problem, type Environment } from './context.ts';
import { bodyProblems, describe, jsonBody, userProblems, validEvent, validJson, validTicket } from './input.ts';

export interface TicketRoutesDeps {
  readonly tickets: Tickets;
  readonly reports: Reports;
}

const issueProblems = [...userProblems, ...bodyProblems, 'event-unknown', 'type-unknown', 'ticket-exists'] as const;
const readProblems = [...userProblems, 'request-invalid', 'ticket-unknown'] as const;

/** Under `/api/events`. */
export function issueRoutes({ tickets }: TicketRoutesDeps): Hono<Environment> {
  const router = createRouter();
  router.post(
    '/:event/tickets',
    describeRoute(describe('Issue a ticket', 'tickets', { status: 201, schema: ticketResponseSchema }, issueProblems)),
    validEvent,
    jsonBody(),
    validJson(ticketRequestSchema),
    async (c) => {
      const issued = await tickets.issue(c.req.valid('param').event, [c.req.valid('json')]);
      if (!issued.ok) return problem(c, issued.error);
      const [ticket] = await presentTickets(tickets, issued.value);
      return c.json(ticket, 201);
    },
  );
  router.post(
    '/:event/tickets/batch',
    describeRoute(
      describe(
        'Issue tickets, all or none',
        'tickets',
        { status: 201, schema: ticketBatchResponseSchema },
        issueProblems,
      ),
    ),
    validEvent,
    jsonBody(batchBodyBytesMax),
    validJson(ticketBatchRequestSchema),
    async (c) => {
      const issued = await tickets.issue(c.req.valid('param').event, c.req.valid('json').tickets);
      if (!issued.ok) return problem(c, issued.error);
      return c.json({ tickets: await presentTickets(tickets, issued.value), created: issued.value.length }, 201);
    },
  );
  return router;
}

/** Under `/api/tickets`. */
export function ticketRoutes({ tickets, reports }: TicketRoutesDeps): Hono<Environment> {
  const router = createRouter();
  router.get(
    '/:ticket',
    describeRoute(describe('Read a ticket', 'tickets', { schema: ticketResponseSchema }, readProblems)),
    validTicket,
    async (c) => {
      const found = await tickets.find(c.req.valid('param').ticket);
      if (!found.ok) return problem(c, found.error);
      const [ticket] = await presentTickets(tickets, [found.value]);
      return c.json(ticket);
    },
  );
  router.patch(
    '/:ticket',
    describeRoute(
      describe("Change a ticket's status", 'tickets', { schema: ticketResponseSchema }, [
        ...readProblems,
        ...bodyProblems,
      ]),
    ),
    validTicket,
    jsonBody(),
    validJson(ticketChangeSchema),
    async (c) => {
      const changed = await tickets.changeStatus(c.req.valid('param').ticket, c.req.valid('json').status);
      if (!changed.ok) return problem(c, changed.error);
      const [ticket] = await presentTickets(tickets, [changed.value]);
      return c.json(ticket);
    },
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

export async function presentTickets(tickets: Tickets, records: readonly TicketRecord[]): Promise<TicketResponse[]> {
  const texts = await tickets.texts(records);
  return records.map(({ foreign: _foreign, ...record }, index) => ({ ...record, ...texts[index] }));
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
