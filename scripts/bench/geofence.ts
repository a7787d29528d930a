// What a phone's fix costs: judged alone, and on its whole way into the service and its database, beside the two signatures and the one
// question whether a point is in a polygon that nobody can do without.
import { booleanPointInPolygon } from '@turf/boolean-point-in-polygon';
import {
  assert,
  base64UrlToBytes,
  bytesToHex,
  decodeGeofenceProof,
  encodeGeofenceProof,
  encodeHolderPass,
  follow,
  geofenceOf,
  geofenceRulesSchema,
  keyId,
  keyPairFromSeed,
  noTrack,
  passClaims,
  ready,
  sign,
  verifySignature,
  type KeyOf,
  type SenderMade,
  type TicketResponse,
} from '@postern/shared';
import type { Cloud } from '../../cloud-sync/src/main.ts';
import { openBenchCloud, withDatabases } from './cloud-rig.ts';
import { compare } from './compare.ts';
import { benchRow, type Bench, type BenchRow } from './row.ts';

const [lat, lon] = [48.2, 16.4];
const corners = 100;
const underWay = 64;
/** Phones say at most 60 things a minute. */
const fixesPerPhone = 40;

/** A lake with a hundred corners, some 300 m across. */
const outline = Array.from({ length: corners + 1 }, (_, index): [number, number] => {
  const angle = (2 * Math.PI * (index % corners)) / corners;
  return [lon + 0.002 * Math.cos(angle), lat + 0.0013 * Math.sin(angle)];
});
const zone = { id: 'lake', name: 'Lake', zone: 'arena', shape: { type: 'Polygon', coordinates: [outline] } };
const rules = geofenceRulesSchema.parse({ zones: [zone] });

export const benchGeofence: Bench = async ({ quick }) => {
  await ready;
  const { rows, bareUs } = benchAlone(quick ? 2_000 : 10_000);
  return [...rows, ...(await benchService(quick ? 20 : 100, 1e6 / bareUs))];
};

function benchAlone(rounds: number): { readonly rows: readonly BenchRow[]; readonly bareUs: number } {
  const keys = keyPairFromSeed(new Uint8Array(32).fill(1));
  const phone = keyPairFromSeed(new Uint8Array(32).fill(2));
  const ticket = { id: '0190f3a47b6c7d8e8f90a1b2c3d4e5f6', type: 1, epoch: 0 };
  const holderPass = encodeHolderPass(passClaims(1, ticket), phone.publicKey, keys);
  const fixes = [1_000, 1_060].map((atS) => ({ atS, lat, lon, accuracyM: 8 }));
  const text = encodeGeofenceProof(holderPass, phone, { number: 1, fixes });
  const id = keyId(keys.publicKey);
  const keyOf: KeyOf = (asked) => (asked === id ? { publicKey: keys.publicKey, state: 'active' } : undefined);
  const geofence = geofenceOf({ geofence: rules });
  assert(geofence !== undefined, 'there are rules');
  const message = new Uint8Array(100);
  const signature = sign(keys.secretKey, message);
  const verify = (): boolean => verifySignature(keys.publicKey, message, signature);
  const isInside = (): boolean => booleanPointInPolygon([lon, lat], { type: 'Polygon', coordinates: [outline] });

  const [first, second] = fixes;
  assert(first !== undefined && second !== undefined, 'there are two fixes');
  const { track } = follow(noTrack, first, geofence);
  const judged = compare(rounds, () => follow(track, second, geofence), isInside);
  const proved = compare(
    rounds,
    () => {
      const proof = decodeGeofenceProof(text, keyOf);
      let at = noTrack;
      if (proof.ok) for (const fix of proof.value.fixes) ({ track: at } = follow(at, fix, geofence));
      return at.stays.length;
    },
    () => verify() && verify() && isInside(),
  );
  return {
    bareUs: proved.baselineUs,
    rows: [
      benchRow(`judge a fix beside ${corners} corners, beside the point in the polygon alone`, judged.us, 'us', {
        baseline: judged.baselineUs,
      }),
      benchRow('verify and judge two signed fixes, beside two verifies and one point in the polygon', proved.us, 'us', {
        baseline: proved.baselineUs,
        bar: { ratioAtMost: 2 },
      }),
      benchRow('two signed fixes: text', text.length, 'characters'),
      benchRow(`a zone of ${corners} corners in the rules of every gate`, JSON.stringify(zone).length, 'B'),
    ],
  };
}

