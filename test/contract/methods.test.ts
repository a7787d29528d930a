// One line or a few for each method: what a gate knows, and what its holder holds up.
import { expect, test } from 'vitest';
import {
  bandChallengeBytes,
  bandProofMessage,
  base64UrlToBytes,
  bleMethod,
  bytesToHex,
  codeMethod,
  concatBytes,
  dynamicMethod,
  encodeDynamicPass,
  encodeGeofenceProof,
  encodePass,
  encodeWalletCode,
  faceKeyBytes,
  faceMethod,
  faceModel,
  faceRulesSchema,
  faceTemplateBytes,
  geofenceMethod,
  geofenceOf,
  geofenceRulesSchema,
  keyId,
  keyPairFromSeed,
  knownMethods,
  nfcMethod,
  nftMethod,
  nftRulesSchema,
  passClaims,
  pretixMethod,
  pretixOf,
  qrMethod,
  sealFace,
  sign,
  stepStartS,
  walletCodeDigest,
  walletFromSecret,
  type FaceLookups,
  type KeyPair,
  type Lookups,
  type Presentation,
  type TagState,
} from '@postern/shared';
import { rigEvent } from '../support/lane-rig.ts';
import { toyMethod } from '../support/toy-method.ts';
import { virtualStartMs } from '../support/virtual-time.ts';
import { describeMethodContract, presentedTicket, type MethodHarness } from './method.ts';

const byKey = (issuer: KeyPair): Partial<Lookups> => ({
  issuerKey: (id) => (id === keyId(issuer.publicKey) ? { publicKey: issuer.publicKey, state: 'active' } : undefined),
});
const shown = (text: string): Presentation => ({ medium: 'optical', text, readerId: 'camera', seenAtMs: 0 });
const phone = (): KeyPair => keyPairFromSeed(new Uint8Array(32).fill(12));
const id = Uint8Array.of(4, 0xa1, 0xb2, 0xc3, 0xd4, 0xe5, 0x80);
const bound: TagState = { type: 'bound', ticketId: presentedTicket.id, epoch: presentedTicket.epoch };
const boundTag: Lookups['tag'] = (_medium, seen) => (bytesToHex(seen) === bytesToHex(id) ? bound : { type: 'unbound' });
const printed = 'BOX-OFFICE 42';
const byCode = (code: string): Partial<Lookups> => ({
  ticketByCode: (asked) => (asked === code ? presentedTicket : undefined),
});
/** Item 1, as pretix signs it. */
const pretixCode = (keys: KeyPair): string => {
  const payload = Uint8Array.of(0x10, 1);
  const bytes = concatBytes(Uint8Array.of(1, 0, payload.length, 0, 64), payload, sign(keys.secretKey, payload));
  return [...Buffer.from(bytes).toString('base64')].toReversed().join('');
};
const generated = async (method: typeof bleMethod, issuer: KeyPair, options: unknown) => {
  const made = await method.generate(
    { event: rigEvent, ticket: presentedTicket, options, nowMs: virtualStartMs },
    issuer,
  );
  if (!made.ok) throw new Error('nothing generated');
  return made.value;
};
const aroundTheDoor = geofenceRulesSchema.parse({
  mode: 'admit',
  zones: [{ id: 'door', name: 'Door', zone: 'main', shape: { type: 'Circle', center: [16.4, 48.2], radiusM: 100 } }],
});
const wallet = walletFromSecret(new Uint8Array(32).fill(13));
const onChain = nftRulesSchema.parse({ chainId: 31_337, contract: `0x${'c0'.repeat(20)}` });
const walletSaying = {
  event: rigEvent,
  chainId: onChain.chainId,
  contract: onChain.contract,
  tokenId: 12n,
  issuedAtS: stepStartS(virtualStartMs),
};
const enrolledTemplate = Uint8Array.from({ length: faceTemplateBytes }, (_, index) => (index * 37) % 60);
const faceKey = new Uint8Array(faceKeyBytes).fill(6);
const enrolled: FaceLookups = {
  rules: faceRulesSchema.parse({ untilS: Math.floor(virtualStartMs / 1_000) + 3_600 }),
  find: (ticketId) => {
    if (ticketId !== presentedTicket.id) return undefined;
    const generation = { epoch: presentedTicket.epoch, ...faceModel };
    const binding = { event: rigEvent, ticketId, ...generation };
    const sealed = sealFace(enrolledTemplate, binding, faceKey, new Uint8Array(24).fill(9));
    return { face: { ticketId, ...generation, sealed }, key: faceKey };
  },
};
const bandOptions = (): object => ({ uid: bytesToHex(id), key: bytesToHex(phone().publicKey) });

