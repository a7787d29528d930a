// The shapes that a geofence's zones may have, as map editors write them (GeoJSON, RFC 7946: longitude first), and what is wrong with one
// that nobody could stand in: open, crossing itself, too large, holes outside.
import { z } from 'zod';
import {
  areaM2,
  distanceM,
  doMeet,
  edgesOf,
  isSpike,
  isWithin,
  toPlane,
  type Position,
  type Ring,
} from './geo-plane.ts';

/** Beyond these latitudes the plane of geo-plane.ts is no longer right. */
const latitudeMax = 85;
/** Of one zone, its holes included: whether it crosses itself costs the square of this. */
const pointsMax = 200;
const holesMax = 8;
/** Points of all zones of an event: the rules travel to every gate. */
export const zonePointsMax = 1_000;
const radiusMinM = 10;
export const extentMaxM = 20_000;
const areaMinM2 = 100;

const coordinate = z.tuple([z.number().min(-180).max(180), z.number().min(-latitudeMax).max(latitudeMax)]);
const circleSchema = z.object({
  type: z.literal('Circle'),
  /** `[longitude, latitude]`. */
  center: coordinate,
  radiusM: z.number().min(radiusMinM).max(extentMaxM),
});
const polygonSchema = z
  .object({
    type: z.literal('Polygon'),
    /** The outline and then its holes, each closed: the last point is the first. */
    coordinates: z
      .array(z.array(coordinate).min(4).max(pointsMax))
      .min(1)
      .max(1 + holesMax),
  })
  .superRefine((polygon, context) => {
    const fault = faultOf(polygon.coordinates);
    if (fault !== undefined) context.addIssue({ code: 'custom', path: ['coordinates'], message: fault });
  });

export const geofenceShapeSchema = z.discriminatedUnion('type', [circleSchema, polygonSchema]);
export type GeofenceShape = z.infer<typeof geofenceShapeSchema>;
type Coordinates = z.infer<typeof polygonSchema>['coordinates'];

export const toPosition = ([lon, lat]: readonly [number, number]): Position => ({ lat, lon });

export const pointCount = (shape: GeofenceShape): number =>
  shape.type === 'Circle' ? 1 : shape.coordinates.reduce((sum, ring) => sum + ring.length, 0);

/** A polygon's rings on a plane around its first point. */
export function planeOf(coordinates: Coordinates): { readonly origin: Position; readonly rings: readonly Ring[] } {
  const origin = toPosition(coordinates[0]?.[0] ?? [0, 0]);
  return { origin, rings: coordinates.map((ring) => ring.map((point) => toPlane(origin, toPosition(point)))) };
}

/** In words for who draws it; undefined where nothing is wrong. */
function faultOf(coordinates: Coordinates): string | undefined {
  if (coordinates.flat().length > pointsMax) return `more than ${pointsMax} points`;
  for (const ring of coordinates) {
    const [first, last] = [ring[0], ring.at(-1)];
    if (first?.[0] !== last?.[0] || first?.[1] !== last?.[1]) return 'not closed: the last point must be the first';
  }
  const { origin, rings } = planeOf(coordinates);
  if (coordinates.flat().some((point) => distanceM(origin, toPosition(point)) > extentMaxM))
    return `larger than ${extentMaxM / 1_000} km`;
  for (const ring of rings) {
    const fault = ringFault(ring);
    if (fault !== undefined) return fault;
  }
  const [outline, ...holes] = rings;
  if (outline === undefined || areaM2(outline) < areaMinM2) return `smaller than ${areaMinM2} square metres`;
  for (const [index, hole] of holes.entries()) {
    if (!isWithin([outline], hole[0] ?? [0, 0])) return 'a hole outside the outline';
    const others = [outline, ...holes.slice(0, index)];
    if (others.some((other) => edgesOf(other).some((edge) => edgesOf(hole).some((own) => doMeet(edge, own)))))
      return 'a hole that meets the outline or another hole';
    const isInAnother = (other: Ring): boolean =>
      isWithin([other], hole[0] ?? [0, 0]) || isWithin([hole], other[0] ?? [0, 0]);
    if (holes.slice(0, index).some(isInAnother)) return 'a hole in a hole';
  }
  return undefined;
}

function ringFault(ring: Ring): string | undefined {
  const edges = edgesOf(ring);
  for (const [index, edge] of edges.entries()) {
    const [[ax, ay], [bx, by]] = edge;
    if (ax === bx && ay === by) return 'the same point twice in a row';
    const next = edges[(index + 1) % edges.length];
    if (next !== undefined && isSpike(edge, next)) return 'an edge that goes back over itself';
  }
  const areNeighbours = (a: number, b: number): boolean => b - a === 1 || b - a === edges.length - 1;
  const doesCross = edges.some((edge, index) =>
    edges.some((other, place) => place > index && !areNeighbours(index, place) && doMeet(edge, other)),
  );
  return doesCross ? 'it crosses or touches itself' : undefined;
}
