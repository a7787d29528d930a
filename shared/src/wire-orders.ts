// The JSON messages about orders to a venue (stop entry, evacuate) and the roll-call, the same at a gate's own port and in the cloud.
import { z } from 'zod';
import { orders } from './mark.ts';
import { markNameSchema } from './wire-methods.ts';
import { ticketIdSchema } from './wire-tickets.ts';
import { eventIdSchema, gateIdSchema } from './wire.ts';

const unixMs = z.number().int().min(0).max(8_640_000_000_000_000);
const persons = z.number().int().min(0);
/** Empty for all zones. */
const zone = z.string().max(64);

const namedGateSchema = z.object({ id: gateIdSchema, name: z.string() });
const givenSchema = z.object({
  gate: gateIdSchema,
  gateName: z.string(),
  /** Pseudonym of the person. */
  operator: z.string().optional(),
  atMs: unixMs,
});

export const orderViewSchema = z.object({
  order: z.enum(orders),
  zone,
  state: z.enum(['in-force', 'lifted']),
  given: givenSchema,
  /** Absent while it is in force. */
  lifted: givenSchema.optional(),
  /** Gates whose lanes are known to obey: the order, or once it is lifted its lift. */
  acknowledged: z.array(namedGateSchema),
  /** Gates of which that is not known: out of reach, or not able to. */
  missing: z.array(namedGateSchema),
});
export type OrderView = z.infer<typeof orderViewSchema>;
export const ordersViewSchema = z.object({ orders: z.array(orderViewSchema) });
export type OrdersView = z.infer<typeof ordersViewSchema>;

/** `POST /api/events/{event}/orders`: asks what it would do. */
export const orderRequestSchema = z.strictObject({
  /** True ends the order. */
  lift: z.boolean().default(false),
  order: z.enum(orders),
  zone: zone.default(''),
});
export type OrderRequest = z.infer<typeof orderRequestSchema>;
export const orderConfirmationSchema = z.object({
  lift: z.boolean(),
  order: z.enum(orders),
  zone,
  /** What it would do, for the person. */
  text: z.string(),
  gates: z.array(namedGateSchema),
  /** For `POST …/orders/confirm` by the same person. */
  token: z.string(),
  expiresAtMs: unixMs,
});
export type OrderConfirmation = z.infer<typeof orderConfirmationSchema>;
/** `POST /api/events/{event}/orders/confirm`. */
export const orderConfirmRequestSchema = z.strictObject({ token: z.string().min(1).max(1_000) });

/** `POST /api/tickets/{ticket}/deny`: credentials up to `epoch` are blocked, newer ones are not. */
export const denyResponseSchema = z.object({
  ticket: ticketIdSchema,
  epoch: z.number().int(),
  mark: markNameSchema,
  atMs: unixMs,
});
export type DenyResponse = z.infer<typeof denyResponseSchema>;

/** `GET /api/events/{event}/roll-call`, and `/roll-call` at a gate. */
export const rollCallSchema = z.object({
  event: eventIdSchema,
  atMs: unixMs,
  zones: z.array(
    z.object({
      zone: z.string(),
      name: z.string(),
      /** By all marks known here. */
      inside: persons,
      /**
       * `inside` minus and plus what the gates not heard from have probably let out and in since, at the rate they last had. `insideMost`
       * is absent where nothing can be said: a gate of the zone has never been heard from.
       */
      insideLeast: persons,
      insideMost: persons.optional(),
      /** Persons that went out since the evacuation of the zone was ordered; absent without one. */
      leftSinceEvacuation: persons.optional(),
      notHeardFrom: z.array(
        z.object({
          id: gateIdSchema,
          name: z.string(),
          /** Everything that it did before is known; absent where it has never been heard from. */
          sinceMs: unixMs.optional(),
          entriesPerMinute: z.number().min(0),
          exitsPerMinute: z.number().min(0),
        }),
      ),
    }),
  ),
});
export type RollCallView = z.infer<typeof rollCallSchema>;
