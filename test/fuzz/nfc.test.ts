// Goal: whatever a tag holds, and whatever it answers: reading ends, soon and without an exception; and nobody is let in on it whom no
// key and no binding vouches for.
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  concatBytes,
  decodeNdef,
  encodeNdef,
  ndefBytesMax,
  ndefExternal,
  ndefPassType,
  ndefUriRecord,
  nfcMethod,
  ok,
  ready,
  sunSuffixDefault,
  type Lookups,
} from '@postern/shared';
import type { Transmit } from '../../gate-agent/src/readers/nfc-apdu.ts';
import { openTag } from '../../gate-agent/src/readers/nfc-tag.ts';
import { hex, ntag215, sunTag, type VirtualTag } from '../../scripts/lib/virtual-tags.ts';

beforeAll(() => ready);

const uid = '04a1b2c3d4e580';
const keys = { metaRead: new Uint8Array(16), fileRead: new Uint8Array(16).fill(1), suffix: sunSuffixDefault };
/** Reading the largest message takes 66 commands of 16 bytes, writing it 260 pages. */
const commandsMax = 300;

/** Every byte of a good message may be another, missing, or one too many. */
const damaged = (good: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(good, fc.nat(), fc.integer({ min: 0, max: 255 }), fc.constantFrom('put', 'cut', 'add'))
    .map(([bytes, at, value, how]) => {
      const index = bytes.length === 0 ? 0 : at % bytes.length;
      if (how === 'cut') return bytes.slice(0, index);
      if (how === 'add') return concatBytes(bytes.slice(0, index), Uint8Array.of(value), bytes.slice(index));
      const other = Uint8Array.from(bytes);
      other[index] = value;
      return other;
    });

const anyMessage = fc.oneof(
  fc
    .uint8Array({ maxLength: 200 })
    .map((payload) => encodeNdef([{ format: ndefExternal, type: ndefPassType, payload }])),
  fc
    .tuple(fc.string({ maxLength: 60 }), fc.string({ maxLength: 20 }))
    .map(([piccData, mac]) => encodeNdef([ndefUriRecord(`https://x/?picc_data=${piccData}&cmac=${mac}`)])),
);
const anyBytes = fc.oneof(fc.uint8Array({ maxLength: ndefBytesMax + 10 }), anyMessage, damaged(anyMessage));

describe('a message', () => {
  it('that decodes is one that can be written, byte for byte but for its abbreviations', () =>
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const decoded = decodeNdef(bytes);
        if (!decoded.ok) return;
        expect(decodeNdef(encodeNdef(decoded.value))).toEqual(decoded);
      }),
      { numRuns: 10_000 },
    ));

  it('that no key and no binding vouches for lets nobody in', () => {
    const lookups: Lookups = {
      event: 7,
      issuerKey: () => ({ publicKey: new Uint8Array(32).fill(9), state: 'active' }),
      ticketByCode: () => undefined,
      ticketByShortCode: () => undefined,
      tag: () => ({ type: 'unbound' }),
      sunKeys: keys,
    };
    return fc.assert(
      fc.asyncProperty(anyBytes, async (ndef) => {
        const seen = { medium: 'nfc', text: `nfc:${uid}`, uid: hex(uid), ndef, readerId: 'nfc', seenAtMs: 0 } as const;
        expect((await nfcMethod.verify(seen, lookups, new AbortController().signal)).ok).toBe(false);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('a tag', () => {
  /** Reads and writes it as the reader and the band desk do; answers how many commands that took. */
  const handle = async (tag: VirtualTag): Promise<number> => {
    let commands = 0;
    const transmit: Transmit = async (command) => {
      commands++;
      if (commands > commandsMax) throw new Error('no end of reading');
      return ok(tag.answer(command) ?? new Uint8Array(0));
    };
    const opened = await openTag(tag.atr, transmit);
    if (!opened.ok) return commands;
    const read = await opened.value.readNdef();
    if (read.ok && read.value !== undefined) expect(read.value.length).toBeLessThanOrEqual(ndefBytesMax);
    commands = 0;
    await opened.value.writeNdef(new Uint8Array(100));
    return commands;
  };

  it('with any memory is read to an end', () =>
    fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 480 }),
        fc.uint8Array({ minLength: 4, maxLength: 4 }),
        async (area, capability) => {
          await handle(ntag215({ uid, area }));
          const tag = ntag215({ uid, area });
          tag.memory.set(capability, 12);
          await handle(tag);
        },
      ),
      { numRuns: 2_000 },
    ));

  it('with any answers is read to an end', () => {
    const answers = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 300 }),
        fc.uint8Array({ maxLength: 20 }).map((bytes) => concatBytes(bytes, hex('9000'))),
      ),
      { minLength: 1, maxLength: 20 },
    );
    const atrs = fc.constantFrom(ntag215({ uid }).atr, sunTag({ uid, keys }).atr, new Uint8Array(0), hex('3b'));
    return fc.assert(
      fc.asyncProperty(atrs, answers, fc.boolean(), async (atr, given, startsWell) => {
        let next = 0;
        const first = startsWell ? [concatBytes(hex(uid), hex('9000'))] : [];
        const all = [...first, ...given];
        await handle({ atr, answer: () => all[next++ % all.length] });
      }),
      { numRuns: 5_000 },
    );
  });

  it('of files, with one answer that is another, is read to an end', () =>
    fc.assert(
      fc.asyncProperty(
        fc.nat({ max: 8 }),
        damaged(fc.constant(hex('001720010000ff0406e1040100000005'))),
        async (at, answer) => {
          const good = sunTag({ uid, keys });
          let commands = 0;
          await handle({
            atr: good.atr,
            answer: (command) => {
              const own = good.answer(command);
              return commands++ === at ? concatBytes(answer, hex('9000')) : own;
            },
          });
        },
      ),
      { numRuns: 2_000 },
    ));
});
