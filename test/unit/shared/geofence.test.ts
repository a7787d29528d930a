// Goal: what zones may look like, and what a phone's fixes come to beside them: surely inside, long enough, at a human speed, once.
import { circle } from '@turf/circle';
import { pointToPolygonDistance } from '@turf/point-to-polygon-distance';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  distanceM,
  follow,
  freshnessOf,
  fromPlane,
  geofenceOf,
  geofenceRulesSchema,
  geofenceShapeSchema,
  noTrack,
  type Fix,
  type Geofence,
  type GeofenceRules,
  type Position,
  type Presence,
  type Track,
} from '@postern/shared';

const door: Position = { lat: 48.2, lon: 16.4 };
/** `east` and `north` metres from the door. */
const at = (east: number, north = 0, origin = door): Position => fromPlane(origin, [east, north]);
const ringOf = (points: readonly (readonly [number, number])[], origin = door): number[][] =>
  points.map(([east, north]) => [at(east, north, origin).lon, at(east, north, origin).lat]);
const closed = (points: readonly (readonly [number, number])[]): (readonly [number, number])[] => [
  ...points,
  ...points.slice(0, 1),
];
const square = (half: number, [x, y]: readonly [number, number] = [0, 0]) =>
  closed([
    [x - half, y - half],
    [x + half, y - half],
    [x + half, y + half],
    [x - half, y + half],
  ]);
const polygon = (...rings: readonly (readonly (readonly [number, number])[])[]) => ({
  type: 'Polygon',
  coordinates: rings.map((ring) => ringOf(ring)),
});
const rulesOf = (shape: unknown, more: object = {}): GeofenceRules =>
  geofenceRulesSchema.parse({ zones: [{ id: 'door', name: 'Door', zone: 'arena', shape }], ...more });
const geofence = (shape: unknown, more: object = {}): Geofence => {
  const made = geofenceOf({ geofence: rulesOf(shape, more) });
  if (made === undefined) throw new Error('no rules');
  return made;
};
const disc = (radiusM: number, center = door): object => ({
  type: 'Circle',
  center: [center.lon, center.lat],
  radiusM,
});
const marginAt = (shape: unknown, position: Position): number =>
  geofence(shape).fences[0]?.marginM(position) ?? Number.NaN;

