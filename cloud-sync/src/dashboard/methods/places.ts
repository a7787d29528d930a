// Places where positions count, as somebody types them, and as the rules have them: circles by their middle, outlines as map editors write them.
import type { GeofenceRules } from '@postern/shared';
import { zoneIdFor } from './rules-draft.ts';

export interface PlaceDraft {
  /** Empty for a new one: made of its name. */
  readonly id: string;
  readonly name: string;
  readonly zone: string;
  readonly gate?: string;
  readonly shape: 'Circle' | 'Polygon';
  readonly latitude: string;
  readonly longitude: string;
  readonly radius: string;
  readonly coordinates: string;
}

type Place = GeofenceRules['zones'][number];

export const newPlace = (zone: string): PlaceDraft => ({
  id: '',
  name: '',
  zone,
  shape: 'Circle',
  latitude: '',
  longitude: '',
  radius: '150',
  coordinates: '',
});

export function toDraft({ id, name, zone, gate, shape }: Place): PlaceDraft {
  const common = { ...newPlace(zone), id, name, ...(gate === undefined ? {} : { gate }), shape: shape.type };
  return shape.type === 'Circle'
    ? {
        ...common,
        longitude: String(shape.center[0]),
        latitude: String(shape.center[1]),
        radius: String(shape.radiusM),
      }
    : { ...common, coordinates: JSON.stringify(shape.coordinates) };
}

export type PlaceFault = 'name' | 'number' | 'coordinates';
/** What is missing in a draft; undefined where nothing is. */
export function faultOf(draft: PlaceDraft): PlaceFault | undefined {
  if (draft.name.trim() === '') return 'name';
  if (draft.shape === 'Polygon') return readCoordinates(draft.coordinates) === undefined ? 'coordinates' : undefined;
  return [draft.latitude, draft.longitude, draft.radius].every((text) => readNumber(text) !== undefined)
    ? undefined
    : 'number';
}

/** The rules' zones; the cloud says what is wrong with a shape that nobody could stand in. */
export function toPlaces(drafts: readonly PlaceDraft[]): unknown[] {
  const taken: string[] = drafts.map(({ id }) => id).filter((id) => id !== '');
  return drafts.map((draft) => {
    const id = draft.id === '' ? zoneIdFor(draft.name, taken) : draft.id;
    if (draft.id === '') taken.push(id);
    return {
      id,
      name: draft.name.trim(),
      zone: draft.zone,
      ...(draft.gate === undefined ? {} : { gate: draft.gate }),
      shape:
        draft.shape === 'Circle'
          ? {
              type: 'Circle',
              center: [readNumber(draft.longitude), readNumber(draft.latitude)],
              radiusM: readNumber(draft.radius),
            }
          : { type: 'Polygon', coordinates: readCoordinates(draft.coordinates) },
    };
  });
}

/** `52,37` too, as people write it in half of Europe. */
function readNumber(text: string): number | undefined {
  const value = Number(text.trim().replace(',', '.'));
  return text.trim() === '' || !Number.isFinite(value) ? undefined : value;
}

/** The coordinates alone, a geometry, or a feature with one. */
function readCoordinates(text: string): unknown {
  try {
    let value: unknown = JSON.parse(text);
    for (const key of ['geometry', 'coordinates'])
      if (typeof value === 'object' && value !== null && key in value) value = (value as Record<string, unknown>)[key];
    return Array.isArray(value) ? value : undefined;
  } catch {
    // It is no JSON.
    return undefined;
  }
}
