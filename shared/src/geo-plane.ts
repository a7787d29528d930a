// A venue on a plane: positions in metres around an origin, and where a point lies beside a polygon with holes. Zones have some kilometres,
// and there the plane is right to less than any phone knows. Longitudes are taken around the origin, so the date line is no edge.
import { booleanPointInPolygon } from '@turf/boolean-point-in-polygon';

/** Degrees, WGS 84. */
export interface Position {
  readonly lat: number;
  readonly lon: number;
}
/** Metres to the east and to the north. */
export type Point = readonly [east: number, north: number];
export type Ring = readonly Point[];
type Segment = readonly [Point, Point];

/** Mean radius of the Earth (IUGG). */
const earthRadiusM = 6_371_008.8;
const radians = Math.PI / 180;

/** `degrees` as the nearest way around says it: -180 to 180. */
const around = (degrees: number): number => degrees - 360 * Math.round(degrees / 360);

export const toPlane = (origin: Position, { lat, lon }: Position): Point => [
  around(lon - origin.lon) * radians * earthRadiusM * Math.cos(origin.lat * radians),
  (lat - origin.lat) * radians * earthRadiusM,
];

export const fromPlane = (origin: Position, [east, north]: Point): Position => ({
  lat: origin.lat + north / (radians * earthRadiusM),
  lon: around(origin.lon + east / (radians * earthRadiusM * Math.cos(origin.lat * radians))),
});

/** Metres along the great circle (haversine). */
export function distanceM(a: Position, b: Position): number {
  const [up, across] = [Math.sin(((b.lat - a.lat) * radians) / 2), Math.sin(((b.lon - a.lon) * radians) / 2)];
  const part = up * up + Math.cos(a.lat * radians) * Math.cos(b.lat * radians) * across * across;
  return 2 * earthRadiusM * Math.asin(Math.min(1, Math.sqrt(part)));
}

/** Metres from `point` to the nearest edge of any ring: positive inside the polygon, negative outside and in its holes. */
export function marginM(rings: readonly Ring[], point: Point): number {
  let nearest = Number.POSITIVE_INFINITY;
  for (const ring of rings) for (const edge of edgesOf(ring)) nearest = Math.min(nearest, distanceToEdge(edge, point));
  return isWithin(rings, point) ? nearest : -nearest;
}

export const isWithin = (rings: readonly Ring[], point: Point): boolean =>
  booleanPointInPolygon([...point], { type: 'Polygon', coordinates: rings as unknown as number[][][] });

export const edgesOf = (ring: Ring): readonly Segment[] =>
  ring.slice(1).map((end, index) => [ring[index] as Point, end]);

/** Square metres, whichever way around it is drawn. */
export const areaM2 = (ring: Ring): number =>
  Math.abs(edgesOf(ring).reduce((sum, [[ax, ay], [bx, by]]) => sum + ax * by - bx * ay, 0)) / 2;

function distanceToEdge([[ax, ay], [bx, by]]: Segment, [x, y]: Point): number {
  const [dx, dy] = [bx - ax, by - ay];
  const along = Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)));
  return Math.hypot(x - ax - along * dx, y - ay - along * dy);
}

/** Twice the area of the triangle: its sign says on which side of `a` to `b` the point lies. */
const side = ([ax, ay]: Point, [bx, by]: Point, [x, y]: Point): number => (bx - ax) * (y - ay) - (by - ay) * (x - ax);

/** Whether two edges have a point in common, their ends too. */
export function doMeet([a, b]: Segment, [c, d]: Segment): boolean {
  const [ofC, ofD, ofA, ofB] = [side(a, b, c), side(a, b, d), side(c, d, a), side(c, d, b)];
  if (ofC * ofD < 0 && ofA * ofB < 0) return true;
  const isOn = ([from, to]: Segment, [x, y]: Point): boolean =>
    x >= Math.min(from[0], to[0]) &&
    x <= Math.max(from[0], to[0]) &&
    y >= Math.min(from[1], to[1]) &&
    y <= Math.max(from[1], to[1]);
  return (
    (ofC === 0 && isOn([a, b], c)) ||
    (ofD === 0 && isOn([a, b], d)) ||
    (ofA === 0 && isOn([c, d], a)) ||
    (ofB === 0 && isOn([c, d], b))
  );
}

/** Tangent of the angle up to which two edges lie on each other. */
const straight = 1e-5;

/** Whether the edge that follows goes straight back over the one before. */
export function isSpike([a, b]: Segment, [, c]: Segment): boolean {
  const onward = (b[0] - a[0]) * (c[0] - b[0]) + (b[1] - a[1]) * (c[1] - b[1]);
  return onward < 0 && Math.abs(side(a, b, c)) <= -onward * straight;
}
