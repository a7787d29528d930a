// Goal: what a tag is worth: a pass on its own tag, a counted CMAC, the binding of its UID, and nothing else.
import { beforeAll, describe, expect, it } from 'vitest';
import {
  createMethodRegistry,
  decodePassBytes,
  decodeNdef,
  encodeNdef,
  encodePassBytes,
  hexToBytes,
  keyPairFromSeed,
  knownMethods,
  lookupMissRules,
  ndefExternal,
  ndefPassType,
  ndefUriRecord,
  nfcMethod,
  ready,
  sunSuffixDefault,
  utf8,
  type Claim,
  type KeyPair,
  type Lookups,
  type PassClaims,
  type RefusalCode,
  type SunKeys,
  type TagPresentation,
  type TagState,
} from '@postern/shared';
import { eveningMs, ticketIdOfTests } from '../../../support/marks.ts';
import { silentLogger, systemClock } from '../../../support/readers.ts';
import { sunMessage } from '../../../../scripts/lib/virtual-tags.ts';

let issuer: KeyPair;
beforeAll(async () => {
  await ready;
  issuer = keyPairFromSeed(new Uint8Array(32).fill(3));
});

const signal = new AbortController().signal;
const hex = (text: string): Uint8Array => hexToBytes(text) ?? new Uint8Array(0);
const uid = '04a1b2c3d4e580';
const otherUid = '04a1b2c3d4e581';
const otherTicket = 'f'.repeat(32);
const keys: SunKeys = { metaRead: hex('01'.repeat(16)), fileRead: hex('02'.repeat(16)), suffix: sunSuffixDefault };
const claims: PassClaims = { ticketId: ticketIdOfTests, event: 7, type: 2, epoch: 1 };

const unbound: TagState = { type: 'unbound' };
const released: TagState = { type: 'unbound', released: true };
const boundTo = (ticketId: string, epoch = 1): TagState => ({ type: 'bound', ticketId, epoch });
const disputed: TagState = {
  type: 'conflict',
  conflict: { id: '0'.repeat(32), event: 7, kind: 'tag', subject: '', marks: [] },
};

const passOn = (tag: string, of: Partial<PassClaims> = {}): Uint8Array =>
  encodeNdef([
    { format: ndefExternal, type: ndefPassType, payload: encodePassBytes({ ...claims, ...of }, issuer, hex(tag)) },
  ]);
const held = (tag: string, ndef?: Uint8Array): TagPresentation => ({
  medium: 'nfc',
  text: `nfc:${tag}`,
  uid: hex(tag),
  ...(ndef === undefined ? {} : { ndef }),
  readerId: 'nfc',
  seenAtMs: 0,
});
const lookupsWith = (state: TagState, other: Partial<Lookups> = {}): Lookups => ({
  event: 7,
  issuerKey: () => ({ publicKey: issuer.publicKey, state: 'active' }),
  ticketByCode: () => undefined,
  ticketByShortCode: () => undefined,
  tag: (medium, id) => (medium === 'nfc' && id.every((byte, index) => byte === hex(uid)[index]) ? state : unbound),
  ...other,
});
/** The claim, or the refusal's code. */
const verify = async (
  presentation: TagPresentation,
  state: TagState,
  other: Partial<Lookups> = {},
): Promise<Claim | RefusalCode> => {
  const verified = await nfcMethod.verify(presentation, lookupsWith(state, other), signal);
  return verified.ok ? verified.value : verified.error.type;
};

describe('a UID alone', () => {
  it('is the ticket that it is bound to, looked up', async () =>
    expect(await verify(held(uid), boundTo(ticketIdOfTests, 3))).toEqual({
      method: 'nfc',
      assurance: 'looked-up',
      event: 7,
      ticketId: ticketIdOfTests,
      epoch: 3,
    }));

  it('is nothing when it is not bound, was taken from its ticket, or is disputed', async () => {
    expect(await verify(held(uid), unbound)).toBe('code-unknown');
    expect(await verify(held(uid), released)).toBe('code-unknown');
    expect(await verify(held(uid), disputed)).toBe('band-disputed');
  });

  it('counts where the tag holds the message of somebody else, or none that can be read', async () => {
    for (const ndef of [encodeNdef([ndefUriRecord('https://wristbands.example')]), hex('d1ff')])
      expect(await verify(held(uid, ndef), boundTo(ticketIdOfTests))).toMatchObject({ assurance: 'looked-up' });
    expect(await verify(held(uid, hex('d1ff')), unbound)).toBe('malformed');
  });
});

