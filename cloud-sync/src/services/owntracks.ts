// What OwnTracks apps send over HTTP, as they are (owntracks.org/booklet: tech/http, tech/json, features/encrypt), and what they understand as
// an answer: a JSON array of messages, sealed where theirs was.
import {
  bytesToHex,
  distanceM,
  err,
  ok,
  openSecretBox,
  sealSecretBox,
  secretBoxKeyBytes,
  secretBoxNonceBytes,
  sha256,
  toPosition,
  utf8,
  type Fix,
  type GeofenceRules,
  type GeofenceShape,
  type Position,
  type Random,
  type Result,
} from '@postern/shared';
import { z } from 'zod';

/** Seconds, which end before JavaScript's dates do. */
const secondsMax = 253_402_300_799;
const phoneTime = z.number().int().min(0).max(secondsMax);
const phoneLatitude = z.number().min(-90).max(90);
const phoneLongitude = z.number().min(-180).max(180);
/** iOS says a negative one where it does not know. */
const phoneAccuracy = z.number().optional();

/** `transition` has a position too: what counts is where it says that the phone was, not that a region of the app was entered. */
const positioned = z.object({
  _type: z.enum(['location', 'transition']),
  tst: phoneTime,
  lat: phoneLatitude,
  lon: phoneLongitude,
  acc: phoneAccuracy,
});
const encrypted = z.object({
  _type: z.literal('encrypted'),
  data: z
    .string()
    .max(16_384)
    .regex(/^[A-Za-z0-9+/]+={0,2}$/),
});
const anyMessage = z.object({ _type: z.string().max(64) });

export type PhoneMessage =
  | { readonly type: 'fix'; readonly fix: Fix }
  /** Battery steps, waypoints, last wills: nothing to do with us. */
  | { readonly type: 'other' };
export type PhoneError = { readonly type: 'message-malformed'; readonly cause: string };

const malformed = (cause: string): Result<never, PhoneError> => err({ type: 'message-malformed', cause });

export const isSealed = (body: unknown): boolean => anyMessage.safeParse(body).data?._type === 'encrypted';

/** Reads one message, with `key` where it is sealed. */
export function readPhoneMessage(body: unknown, key: Uint8Array): Result<PhoneMessage, PhoneError> {
  const type = anyMessage.safeParse(body).data?._type;
  if (type === undefined) return malformed('an OwnTracks message has a _type');
  if (type !== 'encrypted') return readPlain(body, type);
  const sealed = encrypted.safeParse(body).data;
  const opened = sealed === undefined ? undefined : openSecretBox(Buffer.from(sealed.data, 'base64'), key);
  if (opened === undefined) return malformed('not sealed with the encryption key of this phone');
  const inner = parseJson(opened);
  const innerType = anyMessage.safeParse(inner).data?._type;
  return innerType === undefined || innerType === 'encrypted'
    ? malformed('what is sealed is no OwnTracks message')
    : readPlain(inner, innerType);
}

function readPlain(message: unknown, type: string): Result<PhoneMessage, PhoneError> {
  if (type !== 'location' && type !== 'transition') return ok({ type: 'other' });
  const read = positioned.safeParse(message);
  if (!read.success) return malformed(z.prettifyError(read.error));
  const { tst, lat, lon, acc } = read.data;
  // The app leaves out what is zero, and nobody knows to the metre where they are.
  return ok({ type: 'fix', fix: { atS: tst, lat, lon, accuracyM: acc === undefined || acc < 0 ? undefined : acc } });
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    // Not UTF-8 or not JSON: the schemas refuse undefined.
    return undefined;
  }
}

/** OwnTracks pads its key with zero bytes. */
export function phoneKey(text: string): Uint8Array {
  const key = new Uint8Array(secretBoxKeyBytes);
  key.set(utf8(text).slice(0, secretBoxKeyBytes));
  return key;
}

/** As the app would send it. */
export const sealMessage = (message: object, key: Uint8Array, random: Random): object => ({
  _type: 'encrypted',
  data: Buffer.from(sealSecretBox(utf8(JSON.stringify(message)), random(secretBoxNonceBytes), key)).toString('base64'),
});

/** Which zones an app knows: the answer carries them again where this changes. */
export const zonesHash = ({ zones }: GeofenceRules): string =>
  bytesToHex(sha256(utf8(JSON.stringify(zones))).slice(0, 8));

/** Zones as regions of the app, which knows circles alone: the smallest around the middle of a polygon's bounds. */
export function toWaypoints({ zones }: GeofenceRules, createdAtS: number): readonly object[] {
  return zones.map(({ name, shape }, index) => {
    const { center, radiusM } = circleAround(shape);
    // An app tells its regions apart by the time of their making.
    return {
      _type: 'waypoint',
      desc: name,
      lat: round(center.lat),
      lon: round(center.lon),
      rad: Math.ceil(radiusM),
      tst: createdAtS + index,
    };
  });
}

export const setWaypoints = (waypoints: readonly object[]): object => ({
  _type: 'cmd',
  action: 'setWaypoints',
  waypoints: { _type: 'waypoints', waypoints },
});

const round = (degrees: number): number => Math.round(degrees * 1e6) / 1e6;

function circleAround(shape: GeofenceShape): { readonly center: Position; readonly radiusM: number } {
  if (shape.type === 'Circle') return { center: toPosition(shape.center), radiusM: shape.radiusM };
  const outline = (shape.coordinates[0] ?? []).map(toPosition);
  const first = outline[0] ?? { lat: 0, lon: 0 };
  // Across the date line the nearer way is the right one.
  const longitudes = outline.map(({ lon }) => lon - 360 * Math.round((lon - first.lon) / 360));
  const latitudes = outline.map(({ lat }) => lat);
  const middle = (values: readonly number[]): number => (Math.min(...values) + Math.max(...values)) / 2;
  const lon = middle(longitudes);
  const center = { lat: middle(latitudes), lon: lon - 360 * Math.round(lon / 360) };
  return { center, radiusM: Math.max(...outline.map((point) => distanceM(center, point))) };
}
