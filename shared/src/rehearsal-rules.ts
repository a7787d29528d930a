// The part of an event's rules by which all its gates rehearse (rehearsal.ts).
import { z } from 'zod';

const seconds = z.number().int().min(0).max(253_402_300_799);

/** 8 random bytes, hexadecimal. */
export const rehearsalSessionPattern = /^[0-9a-f]{16}$/;
/** No rehearsal is longer: one that was forgotten must not meet the next night's doors. */
export const rehearsalHoursMax = 12;

/** In the feed's rules: the whole event rehearses, from, inclusive, until, exclusive, Unix seconds. */
export const rehearsalRulesSchema = z.object({
  session: z.string().regex(rehearsalSessionPattern),
  fromS: seconds,
  untilS: seconds,
});
export type RehearsalRules = z.infer<typeof rehearsalRulesSchema>;