describe('a pass on a tag', () => {
  it('is signed for this tag, bound or not', async () => {
    for (const state of [unbound, boundTo(ticketIdOfTests)])
      expect(await verify(held(uid, passOn(uid)), state)).toMatchObject({
        method: 'nfc',
        assurance: 'signed',
        ...claims,
        credentialId: expect.stringMatching(/^[0-9a-f]{16}$/),
      });
  });

  it('is worth nothing copied on another tag', async () => {
    expect(await verify(held(otherUid, passOn(uid)), unbound)).toBe('signature-invalid');
    expect(await verify(held('04a1b2c3', passOn(uid)), unbound)).toBe('signature-invalid');
  });

  it('does not go for a pass that was made for paper, nor the other way round', async () => {
    const onPaper = encodePassBytes(claims, issuer);
    const ndef = encodeNdef([{ format: ndefExternal, type: ndefPassType, payload: onPaper }]);
    expect(await verify(held(uid, ndef), unbound)).toBe('signature-invalid');
    const onTag = encodePassBytes(claims, issuer, hex(uid));
    expect(decodePassBytes(onTag, () => ({ publicKey: issuer.publicKey, state: 'active' }))).toMatchObject({
      error: { type: 'signature-invalid' },
    });
  });

  it('is true no longer once somebody has taken the tag from its ticket', async () =>
    expect(await verify(held(uid, passOn(uid)), released)).toBe('replaced'));

  it('yields to the ticket that the tag was bound to since', async () =>
    expect(await verify(held(uid, passOn(uid)), boundTo(otherTicket))).toMatchObject({
      ticketId: otherTicket,
      assurance: 'looked-up',
    }));

  it('lets nobody in while two tickets claim the tag', async () =>
    expect(await verify(held(uid, passOn(uid)), disputed)).toBe('band-disputed'));

  it('of another event is told as that, whatever this event has made of the tag', async () => {
    expect(await verify(held(uid, passOn(uid, { event: 8 })), released)).toMatchObject({ event: 8 });
    expect(await verify(held(uid, passOn(uid, { event: 8 })), boundTo(ticketIdOfTests))).toMatchObject({
      event: 7,
      assurance: 'looked-up',
    });
  });

  it('by a key that is unknown or revoked is refused as on paper', async () => {
    expect(await verify(held(uid, passOn(uid)), unbound, { issuerKey: () => undefined })).toBe('key-unknown');
    expect(
      await verify(held(uid, passOn(uid)), unbound, {
        issuerKey: () => ({ publicKey: issuer.publicKey, state: 'revoked' }),
      }),
    ).toBe('key-revoked');
  });
});

describe('an NTAG 424 DNA', () => {
  const tapOn = (tag: string, counter: number, plain = false): Uint8Array =>
    sunMessage({ uid: tag, keys, counter, plain });

  it('proves its UID and says its count, encrypted or plain', async () => {
    for (const plain of [false, true])
      expect(await verify(held(uid, tapOn(uid, 12, plain)), boundTo(ticketIdOfTests), { sunKeys: keys })).toEqual({
        method: 'nfc',
        assurance: 'signed',
        event: 7,
        ticketId: ticketIdOfTests,
        epoch: 1,
        tap: { tag: expect.stringMatching(/^[0-9a-f]{8}$/), counter: 12 },
      });
  });

  it('is known by what it proves where it shows a random UID', async () =>
    expect(await verify(held('08123456', tapOn(uid, 1)), boundTo(ticketIdOfTests), { sunKeys: keys })).toMatchObject({
      assurance: 'signed',
      ticketId: ticketIdOfTests,
    }));

  it('does not lend its message to another tag, nor believe other keys', async () => {
    expect(await verify(held(otherUid, tapOn(uid, 1)), boundTo(ticketIdOfTests), { sunKeys: keys })).toBe(
      'signature-invalid',
    );
    const sunKeys = { ...keys, fileRead: keys.metaRead };
    expect(await verify(held(uid, tapOn(uid, 1)), boundTo(ticketIdOfTests), { sunKeys })).toBe('signature-invalid');
  });

  it('that is bound to nobody is unknown, in dispute disputed', async () => {
    expect(await verify(held(uid, tapOn(uid, 1)), unbound, { sunKeys: keys })).toBe('code-unknown');
    expect(await verify(held(uid, tapOn(uid, 1)), disputed, { sunKeys: keys })).toBe('band-disputed');
  });

  it('in LRP mode is refused with its own reason', async () => {
    const ndef = encodeNdef([ndefUriRecord(`https://x/?e=${'0'.repeat(48)}&c=${'0'.repeat(16)}`)]);
    expect(await verify(held(uid, ndef), boundTo(ticketIdOfTests), { sunKeys: keys })).toBe('tag-unsupported');
  });

  it('at a gate without its keys is a UID', async () =>
    expect(await verify(held(uid, tapOn(uid, 1)), boundTo(ticketIdOfTests))).toMatchObject({
      assurance: 'looked-up',
    }));
});

