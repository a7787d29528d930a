// The JSON messages of `/api/tickets`: issue, read, change, find, pass on. As wire.ts has them for the rest: both ends use them.
import { z } from 'zod';
import { cleanText } from './methods/clean-text.ts';
import { languages } from './languages.ts';
import { holdReasons, ticketIdPattern, ticketStatuses } from './ticket.ts';
import { cursorSchema, pageLimit, wholeNumber } from './wire-page.ts';
import { caseViewSchema } from './wire-cases.ts';
import { eventIdSchema, gateIdSchema, markViewSchema, userIdSchema } from './wire.ts';

/** Largest body of a batch. */
export const batchBodyBytesMax = 16 * 1024 * 1024;
export const ticketsPerBatchMax = 10_000;
export const ticketsPerPageMax = 200;
const ticketsPerPageDefault = 50;
/** A code as it is printed fits. */
const searchCharsMax = 600;

const unixMs = z.number().int().min(0).max(8_640_000_000_000_000);
const unixSeconds = z.number().int().min(0).max(253_402_300_799);
const count = z.number().int().min(0);
const typeId = z.number().int().min(0).max(65_535);
const party = z.number().int().min(1).max(10_000);

export const ticketIdSchema = z.string().regex(ticketIdPattern);
/** A foreign code as printed: visible characters, no control characters, not blank, also after cleaning. */
export const foreignCodeSchema = z
  .string()
  .min(1)
  .max(512)
  .regex(/^[^\p{Cc}\p{Cs}]*[^\p{Cc}\p{Cs}\s][^\p{Cc}\p{Cs}]*$/u)
  .refine((code) => cleanText(code).trim() !== '', 'nothing is left of it without what scanners add');

/** One line for people: no control characters, no halves of surrogate pairs. */
const line = (charactersMax: number): z.ZodString =>
  z
    .string()
    .trim()
    .min(1)
    .max(charactersMax)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u);
const holderName = line(200);
const holderEmail = line(254).regex(/^[^\s@]+@[^\s@]+$/u);
const orderReference = line(100);

/** Who holds a ticket, as far as the seller says: kept by the cloud, never in the feed and never in marks. */
export const holderSchema = z.strictObject({
  name: holderName.optional(),
  email: holderEmail.optional(),
  /** The seller's number of the order. */
  order: orderReference.optional(),
  /** Their account here, by id: they see the ticket among theirs and make credentials for it. */
  account: userIdSchema.optional(),
});
export type Holder = z.infer<typeof holderSchema>;

const ticketFields = {
  type: typeId,
  /** A code that somebody else printed; absent for our own passes. */
  code: foreignCodeSchema.optional(),
  status: z.enum(ticketStatuses).default('valid'),
  /** Persons that one code admits. */
  party: party.default(1),
  hold: z.enum(holdReasons).optional(),
  validFromS: unixSeconds.optional(),
  validUntilS: unixSeconds.optional(),
  /** In which gates speak to its visitor; absent: in the venue's. */
  language: z.enum(languages).optional(),
  holder: holderSchema.optional(),
};
/** One row of a batch. */
export const ticketRequestSchema = z.strictObject(ticketFields);
export type TicketRequest = z.infer<typeof ticketRequestSchema>;
/** `POST /api/tickets`. */
export const ticketCreateSchema = z.strictObject({ event: eventIdSchema, ...ticketFields });
/** `POST /api/tickets/batch`: all tickets of one event, all or none. */
export const ticketBatchRequestSchema = z.strictObject({
  event: eventIdSchema,
  tickets: z.array(ticketRequestSchema).min(1).max(ticketsPerBatchMax),
});

/** `PATCH /api/tickets/{ticket}`, as RFC 7396 merges it: what is absent stays, `null` takes away. */
export const ticketChangeSchema = z
  .strictObject({
    type: typeId.optional(),
    status: z.enum(ticketStatuses).optional(),
    party: party.optional(),
    hold: z.enum(holdReasons).nullable().optional(),
    validFromS: unixSeconds.nullable().optional(),
    validUntilS: unixSeconds.nullable().optional(),
    language: z.enum(languages).nullable().optional(),
    holder: z
      .strictObject({
        name: holderName.nullable().optional(),
        email: holderEmail.nullable().optional(),
        order: orderReference.nullable().optional(),
        account: userIdSchema.nullable().optional(),
      })
      .nullable()
      .optional(),
  })
  .refine((change) => Object.values(change).some((value) => value !== undefined), 'nothing to change');
