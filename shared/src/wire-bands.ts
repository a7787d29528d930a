// The JSON messages of the band desk: reserve a wristband for a ticket, what to write onto it, what was read back, and the list of a
// ticket's bands. A band is named by the keyed hash of its id, as marks name it; the id itself goes in and never comes out.
import { z } from 'zod';
import { ndefBytesMax } from './presentation.ts';
import { tagIdTextSchema } from './tag.ts';
import { markNameSchema, methodIdSchema } from './wire-methods.ts';
import { ticketIdSchema } from './wire-tickets.ts';
import { eventIdSchema } from './wire.ts';

const unixMs = z.number().int().min(0).max(8_640_000_000_000_000);
/** Why a person takes a band from another ticket: one line, kept in the audit log alone. */
const reason = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u);

/** `tagHash` of its id. */
export const bandIdSchema = z.string().regex(/^[0-9a-f]{32}$/);
/** Rows of one file of pre-encoded bands. */
export const bandsPerImportMax = 50_000;
/** Wrong lines of a file that are listed; all are counted. */
export const importErrorsMax = 100;

/** `POST /api/tickets/{ticket}/bands`: nobody else may give this band away for some minutes. */
export const bandReserveSchema = z
  .strictObject({
    /** `nfc` or `ble`. */
    method: methodIdSchema,
    /** The NFC tag's UID, or the BLE wristband's static id. */
    uid: tagIdTextSchema,
    /** False for a cashless supplier's band: it is known by its id, and never written, now or later. */
    writable: z.boolean().default(true),
    /** The ticket's band that was lost: this one takes its place, in one step. */
    instead: bandIdSchema.optional(),
    /** Takes the band from the ticket that has it. */
    replace: z.boolean().default(false),
    reason: reason.optional(),
  })
  .refine(({ replace, reason: why }) => !replace || why !== undefined, {
    path: ['reason'],
    message: 'say why the band is taken from the other ticket',
  });
export type BandReserve = z.output<typeof bandReserveSchema>;

export const bandReservationSchema = z.object({
  band: bandIdSchema,
  ticket: ticketIdSchema,
  method: methodIdSchema,
  /** Whether anything may be written onto it. */
  writable: z.boolean(),
  expiresAtMs: unixMs,
});
export type BandReservation = z.infer<typeof bandReservationSchema>;

/** `POST /api/tickets/{ticket}/bands/{band}/write`: what its method asks for, with the `uid` again. */
export const bandWriteSchema = z.object({ uid: tagIdTextSchema }).catchall(z.json());
export type BandWrite = z.infer<typeof bandWriteSchema>;
/** Bytes in hexadecimal: an NDEF message or a pass. */
const writtenBytes = z.string().regex(/^(?:[0-9a-f]{2})*$/);
export const bandToWriteSchema = z.object({ band: bandIdSchema, write: writtenBytes, bytes: z.number().int() });
export type BandToWrite = z.infer<typeof bandToWriteSchema>;

/** `POST /api/tickets/{ticket}/bands/{band}/read-back`: what the band says now. */
export const bandReadBackSchema = z.strictObject({
  read: z
    .string()
    .max(2 * ndefBytesMax)
    .regex(/^(?:[0-9a-fA-F]{2})*$/),
});

/** Of a member of the event's staff, as the cloud has named them. */
const operator = z.string().regex(/^[a-z0-9]{8,16}$/);
/** `POST /gate/tickets/{ticket}/bands`: a gate's desk, for the member of staff who works there, is about to bind this band by a mark. */
export const gateBandReserveSchema = z.strictObject({
  operator,
  method: methodIdSchema,
  uid: tagIdTextSchema,
  writable: z.boolean().default(true),
  instead: bandIdSchema.optional(),
  /** Only for supervisors. */
  replace: z.boolean().default(false),
});
export type GateBandReserve = z.input<typeof gateBandReserveSchema>;
/** `POST /gate/tickets/{ticket}/bands/{band}/write`: as `bandWriteSchema`. */
export const gateBandWriteSchema = z.strictObject({
  operator,
  uid: tagIdTextSchema,
  /** The BLE wristband's public key. */
  key: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
});
export type GateBandWrite = z.infer<typeof gateBandWriteSchema>;
/** `POST /gate/tickets/{ticket}/bands/{band}/written`: what the band says now; where that is what had to be written, the desk is done. */
export const gateBandWrittenSchema = z.strictObject({ operator, read: bandReadBackSchema.shape.read });
export type GateBandWritten = z.infer<typeof gateBandWrittenSchema>;

/** Where a gate's desk asks for a ticket's bands, and for one of them. */
export const gateBandsPath = (ticket: string): string => `/gate/tickets/${ticket}/bands`;
export const gateBandPath = (ticket: string, band: string, step: 'write' | 'written'): string =>
  `${gateBandsPath(ticket)}/${band}/${step}`;

/**
 * One band of a ticket. Gates refuse it where it is `disputed` (another ticket claims it too, or the ticket has more than its party needs) and
 * where it was `replaced`: the ticket has been passed on or re-issued since.
 */
export const bandViewSchema = z.object({
  band: bandIdSchema,
  ticket: ticketIdSchema,
  method: methodIdSchema,
  state: z.enum(['bound', 'disputed', 'replaced', 'reserved']),
  /** The ticket's epoch that it was bound for. */
  epoch: z.number().int().optional(),
  /** Who bound it, and when. */
  mark: markNameSchema.optional(),
  atMs: unixMs.optional(),
  expiresAtMs: unixMs.optional(),
});
export type BandView = z.infer<typeof bandViewSchema>;
/** `GET /api/tickets/{ticket}/bands`. */
export const bandListSchema = z.object({
  ticket: ticketIdSchema,
  event: eventIdSchema,
  /** One for each of the ticket's party. */
  bandsMax: z.number().int(),
  bands: z.array(bandViewSchema),
});
export type BandList = z.infer<typeof bandListSchema>;

/** `POST /api/events/{event}/bands/import`, a CSV: without `dryRun` all lines or none. */
export const bandImportQuerySchema = z.strictObject({
  dryRun: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true'),
});
export const bandImportErrorSchema = z.object({
  /** In the file, the first being 1. */
  line: z.number().int(),
  problem: z.string(),
  /** The ticket that has the band. */
  ticket: ticketIdSchema.optional(),
});
export type BandImportError = z.infer<typeof bandImportErrorSchema>;
export const bandImportSchema = z.object({
  dryRun: z.boolean(),
  bands: z.number().int(),
  /** Bound by this import, or what it would bind. */
  bound: z.number().int(),
  /** Bound to the same ticket already. */
  unchanged: z.number().int(),
  errorCount: z.number().int(),
  /** The first of them. */
  errors: z.array(bandImportErrorSchema).max(importErrorsMax),
});
export type BandImport = z.infer<typeof bandImportSchema>;