describe('what to write on a tag', () => {
  const generate = (options: unknown, epoch = 1) =>
    nfcMethod.generate(
      {
        event: 7,
        ticket: { id: ticketIdOfTests, type: 2, epoch, validFromS: 5, validUntilS: 9 },
        options,
        nowMs: eveningMs,
      },
      issuer,
    );

  it('is a message that this tag’s presentation is let in by, without a beginning', async () => {
    const made = await generate({ uid: uid.toUpperCase() });
    if (!made.ok) throw new Error(made.error.type);
    expect(made.value.payload['uid']).toBe(uid);
    const ndef = Uint8Array.from(Buffer.from(String(made.value.payload['ndef']), 'base64url'));
    const claim = await verify(held(uid, ndef), unbound);
    expect(claim).toMatchObject({ ...claims, credentialId: made.value.credentialId, expiresS: 9 });
    expect(claim).not.toHaveProperty('notBeforeS');
  });

  it('fits the 144 bytes of an NTAG213 with its framing, whatever the numbers', () => {
    const most: PassClaims = {
      ticketId: ticketIdOfTests,
      event: 0xffff_ffff,
      type: 65_535,
      epoch: 0xffff_ffff,
      // In the year 2106.
      expiresS: 0xffff_ffff,
    };
    const message = passOn(uid, most);
    // Tag and length before it, the end mark after it.
    expect(2 + message.length + 1).toBeLessThanOrEqual(144);
    expect(decodeNdef(message)).toMatchObject({ ok: true });
  });

  it.each([undefined, {}, { uid: '' }, { uid: '04a1' }, { uid: 'zz'.repeat(7) }, { uid, more: 1 }, { uid: 7 }])(
    'is refused for %j',
    async (options) => expect(await generate(options)).toMatchObject({ ok: false, error: { type: 'options-invalid' } }),
  );
});

describe('at a reader', () => {
  it('guessing UIDs is limited, whatever is written on the tags', async () => {
    const registry = createMethodRegistry({
      methods: knownMethods,
      lookups: lookupsWith(boundTo(ticketIdOfTests)),
      clock: { ...systemClock, monotonicMs: () => 0 },
      logger: silentLogger,
    });
    for (let guess = 0; guess < lookupMissRules.nfc.missesMax; guess++)
      expect(await registry.verify(held(otherUid, passOn(uid)), signal)).toMatchObject({
        error: { type: 'signature-invalid' },
      });
    expect(await registry.verify(held(uid), signal)).toMatchObject({ error: { type: 'too-many-attempts' } });
    // Who can prove himself is not kept out by somebody who guesses.
    expect(await registry.verify(held(uid, passOn(uid)), signal)).toMatchObject({ ok: true });
  });

  it('text is not a tag', async () => {
    const text = { medium: 'typed', text: `nfc:${uid}`, readerId: 'keyboard', seenAtMs: 0 } as const;
    expect(nfcMethod.accepts(text)).toBe(false);
    expect(await nfcMethod.verify(text, lookupsWith(unbound), signal)).toMatchObject({
      error: { type: 'not-a-ticket' },
    });
    expect(utf8(ndefPassType).length).toBeLessThanOrEqual(9);
  });
});
