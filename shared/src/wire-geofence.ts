// The JSON messages about positions: binding a phone to a ticket, the list of a ticket's phones, what a phone sends, and what it is told.
import { z } from 'zod';
import { geofenceProofCharsMax } from './geofence-proof.ts';
import { geofenceRulesSchema } from './geofence-rules.ts';
import { fixRefusals } from './geofence-track.ts';
import { ticketStatuses } from './ticket.ts';
import { ticketIdSchema } from './wire-tickets.ts';
import { eventIdSchema } from './wire.ts';

const unixMs = z.number().int().min(0).max(8_640_000_000_000_000);

export const senderIdSchema = z.string().regex(/^[0-9a-f]{16}$/);

/** `GET` and `PUT /api/events/{event}/geofence`. */
export const geofenceResponseSchema = z.object({ event: eventIdSchema, geofence: geofenceRulesSchema });
export type GeofenceResponse = z.infer<typeof geofenceResponseSchema>;

/** `POST /api/tickets/{ticket}/geofence-senders`: an OwnTracks app speaks for the ticket from now on. The secrets are never shown again. */
export const senderMadeSchema = z.object({
  sender: senderIdSchema,
  ticket: ticketIdSchema,
  url: z.string(),
  user: z.string(),
  password: z.string(),
  /** At most 32 characters, as OwnTracks wants it: then its messages are encrypted inside TLS as well. */
  encryptionKey: z.string(),
  /** Opened on the phone, it sets the app up. */
  configLink: z.string(),
});
export type SenderMade = z.infer<typeof senderMadeSchema>;

export const senderViewSchema = z.object({
  sender: senderIdSchema,
  kind: z.enum(['owntracks', 'sdk']),
  createdAtMs: unixMs,
  /** Time of its last fix. */
  lastFixAtMs: unixMs.optional(),
  /** Geofence zones that it is in, as far as its last fix says. Where exactly is not kept for anybody to read. */
  zones: z.array(z.string()),
  precheckedUntilMs: unixMs.optional(),
});
export type SenderView = z.infer<typeof senderViewSchema>;
export const senderListSchema = z.object({ senders: z.array(senderViewSchema) });
export type SenderList = z.infer<typeof senderListSchema>;

/** `POST /webhooks/geofence/{event}` by our own SDK; OwnTracks sends its own messages to the same address. */
export const sdkFixSchema = z.strictObject({
  _type: z.literal('postern-location'),
  proof: z.string().max(geofenceProofCharsMax),
});

/** What a fix came to. */
export const fixOutcomeSchema = z.object({
  state: z.enum(['present', 'waiting', 'refused', 'ignored']),
  /** Why it is no presence, or why the ticket is not let in. */
  reason: z
    .enum([...fixRefusals, ...ticketStatuses, 'ticket-unknown', 'replaced', 'denied', 'number-replayed'])
    .optional(),
  /** Geofence zones that it is in for long enough. */
  zones: z.array(z.string()).optional(),
  precheckedUntilMs: unixMs.optional(),
  /** Where the event's rules let a position admit: what was decided, once a stay. */
  admission: z.object({ success: z.boolean(), reason: z.string(), text: z.string() }).optional(),
});
export type FixOutcome = z.infer<typeof fixOutcomeSchema>;
