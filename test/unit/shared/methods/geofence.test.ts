// Goal: what a phone has signed about where it was proves its key and nothing else; it admits only where the event's rules say so, with
// every rule for positions kept, and no part of it can be cut off, exchanged or taken from elsewhere.
import { beforeAll, describe, expect, it } from 'vitest';
import {
  base64UrlToBytes,
  bytesToBase64Url,
  bytesToHex,
  concatBytes,
  decodeGeofenceProof,
  encodeGeofenceProof,
  encodeHolderPass,
  encodePassBytes,
  geofenceMethod,
  geofenceOf,
  geofenceProofCharsMax,
  geofenceProofPrefix,
  geofenceRulesSchema,
  keyId,
  keyPairFromSeed,
  passClaims,
  proofFixesMax,
  ready,
  sign,
  utf8,
  type Fix,
  type KeyPair,
  type Lookups,
} from '@postern/shared';

const ticket = { id: '0190c2d45e6f7a8b9c0d1e2f30415263', type: 1, epoch: 2 };
let issuer: KeyPair;
let phone: KeyPair;
let pass: Uint8Array;
beforeAll(async () => {
  await ready;
  issuer = keyPairFromSeed(new Uint8Array(32).fill(1));
  phone = keyPairFromSeed(new Uint8Array(32).fill(2));
  pass = encodeHolderPass(passClaims(7, ticket), phone.publicKey, issuer);
});

const fix = (atS: number, fields: Partial<Fix> = {}): Fix => ({ atS, lat: 48.2, lon: 16.4, accuracyM: 8, ...fields });
const proofOf = (fixes: readonly Fix[], number = 1): string => encodeGeofenceProof(pass, phone, { number, fixes });
const rules = (mode: 'admit' | 'pre-check', more: object = {}) =>
  geofenceRulesSchema.parse({
    mode,
    zones: [{ id: 'door', name: 'Door', zone: 'arena', shape: { type: 'Circle', center: [16.4, 48.2], radiusM: 100 } }],
    ...more,
  });
const verify = (text: string, policy: Parameters<typeof geofenceOf>[0] = { geofence: rules('admit') }) => {
  const lookups: Lookups = {
    event: 7,
    issuerKey: (id) => (id === keyId(issuer.publicKey) ? { publicKey: issuer.publicKey, state: 'active' } : undefined),
    ticketByCode: () => undefined,
    ticketByShortCode: () => undefined,
    tag: () => ({ type: 'unbound' }),
    geofence: () => geofenceOf(policy),
  };
  const shown = { medium: 'typed', text, readerId: 'x', seenAtMs: 0 } as const;
  return geofenceMethod.verify(shown, lookups, new AbortController().signal);
};
const refusal = async (...about: Parameters<typeof verify>): Promise<string> => {
  const claim = await verify(...about);
  return claim.ok ? 'claimed' : claim.error.type;
};

