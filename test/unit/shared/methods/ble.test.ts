// Goal: a wristband that only advertises an id is worth a lookup and no more; one with a key of its own proves itself to the gate that has
// asked, and nothing that is copied, passed on or altered does.
import {
  bandChallengeBytes,
  bandProofMessage,
  base64UrlToBytes,
  bleMethod,
  bytesToHex,
  encodePassBytes,
  keyPairFromSeed,
  keyId,
  passClaims,
  ready,
  sign,
  type BandPresentation,
  type BandProof,
  type KeyPair,
  type Lookups,
  type TagState,
  type Ticket,
} from '@postern/shared';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { ticketIdOfTests } from '../../../support/marks.ts';

const signal = new AbortController().signal;
const id = Uint8Array.of(0xb0, 1, 2, 3);
const challenge = new Uint8Array(bandChallengeBytes).fill(5);
const ticket: Ticket = { id: ticketIdOfTests, type: 2, epoch: 3, status: 'valid', party: 1 };
const otherTicket: Ticket = { ...ticket, id: ticketIdOfTests.replace('0', 'f') };
const bound: TagState = { type: 'bound', ticketId: ticket.id, epoch: 3 };

let issuer: KeyPair;
let band: KeyPair;
beforeAll(async () => {
  await ready;
  [issuer, band] = [3, 4].map((fill) => keyPairFromSeed(new Uint8Array(32).fill(fill))) as [KeyPair, KeyPair];
});

const lookups = (tag: TagState, keyState: 'active' | 'revoked' = 'active'): Lookups => ({
  event: 7,
  issuerKey: (key) => (key === keyId(issuer.publicKey) ? { publicKey: issuer.publicKey, state: keyState } : undefined),
  ticketByCode: () => undefined,
  ticketByShortCode: () => undefined,
  tag: (medium, seen) => (medium === 'ble' && bytesToHex(seen) === bytesToHex(id) ? tag : { type: 'unbound' }),
});
const held = (proof?: BandProof, seen = id): BandPresentation => ({
  medium: 'ble',
  text: `ble:${bytesToHex(seen)}`,
  id: seen,
  readerId: 'ble',
  seenAtMs: 0,
  ...(proof === undefined ? {} : { proof }),
});
const passFor = async (of: Ticket, event = 7): Promise<Uint8Array> => {
  const options = { uid: bytesToHex(id), key: bytesToHex(band.publicKey) };
  const made = await bleMethod.generate({ event, ticket: of, options, nowMs: 0 }, issuer);
  if (!made.ok || made.value.toWrite === undefined) throw new Error('no pass');
  return made.value.toWrite;
};
const proofWith = async (change: Partial<BandProof> = {}, of = ticket, signer = band): Promise<BandProof> => ({
  gate: 'gate-a',
  credential: await passFor(of),
  challenge,
  signature: sign(signer.secretKey, bandProofMessage(challenge, of.id, 'gate-a')),
  ...change,
});
/** `assurance ticket`, or why not. */
const verify = async (presentation: BandPresentation, known: Lookups): Promise<string> => {
  const claim = await bleMethod.verify(presentation, known, signal);
  return claim.ok ? `${claim.value.assurance} ${claim.value.ticketId} ${claim.value.epoch}` : claim.error.type;
};

describe('a band that only advertises', () => {
  it('is looked up by its id and kind', async () => {
    expect(bleMethod.accepts(held())).toBe(true);
    expect(bleMethod.accepts({ ...held(), medium: 'nfc', uid: id })).toBe(false);
    expect(await verify(held(), lookups(bound))).toBe(`looked-up ${ticket.id} 3`);
    expect(await verify(held(undefined, id.slice(1)), lookups(bound))).toBe('code-unknown');
    expect(await verify(held(), lookups({ type: 'unbound' }))).toBe('code-unknown');
  });

  it('lets nobody in while two tickets claim it, whatever it proves', async () => {
    const conflict: TagState = {
      type: 'conflict',
      conflict: { id: '0'.repeat(32), event: 7, kind: 'tag', subject: '0'.repeat(32), marks: [] },
    };
    expect(await verify(held(), lookups(conflict))).toBe('band-disputed');
    expect(await verify(held(await proofWith()), lookups(conflict))).toBe('band-disputed');
  });
});