export type TicketChange = z.infer<typeof ticketChangeSchema>;

/** `POST /api/tickets/{ticket}/transfer`: everything about the old holder goes; without `code` the new one gets our own pass. */
export const ticketTransferSchema = z.strictObject({
  holder: holderSchema,
  language: z.enum(languages).optional(),
  code: foreignCodeSchema.optional(),
});
/** `POST /api/tickets/{ticket}/reissue`: a new credential for the same holder; without `code` our own pass. */
export const ticketReissueSchema = z.strictObject({ code: foreignCodeSchema.optional() });

/** The feed's statuses and the one that the marks of all gates make. */
const shownStatuses = [...ticketStatuses, 'used'] as const;

export const ticketResponseSchema = z.object({
  id: ticketIdSchema,
  event: eventIdSchema,
  type: z.number().int(),
  /** Rises with every transfer and re-issue; what was issued under a lower one is dead. */
  epoch: count,
  /** What the feed says, and `used` while an entry counts on a ticket that is valid there. */
  status: z.enum(shownStatuses),
  party: z.number().int(),
  hold: z.enum(holdReasons).optional(),
  validFromS: unixSeconds.optional(),
  validUntilS: unixSeconds.optional(),
  language: z.enum(languages).optional(),
  createdAtMs: unixMs,
  transferredAtMs: unixMs.optional(),
  holder: holderSchema.optional(),
  /** Persons that have entered on it, from the marks of all gates; what was given back does not count. */
  usesSpent: count,
  /** Persons inside now, as far as known. */
  inside: count,
  /** The first entry that counts; absent while there is none, and again when it was given back. */
  used: z.object({ atMs: unixMs, gate: gateIdSchema }).optional(),
  /** The text inside the QR code (`PN1:…`); absent for tickets with a foreign code. */
  text: z.string().optional(),
  /** Typed form, grouped for reading aloud; absent for tickets with a foreign code. */
  shortCode: z.string().optional(),
});
export type TicketResponse = z.infer<typeof ticketResponseSchema>;
export const ticketBatchResponseSchema = z.object({
  tickets: z.array(ticketResponseSchema),
  created: z.number().int(),
});
export type TicketBatchResponse = z.infer<typeof ticketBatchResponseSchema>;

/** What a list can be narrowed to: the statuses that it shows, and what was passed on, whatever its status. */
export const ticketFilters = [...shownStatuses, 'transferred'] as const;
export type TicketFilter = (typeof ticketFilters)[number];

/** `GET /api/tickets?event=…`. */
export const ticketQuerySchema = z.strictObject({
  event: wholeNumber(4_294_967_295).pipe(eventIdSchema),
  /** Ticket id or how it begins (8 digits or more), our code as text, short code, foreign code or order number; or how the holder's name, its last word, or the e-mail address begins. */
  search: line(searchCharsMax).optional(),
  status: z.enum(ticketFilters).optional(),
  type: wholeNumber(65_535).optional(),
  cursor: cursorSchema.optional(),
  limit: pageLimit(ticketsPerPageMax).default(ticketsPerPageDefault),
});
export type TicketQuery = z.infer<typeof ticketQuerySchema>;
/** In the order of ids. Codes are not listed: ask for the ticket. */
export const ticketListSchema = z.object({
  tickets: z.array(ticketResponseSchema.omit({ text: true, shortCode: true })),
  /** The cursor of the next page; absent on the last one. */
  next: cursorSchema.optional(),
});
export type TicketList = z.infer<typeof ticketListSchema>;

/** `GET /api/tickets/{ticket}/history`. */
export const ticketHistorySchema = z.object({
  ticket: ticketResponseSchema
    .omit({ text: true, shortCode: true, holder: true, usesSpent: true, inside: true, used: true })
    .partial()
    .extend({ id: ticketIdSchema, event: eventIdSchema }),
  usesSpent: count,
  inside: count,
  marks: z.array(markViewSchema),
  cases: z.array(caseViewSchema),
});
export type TicketHistory = z.infer<typeof ticketHistorySchema>;