const harnesses = new Map<typeof qrMethod, MethodHarness>([
  [
    qrMethod,
    {
      lookups: byKey,
      present: async (issuer: KeyPair) => shown(encodePass(passClaims(rigEvent, presentedTicket), issuer)),
    },
  ],
  [
    dynamicMethod,
    {
      lookups: byKey,
      present: async (issuer: KeyPair) => {
        const { payload } = await generated(dynamicMethod, issuer, { holderKey: bytesToHex(phone().publicKey) });
        const holderPass = base64UrlToBytes(String(payload['holderPass'])) ?? new Uint8Array(0);
        return shown(encodeDynamicPass(holderPass, phone(), Math.floor(virtualStartMs / 1_000)));
      },
      options: () => ({ holderKey: bytesToHex(phone().publicKey) }),
    },
  ],
  [
    geofenceMethod,
    {
      lookups: (issuer: KeyPair) => ({ ...byKey(issuer), geofence: () => geofenceOf({ geofence: aroundTheDoor }) }),
      present: async (issuer: KeyPair) => {
        const { payload } = await generated(geofenceMethod, issuer, { holderKey: bytesToHex(phone().publicKey) });
        const holderPass = base64UrlToBytes(String(payload['holderPass'])) ?? new Uint8Array(0);
        const nowS = Math.floor(virtualStartMs / 1_000);
        const fixes = [nowS - 60, nowS].map((atS) => ({ atS, lat: 48.2, lon: 16.4, accuracyM: 8 }));
        return shown(encodeGeofenceProof(holderPass, phone(), { number: 1, fixes }));
      },
      options: () => ({ holderKey: bytesToHex(phone().publicKey) }),
    },
  ],
  [
    nftMethod,
    {
      options: () => ({ wallet: `0x${'a1'.repeat(20)}` }),
      lookups: () => ({
        nft: () => ({
          rules: onChain,
          head: { block: 5, atMs: virtualStartMs },
          token: (tokenId: bigint) =>
            tokenId === walletSaying.tokenId
              ? { ticket: presentedTicket, owner: wallet.address, consumed: false }
              : undefined,
        }),
      }),
      present: async () => {
        const signature = wallet.sign(walletCodeDigest(walletSaying, 'text'));
        return shown(encodeWalletCode({ ...walletSaying, form: 'text', signature }));
      },
    },
  ],
  [
    nfcMethod,
    {
      lookups: () => ({ tag: boundTag }),
      present: async () => ({ medium: 'nfc', text: `nfc:${bytesToHex(id)}`, uid: id, readerId: 'nfc', seenAtMs: 0 }),
      options: () => ({ uid: bytesToHex(id) }),
    },
  ],
  [
    bleMethod,
    {
      lookups: (issuer: KeyPair) => ({ ...byKey(issuer), tag: boundTag }),
      present: async (issuer: KeyPair) => {
        const challenge = new Uint8Array(bandChallengeBytes).fill(5);
        const { toWrite: credential = new Uint8Array(0) } = await generated(bleMethod, issuer, bandOptions());
        const signature = sign(phone().secretKey, bandProofMessage(challenge, presentedTicket.id, 'north'));
        const proof = { gate: 'north', credential, challenge, signature };
        return { medium: 'ble', text: `ble:${bytesToHex(id)}+proof`, id, proof, readerId: 'ble', seenAtMs: 0 };
      },
      options: bandOptions,
    },
  ],
  [
    faceMethod,
    {
      lookups: () => ({ face: () => enrolled }),
      present: async (): Promise<Presentation> => ({
        medium: 'face',
        text: `face:${presentedTicket.id}`,
        ticketId: presentedTicket.id,
        // As a second picture of the same person: a little off everywhere.
        template: enrolledTemplate.map((byte, index) => byte + (index % 3)),
        readerId: 'camera',
        seenAtMs: 0,
      }),
    },
  ],
  [
    pretixMethod,
    {
      lookups: () => ({
        pretix: () => pretixOf({ pretix: { keys: [bytesToHex(phone().publicKey)], items: [{ item: 1, type: 0 }] } }),
        ...byCode(pretixCode(phone())),
      }),
      present: async () => shown(pretixCode(phone())),
    },
  ],
  [codeMethod, { lookups: () => byCode(printed), present: async () => shown(printed) }],
  [
    toyMethod,
    {
      lookups: byKey,
      present: async (issuer: KeyPair) =>
        shown(String((await generated(toyMethod, issuer, undefined)).payload['text'])),
    },
  ],
]);

for (const [method, harness] of harnesses) describeMethodContract(method, harness);

test('every method that ships keeps the contract', () => {
  expect([...harnesses.keys()].filter((method) => method !== toyMethod)).toEqual(knownMethods);
});