describe('a zone', () => {
  const faultOf = (shape: unknown): string | undefined =>
    geofenceShapeSchema
      .safeParse(shape)
      .error?.issues.map(({ message }) => message)
      .join();

  it.each([
    [
      'open',
      polygon(
        square(50)
          .slice(0, 4)
          .concat([[-49, -50]]),
      ),
      'not closed',
    ],
    [
      'a bow tie',
      polygon(
        closed([
          [0, 0],
          [100, 100],
          [100, 0],
          [0, 100],
        ]),
      ),
      'crosses or touches itself',
    ],
    [
      'touching itself in a point',
      polygon(
        closed([
          [0, 0],
          [50, 50],
          [100, 0],
          [100, 100],
          [50, 50],
          [0, 100],
        ]),
      ),
      'crosses or touches',
    ],
    [
      'a spike',
      polygon(
        closed([
          [0, 0],
          [100, 0],
          [200, 0],
          [100, 0],
          [100, 100],
        ]),
      ),
      'goes back over itself',
    ],
    [
      'a doubled point',
      polygon(
        closed([
          [0, 0],
          [0, 0],
          [100, 0],
          [100, 100],
        ]),
      ),
      'same point twice',
    ],
    [
      'a sliver',
      polygon(
        closed([
          [0, 0],
          [10, 0],
          [10, 1],
        ]),
      ),
      'smaller than',
    ],
    ['a country', polygon(square(30_000)), 'larger than'],
    ['with a hole outside', polygon(square(50), square(10, [200, 0])), 'hole outside'],
    ['with a hole over its edge', polygon(square(50), square(10, [45, 0])), 'a hole that meets'],
    ['with a hole in a hole', polygon(square(50), square(20), square(5)), 'a hole in a hole'],
  ])('that is %s is refused, and says why', (_name, shape, fault) => {
    expect(faultOf(shape)).toContain(fault);
  });

  it.each([
    ['NaN', [Number.NaN, 48]],
    ['infinite', [Number.POSITIVE_INFINITY, 48]],
    ['beyond 180°', [180.1, 48]],
    ['beyond the poles', [16, 90.1]],
    ['a text', ['16', 48]],
    ['three numbers', [16, 48, 100]],
  ])('with a coordinate that is %s is refused', (_name, center) => {
    expect(faultOf({ type: 'Circle', center, radiusM: 100 })).toBeDefined();
    expect(faultOf({ type: 'Polygon', coordinates: [[center, [16, 48], [16.1, 48], center]] })).toBeDefined();
  });

  it('has a bounded number of points, alone and together', () => {
    const corners = (count: number) =>
      closed(
        Array.from(
          { length: count },
          (_, index) => [100 * Math.cos((index / count) * 6.283), 100 * Math.sin((index / count) * 6.283)] as const,
        ),
      );
    expect(faultOf(polygon(corners(199)))).toBeUndefined();
    expect(faultOf(polygon(corners(200)))).toBeDefined();
    expect(faultOf(polygon(corners(190), square(10)))).toBeUndefined();
    expect(faultOf(polygon(corners(196), square(10)))).toContain('more than 200 points');
    const zones = Array.from({ length: 6 }, (_, index) => ({
      id: `z${index}`,
      name: 'Z',
      zone: 'arena',
      shape: polygon(corners(199)),
    }));
    expect(geofenceRulesSchema.safeParse({ zones: zones.slice(0, 5) }).success).toBe(true);
    expect(geofenceRulesSchema.safeParse({ zones }).success).toBe(false);
  });

  it('lies across the date line as anywhere else', () => {
    const fiji: Position = { lat: -16.8, lon: 179.9995 };
    const shape = { type: 'Polygon', coordinates: [ringOf(square(200), fiji)] };
    expect(shape.coordinates[0]?.some(([lon = 0]) => lon < 0)).toBe(true);
    expect(faultOf(shape)).toBeUndefined();
    expect(marginAt(shape, at(150, 0, fiji))).toBeCloseTo(50, 1);
    expect(marginAt(shape, at(-150, 0, fiji))).toBeCloseTo(50, 1);
    expect(marginAt(shape, at(300, 0, fiji))).toBeCloseTo(-100, 1);
    expect(marginAt(disc(200, fiji), at(150, 0, fiji))).toBeCloseTo(50, 1);
  });

  it('is left where one of its holes begins', () => {
    const shape = polygon(square(100), square(20));
    expect(marginAt(shape, door)).toBeCloseTo(-20, 1);
    expect(marginAt(shape, at(30))).toBeCloseTo(10, 1);
    expect(marginAt(shape, at(95))).toBeCloseTo(5, 1);
    expect(marginAt(shape, at(110))).toBeCloseTo(-10, 1);
  });

  it('has its edge where an independent library has it, to half a percent', () => {
    const offset = fc.integer({ min: -400, max: 400 });
    fc.assert(
      fc.property(
        offset,
        offset,
        fc.integer({ min: -60, max: 60 }),
        fc.integer({ min: 20, max: 300 }),
        (east, north, lat, half) => {
          const origin = { lat, lon: 10 };
          const ring = ringOf([...square(half).slice(0, 2), [half * 1.5, half / 3], ...square(half).slice(2)], origin);
          const shape = { type: 'Polygon' as const, coordinates: [ring] };
          const point = at(east, north, origin);
          const theirs = -pointToPolygonDistance([point.lon, point.lat], shape, {
            units: 'meters',
            method: 'geodesic',
          });
          expect(Math.abs(marginAt(shape, point) - theirs)).toBeLessThan(0.5 + Math.abs(theirs) * 0.005);
        },
      ),
      { numRuns: 300 },
    );
    const ring = circle([door.lon, door.lat], 300, { steps: 64, units: 'meters' }).geometry.coordinates[0] ?? [];
    for (const [lon = 0, lat = 0] of ring) expect(Math.abs(marginAt(disc(300), { lat, lon }))).toBeLessThan(0.5);
  });
});

