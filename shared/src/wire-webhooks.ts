// The HTTP messages about webhooks: where the cloud tells other systems what has happened at an event, in Standard Webhooks form.
import { z } from 'zod';
import { parseUrl } from './parse-url.ts';
import { cursorSchema, pageLimit } from './wire-page.ts';

/** What an endpoint may be told. `ticket.*` carry `tickets`, `mark.*` carry `marks`, `case.*` carry `cases`. */
export const webhookTypes = [
  'ticket.created',
  'ticket.changed',
  'ticket.revoked',
  'ticket.reinstated',
  'ticket.reissued',
  'ticket.transferred',
  'mark.admitted',
  'mark.overridden',
  'mark.exited',
  'mark.refused',
  'mark.lapsed',
  'mark.undone',
  'mark.denied',
  'case.opened',
  'case.changed',
] as const;
export type WebhookType = (typeof webhookTypes)[number];
/** Sent when somebody asks for it, to one endpoint. */
export const webhookTestType = 'webhook.test';

export const webhookDeliveryStates = ['waiting', 'delivered', 'dead'] as const;
export type WebhookDeliveryState = (typeof webhookDeliveryStates)[number];
export const webhookPageMax = 200;
export const webhookPageDefault = 50;

const unixMs = z.number().int().min(0);
const urlSchema = z
  .url({ protocol: /^https?$/ })
  .max(2_000)
  .refine((text) => {
    const url = parseUrl(text);
    return url?.username === '' && url.password === '';
  }, 'must have no user and no password');
const typesSchema = z
  .array(z.enum(webhookTypes))
  .min(1)
  .max(webhookTypes.length)
  .transform((types) => [...new Set(types)]);

/** `POST /api/events/{event}/webhooks`. */
export const webhookRequestSchema = z.strictObject({ url: urlSchema, types: typesSchema });
export type WebhookRequest = z.infer<typeof webhookRequestSchema>;
/** `PATCH …/webhooks/{webhook}`. */
export const webhookChangeSchema = z
  .strictObject({ url: urlSchema.optional(), types: typesSchema.optional(), enabled: z.boolean().optional() })
  .refine((change) => Object.values(change).some((value) => value !== undefined), 'changes nothing');
export type WebhookChange = z.infer<typeof webhookChangeSchema>;

export const webhookIdPattern = /^[0-9a-f]{16}$/;
export const webhookSchema = z.object({
  id: z.string().regex(webhookIdPattern),
  url: z.string(),
  types: z.array(z.enum(webhookTypes)),
  enabled: z.boolean(),
  /** `by-hand`, `gone` (it answered 410) or `failing` (for days). */
  disabledBecause: z.string().optional(),
  /** Since then nothing has been delivered, although something was tried. */
  failingSinceMs: unixMs.optional(),
  createdAtMs: unixMs,
  /** Messages on their way, and those given up. */
  waiting: z.number().int(),
  dead: z.number().int(),
});
export type WebhookView = z.infer<typeof webhookSchema>;
export const webhookListSchema = z.object({ webhooks: z.array(webhookSchema) });
export type WebhookList = z.infer<typeof webhookListSchema>;
/** `secret` is shown this once: `whsec_` and base64. */
export const webhookCreatedSchema = z.object({ ...webhookSchema.shape, secret: z.string() });
export type WebhookCreated = z.infer<typeof webhookCreatedSchema>;

export const webhookMessagePattern = /^msg_[0-9A-Za-z_]{8,80}$/;
export const webhookDeliverySchema = z.object({
  /** `webhook-id` of the message. */
  message: z.string(),
  type: z.string(),
  state: z.enum(webhookDeliveryStates),
  createdAtMs: unixMs,
  attempts: z.number().int(),
  /** The next attempt, of one that waits. */
  nextAtMs: unixMs.optional(),
  endedAtMs: unixMs.optional(),
  /** Of the last attempt: HTTP status, or why there was none. */
  lastStatus: z.number().int().optional(),
  lastFailure: z.string().optional(),
});
export type WebhookDelivery = z.infer<typeof webhookDeliverySchema>;
/** `GET …/webhooks/{webhook}/deliveries`: the newest first. */
export const webhookDeliveryQuerySchema = z.strictObject({
  state: z.enum(webhookDeliveryStates).optional(),
  limit: pageLimit(webhookPageMax).default(webhookPageDefault),
  cursor: cursorSchema.optional(),
});
export type WebhookDeliveryQuery = z.infer<typeof webhookDeliveryQuerySchema>;
export const webhookDeliveryPageSchema = z.object({
  deliveries: z.array(webhookDeliverySchema),
  next: cursorSchema.optional(),
});
export type WebhookDeliveryPage = z.infer<typeof webhookDeliveryPageSchema>;
/** `POST …/replay`: how many are on their way again. */
export const webhookReplayedSchema = z.object({ replayed: z.number().int() });
export type WebhookReplayed = z.infer<typeof webhookReplayedSchema>;
