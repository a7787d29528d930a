// What the feed says about tickets: the ticket itself, its type, and the rules of an event's zones. Everything a gate needs
// to decide without asking anybody. Names of attendees are not part of it unless the event says so.
import { z } from 'zod';
import { faceRulesSchema } from './face-rules.ts';
import { geofenceRulesSchema } from './geofence-rules.ts';
import type { Language } from './languages.ts';
import { nftRulesSchema } from './nft-rules.ts';
import { pretixRulesSchema } from './pretix-rules.ts';
import { proofRulesSchema } from './proofs.ts';
import { rehearsalRulesSchema } from './rehearsal-rules.ts';
import { staleRules } from './stale-rules.ts';

/** What a ticket's row in the feed says; `used` and `transferred` are derived from marks and epochs, never stored. */
export const ticketStatuses = ['valid', 'revoked', 'unpaid', 'blocked'] as const;
export type TicketStatus = (typeof ticketStatuses)[number];

export const holdReasons = [
  'id-check',
  'under-18',
  'reduced',
  'companion',
  'vip',
  'second-factor',
  'supervisor',
] as const;
/** Why a person (or another factor) has to say yes before the gate opens. */
export type HoldReason = (typeof holdReasons)[number];

/** 32 hexadecimal digits: the 16 bytes of a UUIDv7, or of a foreign code's derived id. Lower case, no dashes. */
export const ticketIdPattern = /^[0-9a-f]{32}$/;

export interface Ticket {
  readonly id: string;
  /** Index of the ticket type in the event's rules. */
  readonly type: number;
  readonly epoch: number;
  readonly status: TicketStatus;
  /** Persons one code may admit, in parts; 1 for an ordinary ticket. */
  readonly party: number;
  /** Set where this ticket (not only its type) asks for a person. */
  readonly hold?: HoldReason;
  /** Overrides the type's window, Unix seconds. */
  readonly validFromS?: number;
  readonly validUntilS?: number;
  /** In which its visitor is spoken to, where it is known; the venue's languages otherwise. */
  readonly language?: Language;
}

const seconds = z.number().int().min(0).max(253_402_300_799);

export const ticketTypeSchema = z.object({
  id: z.number().int().min(0).max(65_535),
  name: z.string().min(1).max(100),
  /** Window in which the type admits, Unix seconds, both ends inclusive of the start and exclusive of the end. */
  validFromS: seconds.optional(),
  validUntilS: seconds.optional(),
  /** Zone ids it opens; empty means every zone. */
  zones: z.array(z.string().max(64)).max(100).default([]),
  /** Entries in all (per person of a party); 0 means without limit. */
  uses: z.number().int().min(0).max(10_000).default(1),
  /** May come back in after going out, without costing a use. */
  reentry: z.boolean().default(false),
  /** Minutes that must pass between two entries of one ticket; 0 switches it off. */
  antiPassbackMinutes: z.number().int().min(0).max(1_440).default(0),
  /** At most one use each event day (the event's time zone, day starting at `dayStartsAtHour`). */
  oncePerDay: z.boolean().default(false),
  hold: z.enum(holdReasons).optional(),
  /** The least proof this type asks for. */
  assuranceMin: z.enum(['looked-up', 'signed', 'challenged']).default('looked-up'),
  /** Which proofs admit, alone or together; empty: any one of `assuranceMin`. */
  proofs: proofRulesSchema.default([]),
});
export type TicketType = z.infer<typeof ticketTypeSchema>;

export const zoneSchema = z.object({
  id: z.string().min(1).max(64),
  name: z.string().min(1).max(100),
  /** Whether people are scanned on the way out; if not, re-entry needs a steward's pass-out mark. */
  exitsScanned: z.boolean().default(false),
  /** Persons the zone may hold; absent means no limit. */
  capacity: z.number().int().min(1).max(10_000_000).optional(),
  /** Each gate's share of the capacity when out of touch, by gate id, in persons. */
  shares: z.record(z.string(), z.number().int().min(0)).default({}),
  /** What a gate does when its share is spent and it is out of touch. */
  whenShareSpent: z.enum(['admit', 'supervisor', 'refuse']).default('supervisor'),
});
export type Zone = z.infer<typeof zoneSchema>;

/** An event's admission rules, as the feed carries them. */
export const admissionPolicySchema = z.object({
  event: z.number().int().min(0).max(4_294_967_295),
  name: z.string().min(1).max(200),
  timeZone: z.string().min(1).max(64).default('UTC'),
  /** Hour of the local day at which a new event day begins: 04:00 keeps a night in one day. */
  dayStartsAtHour: z.number().int().min(0).max(23).default(4),
  types: z.array(ticketTypeSchema).max(1_000),
  zones: z.array(zoneSchema).max(1_000),
  /** A correctly signed pass whose ticket is not in the cache (sold after the last sync). */
  unknownSignedPass: z.enum(['admit', 'supervisor', 'refuse']).default('admit'),
  /** Cache older than this is stale; what then. */
  staleAfterMinutes: z.number().int().min(1).max(100_000).default(240),
  whenStale: z.enum(staleRules).default('warn'),
  /** Days after which a gate that has heard nothing of its cloud forgets the list; absent means never. See `leaseEndMs`. */
  leaseDays: z.number().int().min(7).max(3_650).optional(),
  /** Static passes while the clock is not trusted. */
  whenClockUntrusted: z.enum(['admit', 'supervisor', 'refuse']).default('supervisor'),
  /** Methods switched off for this event. */
  methodsOff: z.array(z.string().max(32)).max(32).default([]),
  /** Tickets that pretix has signed itself, where the event has any. */
  pretix: pretixRulesSchema.optional(),
  /** Where positions of phones count, where they do at all. */
  geofence: geofenceRulesSchema.optional(),
  /** Whether faces count, where they do at all. */
  face: faceRulesSchema.optional(),
  /** On which chain tickets are tokens, where any are. */
  nft: nftRulesSchema.optional(),
  /** While the whole event rehearses: nothing that happens at its gates counts. */
  rehearsal: rehearsalRulesSchema.optional(),
});
export type AdmissionPolicy = z.infer<typeof admissionPolicySchema>;

const dayMs = 86_400_000;

/**
 * Until when a gate may keep an event's list, Unix ms; undefined without a lease. Counted anew from the last time that the cloud was heard
 * and from the last entry, and never over before the last ticket type's window is: a gate at which people come in is no stolen one.
 */
export function leaseEndMs(
  policy: Pick<AdmissionPolicy, 'leaseDays' | 'types'>,
  { contactMs, entryMs }: { readonly contactMs: number; readonly entryMs: number | undefined },
): number | undefined {
  if (policy.leaseDays === undefined) return undefined;
  const windowsEndMs = policy.types.map(({ validUntilS }) => (validUntilS ?? 0) * 1_000);
  return Math.max(policy.leaseDays * dayMs + Math.max(contactMs, entryMs ?? 0), ...windowsEndMs);
}
