// The band desk: wristbands of a ticket, step by step: reserve, write, read back, confirm; list and unbind; and a file of bands that
// somebody else has encoded.
import {
  bandIdSchema,
  bandImportQuerySchema,
  bandImportSchema,
  bandListSchema,
  bandReadBackSchema,
  bandReservationSchema,
  bandReserveSchema,
  bandToWriteSchema,
  bandViewSchema,
  bandWriteSchema,
  batchBodyBytesMax,
  hexToBytes,
  ticketIdSchema,
} from '@postern/shared';
import type { Hono } from 'hono';
import { describeRoute, validator } from 'hono-openapi';
import { z } from 'zod';
import type { BandDesk } from '../services/band-desk.ts';
import type { BandImports } from '../services/band-import.ts';
import { createRouter, problem, type Environment } from './context.ts';
import {
  bodyProblems,
  boundedBody,
  describe,
  jsonBody,
  orProblem,
  userProblems,
  validEvent,
  validJson,
  validQuery,
  validTicket,
} from './input.ts';

export interface BandRoutesDeps {
  readonly bands: BandDesk;
  readonly bandImports: BandImports;
}

const validBand = validator('param', z.object({ ticket: ticketIdSchema, band: bandIdSchema }), orProblem);
const csvType = 'text/csv';
const ticketProblems = [...userProblems, 'request-invalid', 'ticket-unknown'] as const;
const stepProblems = [...ticketProblems, ...bodyProblems, 'reservation-gone'] as const;

/** Under `/api/tickets`. */
export function bandRoutes({ bands }: Pick<BandRoutesDeps, 'bands'>): Hono<Environment> {
  const router = createRouter();
  router.get(
    '/:ticket/bands',
    describeRoute(describe('List the wristbands of a ticket', 'bands', { schema: bandListSchema }, ticketProblems)),
    validTicket,
    async (c) => {
      const listed = await bands.list(c.req.valid('param').ticket);
      return listed.ok ? c.json(listed.value) : problem(c, listed.error);
    },
  );
  router.post(
    '/:ticket/bands',
    describeRoute(
      describe(
        'Keep a wristband for a ticket while a desk works on it, also in place of a lost one',
        'bands',
        { status: 201, schema: bandReservationSchema },
        [
          ...ticketProblems,
          ...bodyProblems,
          'method-unknown',
          'method-off',
          'options-invalid',
          'ticket-not-valid',
          'band-unknown',
          'band-bound',
          'band-reserved',
          'bands-too-many',
        ],
      ),
    ),
    validTicket,
    jsonBody(),
    validJson(bandReserveSchema),
    async (c) => {
      const { ticket } = c.req.valid('param');
      const kept = await bands.reserve(ticket, c.req.valid('json'), c.get('actor'), c.get('audit')?.take);
      return kept.ok ? c.json(kept.value, 201) : problem(c, kept.error);
    },
  );
  router.post(
    '/:ticket/bands/:band/write',
    describeRoute(
      describe('Make what has to be written onto a wristband', 'bands', { schema: bandToWriteSchema }, [
        ...stepProblems,
        'method-unknown',
        'method-off',
        'options-invalid',
        'holder-key-unsound',
        'band-not-writable',
        'nothing-to-generate',
      ]),
    ),
    validBand,
    jsonBody(),
    validJson(bandWriteSchema),
    async (c) => {
      const { ticket, band } = c.req.valid('param');
      const made = await bands.write(ticket, band, c.req.valid('json'), c.get('actor'), c.get('audit')?.take);
      return made.ok ? c.json(made.value) : problem(c, made.error);
    },
  );
  router.post(
    '/:ticket/bands/:band/read-back',
    describeRoute(
      describe(
        'Compare what a wristband says with what had to be written',
        'bands',
        { schema: bandReservationSchema },
        [...stepProblems, 'band-not-written', 'read-back-differs'],
      ),
    ),
    validBand,
    jsonBody(),
    validJson(bandReadBackSchema),
    async (c) => {
      const { ticket, band } = c.req.valid('param');
      const read = hexToBytes(c.req.valid('json').read) ?? new Uint8Array(0);
      const compared = await bands.readBack(ticket, band, read, c.get('actor'));
      return compared.ok ? c.json(compared.value) : problem(c, compared.error);
    },
  );
  router.post(
    '/:ticket/bands/:band/confirm',
    describeRoute(
      describe('Bind a wristband to the ticket, for every gate', 'bands', { status: 201, schema: bandViewSchema }, [
        ...ticketProblems,
        'reservation-gone',
        'band-not-read-back',
        'ticket-not-valid',
        'band-unknown',
        'band-bound',
        'bands-too-many',
        'store-unavailable',
      ]),
    ),
    validBand,
    async (c) => {
      const { ticket, band } = c.req.valid('param');
      const bound = await bands.confirm(ticket, band, c.get('actor'), c.get('audit')?.take);
      return bound.ok ? c.json(bound.value, 201) : problem(c, bound.error);
    },
  );
  router.delete(
    '/:ticket/bands/:band',
    describeRoute(
      describe('Take a wristband from its ticket, or stop keeping it', 'bands', { status: 204 }, [
        ...ticketProblems,
        'band-unknown',
        'band-reserved',
        'band-disputed',
        'store-unavailable',
      ]),
    ),
    validBand,
    async (c) => {
      const { ticket, band } = c.req.valid('param');
      const unbound = await bands.unbind(ticket, band, c.get('actor'), c.get('audit')?.take);
      return unbound.ok ? c.body(null, 204) : problem(c, unbound.error);
    },
  );
  return router;
}

/** Under `/api/events`. */
export function bandImportRoutes({ bandImports }: Pick<BandRoutesDeps, 'bandImports'>): Hono<Environment> {
  const router = createRouter();
  router.post(
    '/:event/bands/import',
    describeRoute({
      ...describe(
        'Bind the wristbands of a CSV file, all or none; dryRun=true only looks',
        'bands',
        { schema: bandImportSchema },
        [
          ...userProblems,
          'request-invalid',
          'content-type-unsupported',
          'body-too-large',
          'event-unknown',
          'csv-malformed',
          'bands-unfit',
          'store-unavailable',
        ],
      ),
      requestBody: { required: true, content: { [csvType]: { schema: { type: 'string' } } } },
    }),
    validEvent,
    validQuery(bandImportQuerySchema),
    boundedBody([csvType], batchBodyBytesMax, `Send the file with Content-Type: ${csvType}.`),
    async (c) => {
      const { event } = c.req.valid('param');
      const { dryRun } = c.req.valid('query');
      const bytes = new Uint8Array(await c.req.arrayBuffer());
      const done = await bandImports.run(event, bytes, { dryRun, by: c.get('actor') });
      if (!done.ok) return problem(c, done.error);
      const { bound, errorCount, errors, bands } = done.value;
      if (!dryRun && errorCount > 0)
        return problem(
          c,
          { type: 'bands-unfit', detail: `${errorCount} of ${bands} lines are wrong.` },
          errors.map(({ line, problem: message }) => ({ path: `line ${line}`, message })),
        );
      c.get('audit')?.add({ details: { bands, bound, dryRun } });
      return c.json(done.value);
    },
  );
  return router;
}
