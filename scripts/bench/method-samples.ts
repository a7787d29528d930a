// What a holder holds up for every verification method, what the gate knows of it, and the arithmetic that nobody can do without: the floor beside
// which the method is measured. A method without a sample stops the bench.
import { cmac, ecb } from '@noble/ciphers/aes.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import {
  bandChallengeBytes,
  bandProofMessage,
  bytesToHex,
  concatBytes,
  encodeDynamicPass,
  encodeGeofenceProof,
  encodeHolderPass,
  encodePass,
  encodePassBytes,
  encodeNdef,
  encodeTokenRow,
  encodeWalletCode,
  faceKeyBytes,
  faceModel,
  faceRulesSchema,
  faceTemplateBytes,
  geofenceOf,
  geofenceRulesSchema,
  keyedHash,
  keyPairFromSeed,
  ndefExternal,
  ndefPassType,
  nftRulesSchema,
  openAead,
  passClaims,
  pretixOf,
  pretixRulesSchema,
  sealAead,
  sealFace,
  sign,
  stepStartS,
  sunSuffixDefault,
  utf8,
  verifySignature,
  walletCodeDigest,
  walletFromSecret,
  type KeyPair,
  type Lookups,
  type Presentation,
  type SunKeys,
  type TagState,
  type TokenRow,
} from '@postern/shared';
import type { TicketSource } from '../../gate-agent/src/ticket-source.ts';
import { feedEvent, feedKeys, feedStartMs, generatedTicket } from '../lib/build-feed.ts';
import { sunMessage } from '../lib/virtual-tags.ts';

export interface MethodSample {
  readonly method: string;
  /** Where a method has several ways. */
  readonly way?: string;
  readonly shown: Presentation;
  /** What a gate knows beside its ticket list. */
  readonly lookups?: Partial<Lookups>;
  readonly floor: { readonly name: string; readonly run: () => unknown };
}

/** The ticket that every sample is about, and its code. */
const presented = generatedTicket(42, true);
export const nftRules = nftRulesSchema.parse({ chainId: 1, contract: `0x${'c0'.repeat(20)}` });
export const chainHead = { block: 21_000_000, atMs: feedStartMs };
const wallet = walletFromSecret(new Uint8Array(32).fill(3));
const tokenIdOf = (index: number): bigint => (BigInt(feedEvent) << 224n) + BigInt(index);

/** The token that stands for the n-th generated ticket, each of somebody else. */
export function tokenRowOf(index: number): TokenRow {
  const { ticket } = generatedTicket(index, true);
  const owner =
    index === 42 ? wallet.address : (`0x${bytesToHex(keyedHash(sampleKey, utf8(`${index}`), 20))}` as const);
  return encodeTokenRow({
    contract: nftRules.contract,
    tokenId: tokenIdOf(index),
    ticketId: ticket.id,
    epoch: 0,
    owner,
    consumed: false,
    block: chainHead.block - (index % 50_000),
  });
}

const sampleKey = new Uint8Array(32).fill(8);
const text = (shown: string): Presentation => ({ medium: 'optical', text: shown, readerId: 'bench', seenAtMs: 0 });
const issuer = (): KeyPair => feedKeys('issuer');
const phone = (): KeyPair => keyPairFromSeed(new Uint8Array(32).fill(2));
const claims = passClaims(feedEvent, presented.ticket);
const nowS = stepStartS(feedStartMs);

export function createMethodSamples(): readonly MethodSample[] {
  const holderPass = encodeHolderPass(claims, phone().publicKey, issuer());
  const message = new Uint8Array(100);
  const signature = sign(phone().secretKey, message);
  const { publicKey } = phone();
  const once = (): boolean => verifySignature(publicKey, message, signature);
  const oneSignature = { name: 'one Ed25519 verify', run: once };
  const twoSignatures = { name: 'two Ed25519 verifies', run: () => once() && once() };
  const oneHash = { name: 'one BLAKE2b', run: () => keyedHash(sampleKey, message.subarray(0, 40), 16) };
  return [
    { method: 'qr', shown: text(encodePass(claims, issuer())), floor: oneSignature },
    { method: 'dynamic', shown: text(encodeDynamicPass(holderPass, phone(), nowS)), floor: twoSignatures },
    { ...geofenceSample(holderPass), floor: twoSignatures },
    nftSample(),
    { method: 'nfc', way: 'UID', shown: tagShown(), floor: oneHash },
    { method: 'nfc', way: 'pass', shown: tagShown(ndefPass()), floor: oneSignature },
    sunSample(),
    { method: 'ble', way: 'id', shown: bandShown(), floor: oneHash },
    { method: 'ble', way: 'key', shown: bandShown(holderPass), floor: twoSignatures },
    faceSample(),
    { ...pretixSample(), floor: oneSignature },
    { method: 'code', shown: text(presented.code ?? ''), floor: oneHash },
  ];
}

/** Bindings as a gate has them, by the hash of the tag, in memory: a gate asks its marks. */
export function boundTag(tagHash: TicketSource['tagHash']): Lookups['tag'] {
  const bound = new Set((['nfc', 'ble'] as const).map((medium) => tagHash(medium, tagId)));
  const state: TagState = { type: 'bound', ticketId: presented.ticket.id, epoch: 0 };
  return (medium, id) => (bound.has(tagHash(medium, id)) ? state : { type: 'unbound' });
}

