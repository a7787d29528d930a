// What an event's rules say of positions: where its zones are, how long and how surely somebody must have been seen in one, and what that
// is worth. Part of the policy, so that gates know it offline.
import { z } from 'zod';
import { distanceM, marginM, toPlane, type Position } from './geo-plane.ts';
import {
  geofenceShapeSchema,
  planeOf,
  pointCount,
  toPosition,
  zonePointsMax,
  type GeofenceShape,
} from './geofence-shape.ts';

const zonesMax = 32;

export const geofenceZoneSchema = z.object({
  id: z.string().regex(/^[a-z0-9-]{1,32}$/),
  /** As phones show it. */
  name: z.string().trim().min(1).max(100),
  /** The zone of the venue before which it lies. */
  zone: z.string().min(1).max(64),
  /** Only for this gate; otherwise for every gate of the zone. */
  gate: z
    .string()
    .regex(/^[a-z0-9-]{1,32}$/)
    .optional(),
  shape: geofenceShapeSchema,
});
export type GeofenceZone = z.infer<typeof geofenceZoneSchema>;

export const geofenceRulesSchema = z.object({
  /** `pre-check`: to have been here counts for a gate that asks for it, and admits nobody. `admit`: it is a ticket's use. */
  mode: z.enum(['pre-check', 'admit']).default('pre-check'),
  zones: z
    .array(geofenceZoneSchema)
    .min(1)
    .max(zonesMax)
    .refine((zones) => new Set(zones.map(({ id }) => id)).size === zones.length, 'two zones have the same id')
    .refine(
      (zones) => zones.reduce((sum, { shape }) => sum + pointCount(shape), 0) <= zonePointsMax,
      `more than ${zonePointsMax} points in all`,
    ),
  /** Seconds between the first and the last of at least two fixes in a zone. */
  dwellS: z.number().int().min(1).max(3_600).default(60),
  /** Seconds for which a pre-check counts after the fix that it stands on. */
  validS: z.number().int().min(300).max(43_200).default(1_800),
  /** A fix whose radius of accuracy is larger says nothing, metres. */
  accuracyMaxM: z.number().int().min(5).max(1_000).default(100),
  /** Faster than this nobody moves from one fix to the next. */
  speedMaxKmh: z.number().int().min(20).max(1_500).default(250),
  /** A fix that is older when it comes is of another time. */
  ageMaxS: z.number().int().min(10).max(3_600).default(120),
  /** After so many seconds without a fix somebody may have been away. */
  gapMaxS: z.number().int().min(10).max(7_200).default(900),
});
export type GeofenceRules = z.infer<typeof geofenceRulesSchema>;

/** A zone as fixes are held against it. */
export interface Fence {
  readonly id: string;
  readonly zone: string;
  readonly gate?: string;
  /** Metres to its edge: positive inside. */
  readonly marginM: (position: Position) => number;
}

export interface Geofence {
  readonly rules: GeofenceRules;
  readonly fences: readonly Fence[];
}

const known = new WeakMap<GeofenceRules, Geofence>();

/** Of an event's policy. Asked at every fix: made once for the rules of a ticket list. */
export function geofenceOf(
  policy: { readonly geofence?: GeofenceRules | undefined } | undefined,
): Geofence | undefined {
  const rules = policy?.geofence;
  if (rules === undefined) return undefined;
  const geofence = known.get(rules) ?? { rules, fences: rules.zones.map(toFence) };
  known.set(rules, geofence);
  return geofence;
}

const toFence = ({ id, zone, gate, shape }: GeofenceZone): Fence => ({
  id,
  zone,
  ...(gate === undefined ? {} : { gate }),
  marginM: marginOf(shape),
});

function marginOf(shape: GeofenceShape): Fence['marginM'] {
  if (shape.type === 'Circle') {
    const center = toPosition(shape.center);
    return (position) => shape.radiusM - distanceM(center, position);
  }
  const { origin, rings } = planeOf(shape.coordinates);
  return (position) => marginM(rings, toPlane(origin, position));
}