describe('fixes of a phone', () => {
  const here = geofence(disc(200));
  const fix = (atS: number, where: Position = door, accuracyM: number | undefined = 10): Fix => ({
    ...where,
    atS,
    accuracyM,
  });
  const run = (
    fixes: readonly Fix[],
    inside = here,
  ): { readonly track: Track; readonly presences: readonly Presence[] } => {
    let track = noTrack;
    const presences: Presence[] = [];
    for (const one of fixes) {
      const step = follow(track, one, inside);
      track = step.track;
      presences.push(step.presence);
    }
    return { track, presences };
  };
  const lastOf = (fixes: readonly Fix[], inside = here): string => {
    const last = run(fixes, inside).presences.at(-1);
    return last?.type === 'refused' ? last.reason : (last?.type ?? '');
  };

  it('are a presence after the dwell time and at least two of them', () => {
    expect(lastOf([fix(1_000)])).toBe('waiting');
    expect(lastOf([fix(1_000), fix(1_059)])).toBe('waiting');
    expect(lastOf([fix(1_000), fix(1_060)])).toBe('present');
    expect(lastOf([fix(1_000)], geofence(disc(200), { dwellS: 1 }))).toBe('waiting');
  });

  it('begin anew after leaving, and after too long without any', () => {
    expect(lastOf([fix(1_000), fix(1_100, at(1_000)), fix(1_200)])).toBe('waiting');
    expect(lastOf([fix(1_000), fix(1_901)])).toBe('waiting');
    expect(lastOf([fix(1_000), fix(1_900)])).toBe('present');
  });

  it('count their accuracy against themselves: the edge is neither in nor out', () => {
    expect(lastOf([fix(1_000, at(195)), fix(1_060, at(195))])).toBe('waiting');
    expect(lastOf([fix(1_000), fix(1_030, at(195)), fix(1_060)])).toBe('present');
    expect(lastOf([fix(1_000, at(205))])).toBe('waiting');
    expect(lastOf([fix(1_000, at(215))])).toBe('outside');
    expect(lastOf([fix(1_000, door, 101)])).toBe('accuracy-too-low');
    expect(lastOf([{ ...fix(1_000), accuracyM: undefined }])).toBe('accuracy-unknown');
  });

  it('are refused where nobody could have come so fast, and the stay ends; an inaccurate one in between hides nothing', () => {
    const faraway = at(50_000);
    expect(lastOf([fix(1_000, faraway), fix(1_060)])).toBe('too-fast');
    expect(lastOf([fix(1_000, faraway), fix(1_030, at(25_000), 99_999), fix(1_060)])).toBe('too-fast');
    expect(lastOf([fix(1_000, faraway), fix(1_800)])).toBe('waiting');
    expect(lastOf([fix(1_000), fix(1_030, faraway), fix(1_060)])).toBe('waiting');
  });

  it('that are as old as one before are replays, also of one that was not believed', () => {
    expect(lastOf([fix(1_000), fix(1_000)])).toBe('fix-replayed');
    expect(lastOf([fix(1_000), fix(999)])).toBe('fix-replayed');
    expect(lastOf([fix(1_000, door, 5_000), fix(1_000)])).toBe('fix-replayed');
  });

  it('must be of now', () => {
    const nowMs = 1_000_000_500;
    expect(freshnessOf(1_000_060, nowMs, 120)).toBeUndefined();
    expect(freshnessOf(1_000_061, nowMs, 120)).toBe('fix-in-future');
    expect(freshnessOf(999_881, nowMs, 120)).toBeUndefined();
    expect(freshnessOf(999_880, nowMs, 120)).toBe('fix-too-old');
  });

  it('tell zones apart that overlap', () => {
    const both = geofenceOf({
      geofence: geofenceRulesSchema.parse({
        zones: [
          { id: 'park', name: 'Park', zone: 'arena', shape: disc(2_000) },
          { id: 'north', name: 'North', zone: 'arena', gate: 'north', shape: disc(100) },
        ],
      }),
    });
    if (both === undefined) throw new Error('no rules');
    const presentIn = (fixes: readonly Fix[]): unknown => {
      const last = run(fixes, both).presences.at(-1);
      return last?.type === 'present' ? last.fences.map(({ id }) => id) : last?.type;
    };
    expect(presentIn([fix(1_000, at(500)), fix(1_070)])).toEqual(['park']);
    expect(presentIn([fix(1_000, at(500)), fix(1_070), fix(1_140)])).toEqual(['park', 'north']);
  });

  it('never throw, and without two inside are never a presence, whatever a phone says', () => {
    const anyFix = fc.record({
      atS: fc.integer({ min: 0, max: 5_000 }),
      lat: fc.double({ min: -90, max: 90, noNaN: true }),
      lon: fc.double({ min: -180, max: 180, noNaN: true }),
      accuracyM: fc.option(fc.double({ min: 0, max: 100_000, noNaN: true }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(anyFix, { maxLength: 20 }), (fixes) => {
        const inside = fixes.filter((one) => distanceM(one, door) <= 200).length;
        const present = run(fixes).presences.some(({ type }) => type === 'present');
        expect(present && inside < 2).toBe(false);
      }),
    );
  });
});