describe('a band that signs', () => {
  it('proves its ticket, bound or not', async () => {
    const presentation = held(await proofWith());
    for (const state of [bound, { type: 'unbound' } as const])
      expect(await verify(presentation, lookups(state))).toBe(`challenged ${ticket.id} 3`);
  });

  it('answers one gate and one challenge', async () => {
    for (const change of [
      { gate: 'gate-b' },
      { challenge: challenge.map((byte) => byte + 1) },
      { signature: new Uint8Array(64) },
    ])
      for (const state of [bound, { type: 'unbound' } as const])
        expect(await verify(held(await proofWith(change)), lookups(state))).toBe('signature-invalid');
    expect(await verify(held(await proofWith({}, ticket, issuer)), lookups(bound))).toBe('signature-invalid');
  });

  it('needs a pass of ours that names its key', async () => {
    const own = await proofWith({ credential: encodePassBytes(passClaims(7, ticket), issuer) });
    expect(await verify(held(own), lookups(bound))).toBe('malformed');
    expect(await verify(held(await proofWith()), lookups(bound, 'revoked'))).toBe('key-revoked');
    const unknown = { ...lookups(bound), issuerKey: () => undefined };
    expect(await verify(held(await proofWith()), unknown)).toBe('key-unknown');
  });

  it('with a pass left over from before it was bound anew is worth its id', async () => {
    expect(await verify(held(await proofWith({}, otherTicket)), lookups(bound))).toBe(`looked-up ${ticket.id} 3`);
  });

  it('that was taken from its ticket is worth nothing any more', async () => {
    const released: TagState = { type: 'unbound', released: true };
    expect(await verify(held(await proofWith()), lookups(released))).toBe('replaced');
    expect(await verify(held(), lookups(released))).toBe('code-unknown');
  });

  it('is refused for answers of a wrong size, and never throws at any', async () => {
    for (const change of [
      { challenge: new Uint8Array(15) },
      { challenge: new Uint8Array(17) },
      { signature: new Uint8Array(63) },
      { signature: new Uint8Array(65) },
      { credential: new Uint8Array(0) },
      { credential: new Uint8Array(5_000) },
    ])
      expect(await verify(held(await proofWith(change)), lookups(bound))).toBe('malformed');
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 300 }),
        fc.uint8Array({ maxLength: 32 }),
        fc.uint8Array({ maxLength: 80 }),
        async (credential, asked, signature) => {
          const proof = { gate: 'gate-a', credential, challenge: asked, signature };
          expect(await verify(held(proof), lookups({ type: 'unbound' }))).not.toMatch(/^challenged/);
        },
      ),
    );
  });

  it('proves nothing with any bit of its pass or signature flipped', async () => {
    const proof = await proofWith();
    const flip = (bytes: Uint8Array, bit: number): Uint8Array =>
      bytes.map((byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
    for (let bit = 0; bit < proof.credential.length * 8; bit += 7)
      expect(await verify(held({ ...proof, credential: flip(proof.credential, bit) }), lookups(bound))).not.toMatch(
        /^challenged/,
      );
    for (let bit = 0; bit < 512; bit += 5)
      expect(await verify(held({ ...proof, signature: flip(proof.signature, bit) }), lookups(bound))).toBe(
        'signature-invalid',
      );
  });
});

describe('generating for a band', () => {
  const generate = (options: unknown): ReturnType<typeof bleMethod.generate> =>
    bleMethod.generate({ event: 7, ticket, options, nowMs: 0 }, issuer);

  it('gives nothing to write for a band without a key, and a pass for one with', async () => {
    expect(await generate({ uid: 'B0:01' })).toEqual({ ok: true, value: { payload: { uid: 'b001' } } });
    const made = await generate({ uid: 'b001', key: bytesToHex(band.publicKey) });
    if (!made.ok) throw new Error(made.error.type);
    const { credentialId, payload, toWrite } = made.value;
    expect(credentialId).toMatch(/^[0-9a-f]{16}$/);
    expect(base64UrlToBytes(String(payload['pass']))).toEqual(toWrite);
  });

  it.each([
    [undefined, 'options-invalid'],
    [{}, 'options-invalid'],
    [{ uid: 'b0', more: 1 }, 'options-invalid'],
    [{ uid: 'b' }, 'options-invalid'],
    [{ uid: 'b0'.repeat(33) }, 'options-invalid'],
    [{ uid: 'b0', key: 'b0' }, 'options-invalid'],
    [{ uid: 'b0', key: '00'.repeat(32) }, 'holder-key-unsound'],
    [{ uid: 'b0', key: 'ff'.repeat(32) }, 'holder-key-unsound'],
  ])('refuses %j', async (options, type) => {
    expect(await generate(options)).toMatchObject({ ok: false, error: { type } });
  });
});