describe('a signed position', () => {
  it('claims the ticket of its pass, as of its last fix', async () => {
    expect(await verify(proofOf([fix(1_000), fix(1_060)]))).toEqual({
      ok: true,
      value: expect.objectContaining({
        method: 'geofence',
        assurance: 'signed',
        event: 7,
        ticketId: ticket.id,
        epoch: 2,
        issuedAtS: 1_060,
      }),
    });
  });

  it('admits nobody where the rules only pre-check, or say nothing of positions', async () => {
    const text = proofOf([fix(1_000), fix(1_060)]);
    expect(await refusal(text, { geofence: rules('pre-check') })).toBe('assurance-too-low');
    expect(await refusal(text, {})).toBe('assurance-too-low');
  });

  it.each([
    ['one fix', [fix(1_060)]],
    ['too short a stay', [fix(1_000), fix(1_030)]],
    ['the wrong place', [fix(1_000, { lat: 48.3 }), fix(1_060, { lat: 48.3 })]],
    ['too inaccurate', [fix(1_000), fix(1_060, { accuracyM: 500 })]],
    ['teleporting', [fix(1_000), fix(1_030, { lat: 50 }), fix(1_060)]],
  ])('with %s proves nothing', async (_name, fixes) => {
    expect(await refusal(proofOf(fixes))).toBe('position-unproven');
  });

  it.each([
    ['latitude beyond the pole', [fix(1_000, { lat: 90.5 })]],
    ['longitude beyond 180°', [fix(1_000, { lon: -181 })]],
    ['negative accuracy', [fix(1_000, { accuracyM: -1 })]],
    ['NaN, which JSON writes as null', [fix(1_000, { lat: Number.NaN })]],
    ['a huge accuracy', [fix(1_000, { accuracyM: 1e300 })]],
    ['half a second', [fix(1_000.5)]],
    ['times that fall', [fix(1_060), fix(1_000)]],
    ['the same time twice', [fix(1_000), fix(1_000)]],
    ['no fix', []],
    ['more fixes than one message has', Array.from({ length: proofFixesMax + 1 }, (_, index) => fix(1_000 + index))],
  ])('that says %s is malformed', async (_name, fixes) => {
    expect(await refusal(proofOf(fixes))).toBe('malformed');
  });

  it('has the most that one message has', async () => {
    const fixes = Array.from({ length: proofFixesMax }, (_, index) =>
      fix(1_790_017_200 + index * 10, { lat: -48.123456, lon: -116.123456, accuracyM: 12.5 }),
    );
    const text = encodeGeofenceProof(pass, phone, { number: Number.MAX_SAFE_INTEGER, fixes });
    expect(text.length).toBeLessThanOrEqual(geofenceProofCharsMax);
    expect(await refusal(text)).toBe('position-unproven');
  });

  it('cannot be cut, at any length', () => {
    const text = proofOf([fix(1_000), fix(1_060)]);
    for (let length = geofenceProofPrefix.length; length < text.length; length++) {
      const read = decodeGeofenceProof(text.slice(0, length), () => ({ publicKey: issuer.publicKey, state: 'active' }));
      expect(read.ok).toBe(false);
    }
    expect(decodeGeofenceProof(`${text}.AA`, () => ({ publicKey: issuer.publicKey, state: 'active' }))).toMatchObject({
      ok: false,
      error: { type: 'malformed' },
    });
  });

  it('is signed under a domain of its own, by the key of its own pass', async () => {
    const said = utf8(JSON.stringify({ n: 1, f: [[1_000, 48.2, 16.4, 8]] }));
    const join = (holderPass: Uint8Array, signature: Uint8Array): string =>
      geofenceProofPrefix + [holderPass, said, signature].map(bytesToBase64Url).join('.');
    const length = Uint8Array.of(pass.length >> 8, pass.length & 0xff);
    const own = concatBytes(utf8('postern-geofence-v1\0'), length, pass, said);
    expect(await refusal(join(pass, sign(phone.secretKey, own)))).toBe('position-unproven');
    for (const message of [said, concatBytes(pass, said), concatBytes(utf8('postern-band-v1\0'), length, pass, said)])
      expect(await refusal(join(pass, sign(phone.secretKey, message)))).toBe('signature-invalid');
    const otherPhone = keyPairFromSeed(new Uint8Array(32).fill(3));
    expect(await refusal(join(pass, sign(otherPhone.secretKey, own)))).toBe('signature-invalid');
    const otherPass = encodeHolderPass(passClaims(7, { ...ticket, epoch: 3 }), phone.publicKey, issuer);
    expect(await refusal(join(otherPass, sign(phone.secretKey, own)))).toBe('signature-invalid');
    const staticPass = encodePassBytes(passClaims(7, ticket), issuer);
    expect(await refusal(join(staticPass, sign(phone.secretKey, own)))).toBe('malformed');
    const forged = encodeHolderPass(passClaims(7, ticket), phone.publicKey, phone);
    expect(await refusal(join(forged, sign(phone.secretKey, own)))).toBe('key-unknown');
  });

  it('generates the pass that the phone signs with', async () => {
    const made = await geofenceMethod.generate(
      { event: 7, ticket, options: { holderKey: bytesToHex(phone.publicKey) }, nowMs: 0 },
      issuer,
    );
    const holderPass = base64UrlToBytes(String(made.ok ? made.value.payload['holderPass'] : ''));
    expect(holderPass).toEqual(pass);
    const small = Uint8Array.of(1, ...new Uint8Array(31));
    expect(
      await geofenceMethod.generate({ event: 7, ticket, options: { holderKey: bytesToHex(small) }, nowMs: 0 }, issuer),
    ).toMatchObject({ ok: false, error: { type: 'holder-key-unsound' } });
  });
});
