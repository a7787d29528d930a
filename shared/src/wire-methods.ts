// The JSON messages about verification methods: what a ticket can be proved by, generating a credential, verifying one centrally, switching
// methods on and off, and letting somebody in by hand. Both ends use them, as wire.ts.
import { z } from 'zod';
import { refusalCodes } from './decision.ts';
import { overrideReasons } from './mark.ts';
import { ndefBytesMax, presentationTextCharsMax } from './presentation.ts';
import { proofsMax } from './proofs.ts';
import { holdReasons } from './ticket.ts';
import { ticketIdSchema } from './wire-tickets.ts';
import { eventIdSchema, gateIdSchema } from './wire.ts';

const unixMs = z.number().int().min(0).max(8_640_000_000_000_000);
const zoneId = z.string().min(1).max(64);
export const methodIdSchema = z.string().regex(/^[a-z0-9-]{1,32}$/);

/** Who has said whether a method is on, the one that counts. */
export const switchSources = ['default', 'environment', 'all-events', 'event', 'policy'] as const;

export const methodSwitchSchema = z.object({
  method: methodIdSchema,
  enabled: z.boolean(),
  /** What decided: an event's rules or toggle, the toggle for all events, the environment, or nobody (on). */
  source: z.enum(switchSources),
  /** What the environment said at the start; absent when it said nothing. */
  environment: z.boolean().optional(),
  /** What was toggled for all events, and for this event. */
  forAllEvents: z.boolean().optional(),
  forEvent: z.boolean().optional(),
});
export type MethodSwitch = z.infer<typeof methodSwitchSchema>;
/** `GET /admin/methods` and `GET /admin/events/{event}/methods`. */
export const methodSwitchesSchema = z.object({ methods: z.array(methodSwitchSchema) });
export type MethodSwitches = z.infer<typeof methodSwitchesSchema>;
/** `POST /admin/methods/{method}/toggle`: for one event, or for all that say nothing themselves. */
export const methodToggleSchema = z.strictObject({ enabled: z.boolean(), event: eventIdSchema.optional() });

/** One thing that a method has generated for a ticket. */
export const credentialSchema = z.object({
  method: methodIdSchema,
  /** Tells credentials of a method apart; never the credential itself. */
  id: z.string(),
  epoch: z.number().int(),
  /** Absent for one that was first seen when it was presented here, such as a code that somebody else has printed. */
  generatedAtMs: unixMs.optional(),
  /** When it first let somebody in and was not taken back; from the merged marks, gates' included. */
  usedAtMs: unixMs.optional(),
});
export type CredentialView = z.infer<typeof credentialSchema>;

/** `GET` and `POST /api/tickets/{ticket}/methods`. */
export const ticketMethodsSchema = z.object({
  ticket: ticketIdSchema,
  event: eventIdSchema,
  methods: z.array(
    z.object({
      method: methodIdSchema,
      /** Whether it can prove this ticket now. */
      available: z.boolean(),
      /** `off`: switched off; `not-for-ticket`: its type asks for a stronger proof. */
      why: z.enum(['off', 'not-for-ticket']).optional(),
      canGenerate: z.boolean(),
    }),
  ),
  credentials: z.array(credentialSchema),
});
export type TicketMethods = z.infer<typeof ticketMethodsSchema>;

/** `POST /api/tickets/{ticket}/methods/{method}/generate`: what the method asks for, `expiresIn` or `holderKey`. */
export const generateRequestSchema = z.record(z.string().max(64), z.json());
export const generateResponseSchema = z.object({
  method: methodIdSchema,
  credential: credentialSchema,
  /** For the holder: it opens gates. */
  payload: z.record(z.string(), z.union([z.string(), z.number()])),
});

/** `POST /api/tickets/{ticket}/methods/{method}/verify`. */
const presentedShape = {
  /** The text that a reader saw, the id of a tag or wristband in hexadecimal, or the template of a live face in Base64. */
  presented_data: z.string().min(1).max(presentationTextCharsMax),
  /** What an NFC tag says besides: its NDEF message in hexadecimal. */
  ndef: z
    .string()
    .max(2 * ndefBytesMax)
    .regex(/^(?:[0-9a-fA-F]{2})*$/)
    .optional(),
} as const;

export const verifyRequestSchema = z.strictObject({
  ...presentedShape,
  /** What was presented besides, by other methods, where the event asks for several proofs. */
  also: z
    .array(z.strictObject({ method: methodIdSchema, ...presentedShape }))
    .max(proofsMax - 1)
    .default([]),
  /** Where; the first zone that the ticket opens when absent. */
  zone: zoneId.optional(),
  direction: z.enum(['entry', 'exit']).default('entry'),
  /** A person has looked at what a hold asks for and says yes. */
  accept: z.boolean().default(false),
});
export type VerifyRequest = z.infer<typeof verifyRequestSchema>;

export const markNameSchema = z.object({ gate: gateIdSchema, boot: z.string(), sequence: z.number().int() });

export const verifyReasons = ['admitted', 'exited', 'held', ...refusalCodes] as const;
export const verifyResponseSchema = z.object({
  /** Somebody was let through, and that is durable. */
  success: z.boolean(),
  reason: z.enum(verifyReasons),
  /** What a person has to look at, where `reason` is `held`. */
  hold: z.enum(holdReasons).optional(),
  /** For staff, in English. */
  text: z.string(),
  /** Persons let through, and of how many this is which. */
  persons: z.number().int().optional(),
  part: z.number().int().optional(),
  party: z.number().int().optional(),
  /** The mark that says so on every replica. */
  mark: markNameSchema.optional(),
  /** It was a rehearsal: the ticket is as fresh as before. */
  rehearsal: z.literal(true).optional(),
  atMs: unixMs,
});
export type VerifyResponse = z.infer<typeof verifyResponseSchema>;

/** `POST /api/events/{event}/overrides`: a person lets somebody in against or without a decision. */
export const overrideRequestSchema = z.strictObject({
  reason: z.enum(overrideReasons),
  zone: zoneId,
  persons: z.number().int().min(1).max(20).default(1),
  /** Whom; absent for somebody without a ticket. */
  ticket: ticketIdSchema.optional(),
});
export type OverrideRequest = z.infer<typeof overrideRequestSchema>;
export const overrideResponseSchema = z.object({
  mark: markNameSchema,
  operator: z.string(),
  rehearsal: z.literal(true).optional(),
  atMs: unixMs,
});
export type OverrideResponse = z.infer<typeof overrideResponseSchema>;
