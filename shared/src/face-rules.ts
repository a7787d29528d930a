// What an event's signed rules say of faces. Absent, the event has none: gates then load no model and fetch no templates. Thresholds are
// distances of face-template.ts; the defaults follow from the curve in the gate's README.
import { z } from 'zod';

export const faceRulesSchema = z.object({
  /** Up to this distance it is the same person. */
  distanceMax: z.number().min(0.2).max(0.7).default(0.45),
  /** How long a lane looks for a face before a person decides. */
  lookS: z.number().int().min(2).max(60).default(10),
  /** Unix seconds from which no template of the event is used any more: the event's end and the hours that were promised. */
  untilS: z.number().int().min(0).max(253_402_300_799),
});
export type FaceRules = z.infer<typeof faceRulesSchema>;