/** The tag or band that every sample of those is about. */
const tagId = Uint8Array.of(4, 0xa1, 0xb2, 0xc3, 0xd4, 0xe5, 0x80);
const tagShown = (ndef?: Uint8Array): Presentation => ({
  medium: 'nfc',
  text: 'nfc',
  uid: tagId,
  ...(ndef === undefined ? {} : { ndef }),
  readerId: 'bench',
  seenAtMs: 0,
});
const ndefPass = (): Uint8Array =>
  encodeNdef([{ format: ndefExternal, type: ndefPassType, payload: encodePassBytes(claims, issuer(), tagId) }]);

function bandShown(credential?: Uint8Array): Presentation {
  const challenge = new Uint8Array(bandChallengeBytes).fill(5);
  const signature = sign(phone().secretKey, bandProofMessage(challenge, presented.ticket.id, 'gate-1'));
  const proof = credential === undefined ? {} : { proof: { gate: 'gate-1', credential, challenge, signature } };
  return { medium: 'ble', text: 'ble', id: tagId, ...proof, readerId: 'bench', seenAtMs: 0 };
}

function geofenceSample(holderPass: Uint8Array): Omit<MethodSample, 'floor'> {
  const shape = { type: 'Circle', center: [16.4, 48.2], radiusM: 100 };
  const rules = geofenceRulesSchema.parse({
    mode: 'admit',
    zones: [{ id: 'door', name: 'Door', zone: 'main', shape }],
  });
  const fixes = [nowS - 60, nowS].map((atS) => ({ atS, lat: 48.2, lon: 16.4, accuracyM: 8 }));
  return {
    method: 'geofence',
    shown: text(encodeGeofenceProof(holderPass, phone(), { number: 1, fixes })),
    lookups: { geofence: () => geofenceOf({ geofence: rules }) },
  };
}

function faceSample(): MethodSample {
  const ticketId = presented.ticket.id;
  const key = new Uint8Array(faceKeyBytes).fill(3);
  const template = Uint8Array.from({ length: faceTemplateBytes }, (_, index) => index);
  const generation = { epoch: 0, ...faceModel };
  const sealed = sealFace(template, { event: feedEvent, ticketId, ...generation }, key, new Uint8Array(24));
  const rules = faceRulesSchema.parse({ untilS: nowS + 3_600 });
  const associated = new Uint8Array(44);
  const bare = sealAead(template, associated, new Uint8Array(24), key);
  return {
    method: 'face',
    shown: { medium: 'face', text: 'face', ticketId, template, readerId: 'bench', seenAtMs: 0 },
    lookups: { face: () => ({ rules, find: () => ({ face: { ticketId, ...generation, sealed }, key }) }) },
    floor: { name: 'opening the seal', run: () => openAead(bare, associated, key) },
  };
}

function nftSample(): MethodSample {
  const saying = { event: feedEvent, ...nftRules, tokenId: tokenIdOf(42), issuedAtS: nowS };
  const digest = walletCodeDigest(saying, 'typed');
  const signature = wallet.sign(digest);
  const recovered = concatBytes(Uint8Array.of((signature[64] ?? 27) - 27), signature.subarray(0, 64));
  return {
    method: 'nft',
    shown: text(encodeWalletCode({ ...saying, form: 'typed', signature })),
    floor: {
      name: 'one secp256k1 recovery',
      run: () => secp256k1.recoverPublicKey(recovered, digest, { prehash: false }),
    },
  };
}

function sunSample(): MethodSample {
  const sunKeys: SunKeys = {
    metaRead: new Uint8Array(16).fill(1),
    fileRead: new Uint8Array(16).fill(2),
    suffix: sunSuffixDefault,
  };
  const ndef = sunMessage({ uid: bytesToHex(tagId), keys: sunKeys, counter: 12 });
  const block = new Uint8Array(16);
  return {
    method: 'nfc',
    way: 'SUN',
    shown: tagShown(ndef),
    lookups: { sunKeys },
    floor: {
      name: 'one AES block and four CMACs',
      run: () => {
        ecb(sunKeys.metaRead, { disablePadding: true }).decrypt(block);
        const tagKey = cmac(concatBytes(block, block.subarray(1)), sunKeys.fileRead);
        cmac(block.subarray(0, 0), cmac(block, tagKey));
        return cmac(block, tagKey);
      },
    },
  };
}

function pretixSample(): Omit<MethodSample, 'floor'> {
  const payload = Uint8Array.of(0x10, 1);
  const bytes = concatBytes(Uint8Array.of(1, 0, payload.length, 0, 64), payload, sign(phone().secretKey, payload));
  const policy = { pretix: pretixRulesSchema.parse({ keys: [bytesToHex(phone().publicKey)], items: [] }) };
  return {
    method: 'pretix',
    shown: text([...Buffer.from(bytes).toString('base64')].toReversed().join('')),
    lookups: { pretix: () => pretixOf(policy) },
  };
}
