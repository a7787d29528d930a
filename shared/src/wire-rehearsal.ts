// The JSON messages about rehearsals: begin one, leave it, and how it stands at each gate.
import { z } from 'zod';
import { rehearsalHoursMax } from './rehearsal-rules.ts';

const unixMs = z.number().int().min(0).max(8_640_000_000_000_000);

/** `POST /api/events/{event}/rehearsal`. It ends earlier where the first tickets become valid before. */
export const rehearsalRequestSchema = z.strictObject({
  forMinutes: z
    .number()
    .int()
    .min(1)
    .max(rehearsalHoursMax * 60)
    .default(240),
});

/** `rehearses` as far as is known; `unheard` has not called since the event's rehearsal began, so its entries may count; `left` by somebody
 * while the event rehearses, so its entries count; `may-rehearse` has not called since the event's rehearsal was ended. */
export const gateRehearsalStates = ['rehearses', 'unheard', 'left', 'may-rehearse'] as const;
export type GateRehearsalState = (typeof gateRehearsalStates)[number];

/** Gates of one answer; the others are in no worse state. */
export const rehearsalGatesMax = 200;

/** `never-begun`: no rehearsal of this gate or event is known to which the marks belong; `outside-its-time`: it was over, or had not begun;
 * `while-doors-open`: the gate had begun it by itself while people came in elsewhere. */
export const rehearsalAlarmCauses = ['never-begun', 'outside-its-time', 'while-doors-open'] as const;
export type RehearsalAlarmCause = (typeof rehearsalAlarmCauses)[number];

export const rehearsalViewSchema = z.object({
  /** The whole event's; absent while there is none. */
  event: z.object({ fromMs: unixMs, untilMs: unixMs, operator: z.string() }).optional(),
  /** Gates of which there is something to say. */
  gates: z.array(
    z.object({
      gate: z.string(),
      name: z.string(),
      state: z.enum(gateRehearsalStates),
      /** Whose rehearsal it is. */
      of: z.enum(['event', 'gate']),
      /** When it ends by itself. */
      untilMs: unixMs,
      /** Who has begun or left it there. */
      operator: z.string().optional(),
    }),
  ),
  /** Entries that gates have marked as rehearsed and that nobody should have. */
  alarms: z.array(
    z.object({
      gate: z.string(),
      name: z.string(),
      cause: z.enum(rehearsalAlarmCauses),
      /** Persons let in. */
      persons: z.number().int(),
      firstMs: unixMs,
      lastMs: unixMs,
    }),
  ),
});
export type RehearsalView = z.infer<typeof rehearsalViewSchema>;
