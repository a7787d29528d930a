// Phones around a venue, for tests: an event with a disc around its door, an OwnTracks app, and a phone that signs.
import {
  base64UrlToBytes,
  bytesToHex,
  encodeGeofenceProof,
  fromPlane,
  keyPairFromSeed,
  type Fix,
  type FixOutcome,
  type KeyPair,
  type Position,
  type SenderMade,
} from '@postern/shared';
import type { CloudAccess } from './cloud.ts';

export const doorPosition: Position = { lat: 48.2, lon: 16.4 };
/** `east` and `north` metres from the door. */
export const besideDoor = (east: number, north = 0): Position => fromPlane(doorPosition, [east, north]);

export const doorZones = [
  {
    id: 'door',
    name: 'Main door',
    zone: 'arena',
    shape: { type: 'Circle', center: [doorPosition.lon, doorPosition.lat], radiusM: 200 },
  },
] as const;

export interface PhoneAnswer {
  readonly status: number;
  /** `present`, `waiting` or why it was refused, as the header says it. */
  readonly fix: string | null;
  readonly body: unknown;
}

export const basicOf = ({ user, password }: Pick<SenderMade, 'user' | 'password'>): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

/** Posts a body to the webhook as the app does. */
export async function postPhone(
  cloud: Pick<CloudAccess, 'request'>,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
  event = 1,
): Promise<PhoneAnswer> {
  const response = await cloud.request(`/webhooks/geofence/${event}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, fix: response.headers.get('Postern-Fix'), body: await response.json() };
}

/** As the app writes them; the time in Unix seconds. */
export const locationAt = (tst: number, { lat, lon }: Position = doorPosition, more: object = {}): object => ({
  _type: 'location',
  tid: 'ab',
  acc: 10,
  alt: 171,
  batt: 80,
  conn: 'm',
  t: 'u',
  topic: 'owntracks/abc/phone',
  lat,
  lon,
  tst,
  ...more,
});

export interface SigningPhone {
  readonly keys: KeyPair;
  readonly holderPass: Uint8Array;
  readonly proof: (fixes: readonly Fix[], number: number) => string;
  readonly send: (fixes: readonly Fix[], number: number) => Promise<PhoneAnswer & { readonly body: FixOutcome }>;
}

/** Binds a phone with a key of its own to the ticket. */
export async function createSigningPhone(cloud: CloudAccess, ticket: string, seed = 77): Promise<SigningPhone> {
  const keys = keyPairFromSeed(new Uint8Array(32).fill(seed));
  const made = await cloud.json<{ payload: { holderPass: string } }>(
    'POST',
    `/api/tickets/${ticket}/methods/geofence/generate`,
    { holderKey: bytesToHex(keys.publicKey) },
  );
  const holderPass = base64UrlToBytes(made.payload.holderPass) ?? new Uint8Array(0);
  const proof: SigningPhone['proof'] = (fixes, number) => encodeGeofenceProof(holderPass, keys, { number, fixes });
  return {
    keys,
    holderPass,
    proof,
    send: async (fixes, number) =>
      (await postPhone(cloud, { _type: 'postern-location', proof: proof(fixes, number) })) as PhoneAnswer & {
        readonly body: FixOutcome;
      },
  };
}
