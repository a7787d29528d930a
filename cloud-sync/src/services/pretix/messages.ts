// What pretix's API answers, as far as it is looked at (docs.pretix.eu, REST API; fields that older servers leave out have their meaning there). Each
// text and list has a maximum, and what does not fit is one order that cannot be read, not a page.
import { z } from 'zod';

const positionsPerOrderMax = 10_000;
const resultsPerPageMax = 1_000;

const id = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER);
const time = z.iso.datetime({ offset: true });
const text = (charactersMax: number): z.ZodString => z.string().max(charactersMax);
/** Multi-lingual, or what plugins make of it. */
const names = z.union([z.record(z.string(), z.unknown()), z.string()]);

export const pageSchema = z.object({
  count: z.number().int().min(0),
  next: text(4_000).nullable(),
  results: z.array(z.unknown()).max(resultsPerPageMax),
});

const positionSchema = z.object({
  id,
  canceled: z.boolean().default(false),
  item: id,
  variation: id.nullish(),
  secret: text(2_000),
  addon_to: id.nullish(),
  subevent: id.nullish(),
  valid_from: time.nullish(),
  valid_until: time.nullish(),
  /** Why it may not be used; empty or null: it may. */
  blocked: z.array(z.unknown()).nullish(),
  attendee_name: text(1_000).nullish(),
  attendee_email: text(1_000).nullish(),
});
export type PretixPosition = z.infer<typeof positionSchema>;

export const orderSchema = z.object({
  code: z.string().regex(/^[\x21-\x7e]{1,64}$/),
  /** Pending, paid, expired, canceled; refunded on servers before 2.4. */
  status: z.enum(['n', 'p', 'e', 'c', 'r']),
  testmode: z.boolean().default(false),
  require_approval: z.boolean().default(false),
  /** Treated as paid though it is pending. */
  valid_if_pending: z.boolean().nullish(),
  datetime: time,
  /** Of whoever ordered, as in `de-informal`. */
  locale: text(32).nullish(),
  last_modified: time.nullish(),
  positions: z.array(positionSchema).max(positionsPerOrderMax),
});
export type PretixOrder = z.infer<typeof orderSchema>;

/** Of an order that cannot be read otherwise. */
export const orderCodeSchema = orderSchema.pick({ code: true });

/** What is asked for of an order: nothing of invoices, addresses or answers ever travels. */
export const orderFields: readonly string[] = [
  ...Object.keys(orderSchema.shape).filter((field) => field !== 'positions'),
  ...Object.keys(positionSchema.shape)
    .filter((field) => !field.startsWith('attendee_'))
    .map((field) => `positions.${field}`),
];
export const attendeeFields: readonly string[] = ['positions.attendee_name', 'positions.attendee_email'];

export const itemSchema = z.object({
  id,
  name: names,
  internal_name: text(1_000).nullish(),
  admission: z.boolean().default(false),
  variations: z
    .array(z.object({ id, value: names }))
    .max(1_000)
    .default([]),
});
export type PretixItem = z.infer<typeof itemSchema>;

const isEmpty = (object: object | null): boolean => object === null || Object.keys(object).length === 0;

export const checkInListSchema = z.object({
  id,
  name: text(1_000),
  all_products: z.boolean().default(true),
  limit_products: z.array(id).max(10_000).default([]),
  subevent: id.nullish(),
  allow_multiple_entries: z.boolean().default(false),
  allow_entry_after_exit: z.boolean().default(true),
  /** Whether it has custom rules, which are JSON logic. */
  rules: z.unknown().transform((rules) => rules === true || (typeof rules === 'object' && !isEmpty(rules))),
  addon_match: z.boolean().default(false),
});
export type PretixCheckInList = z.infer<typeof checkInListSchema>;

export const revokedSecretSchema = z.object({ id, secret: text(2_000) });
export const blockedSecretSchema = z.object({ id, secret: text(2_000), blocked: z.boolean() });

/** Of the check-in, whatever its HTTP status. */
export const redeemSchema = z.object({
  status: z.enum(['ok', 'error', 'incomplete']),
  reason: z
    .string()
    .regex(/^[a-z_]{1,40}$/)
    .nullish(),
});