/** Through the whole application and durable on SQLite, without sockets. */
const benchService = (phones: number, bareASecond: number): Promise<readonly BenchRow[]> =>
  withDatabases(async (databases) => {
    const cloud = await openBenchCloud(databases, 'geofence', await databases.create('SQLite'));
    try {
      const { bodies, signed } = await preparePhones(cloud, phones);
      const beside = { baseline: bareASecond };
      return [
        benchRow('fixes of OwnTracks apps a second, beside the bare checks', await rate(cloud, bodies), '1/s', beside),
        benchRow('signed fixes a second, beside the bare checks', await rate(cloud, signed), '1/s', beside),
      ];
    } finally {
      await cloud.close();
    }
  });

type Body = RequestInit & { readonly method: 'POST' };

/** Round by round: a phone never has two requests under way. */
type Rounds = readonly (readonly Body[])[];

async function preparePhones(
  cloud: Cloud,
  phones: number,
): Promise<{ readonly bodies: Rounds; readonly signed: Rounds }> {
  const token = (await cloud.users.resetAdministrator()) ?? (await cloud.users.createFirst())?.token ?? '';
  const post = async <T>(path: string, body?: object, method = 'POST'): Promise<T> => {
    const response = await cloud.app.request(path, {
      method,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };
  const zones = [{ id: 'arena', name: 'Arena' }];
  await post('/api/events', { name: 'Bench', types: [{ id: 1, name: 'Standing' }], zones });
  await post('/api/events/1/geofence', rules, 'PUT');
  const { tickets } = await post<{ tickets: TicketResponse[] }>('/api/tickets/batch', {
    event: 1,
    tickets: Array.from({ length: phones }, () => ({ type: 1 })),
  });
  const startS = Math.floor(Date.now() / 1_000) - 30;
  const bodies: Body[][] = Array.from({ length: fixesPerPhone }, () => []);
  const signed: Body[][] = Array.from({ length: fixesPerPhone }, () => []);
  for (const [index, { id }] of tickets.entries()) {
    const { user, password } = await post<SenderMade>(`/api/tickets/${id}/geofence-senders`);
    const seed = new Uint8Array(32).fill(1);
    new DataView(seed.buffer).setUint32(0, index);
    const keys = keyPairFromSeed(seed);
    const made = await post<{ payload: { holderPass: string } }>(`/api/tickets/${id}/methods/geofence/generate`, {
      holderKey: bytesToHex(keys.publicKey),
    });
    const holderPass = base64UrlToBytes(made.payload.holderPass) ?? new Uint8Array(0);
    for (let round = 0; round < fixesPerPhone; round++) {
      const atS = startS + round * 2;
      bodies[round]?.push({
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
        },
        body: JSON.stringify({ _type: 'location', tid: 'ab', tst: atS, lat, lon, acc: 8 }),
      });
      const proof = encodeGeofenceProof(holderPass, keys, {
        number: round + 1,
        fixes: [{ atS, lat, lon, accuracyM: 8 }],
      });
      signed[round]?.push({
        method: 'POST',
        headers: { 'Content-Type': 'text/plain' },
        body: JSON.stringify({ _type: 'postern-location', proof }),
      });
    }
  }
  return { bodies, signed };
}

async function rate(cloud: Cloud, rounds: Rounds): Promise<number> {
  const send = async (body: Body): Promise<void> => {
    const response = await cloud.app.request('/webhooks/geofence/1', body);
    const text = await response.text();
    if (response.status !== 200 || text.includes('refused')) throw new Error(`a fix was refused: ${text}`);
  };
  // The first ones are for the compiler, and write the zones that apps are told.
  const [warmUp, ...measured] = [rounds.slice(0, 5).flat(), ...rounds.slice(5)];
  for (const body of warmUp ?? []) await send(body);
  const startedMs = performance.now();
  for (const bodies of measured)
    for (let start = 0; start < bodies.length; start += underWay)
      await Promise.all(bodies.slice(start, start + underWay).map(send));
  return (measured.flat().length * 1_000) / (performance.now() - startedMs);
}
