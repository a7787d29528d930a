// Goal: the NFC reader on the real pcscd, through nfc-pcsc and the virtual reader driver: what tags hold is what the lane gets, tags that
// misbehave harm nobody, what is written is what is read back, and readers and the service may go and come back.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  bytesToHex,
  decodeNdef,
  encodeNdef,
  ndefUri,
  ndefUriRecord,
  parseSunUri,
  sha256,
  sunSuffixDefault,
  utf8,
  verifySun,
  type Presentation,
  type SunKeys,
  type TagPresentation,
  type Timer,
} from '@postern/shared';
import { probeNfc } from '../../../../gate-agent/src/commands/probe-nfc.ts';
import { pcscSocketPath } from '../../../../gate-agent/src/config.ts';
import { getUid } from '../../../../gate-agent/src/readers/nfc-apdu.ts';
import { createNfcReader, type NfcReader } from '../../../../gate-agent/src/readers/nfc.ts';
import { createNfcService, type NfcCard, type NfcService } from '../../../../gate-agent/src/readers/nfc-service.ts';
import type { TagPort } from '../../../../gate-agent/src/readers/nfc-tag.ts';
import { createSystemTimer } from '../../../../gate-agent/src/system.ts';
import { describeReaderContract } from '../../../contract/reader.ts';
import { describeOrReport } from '../../../support/not-run.ts';
import {
  createPcscd,
  missingPcsc,
  virtualReaders,
  type Tapped,
  type VirtualPcscd,
} from '../../../../scripts/lib/pcscd.ts';
import { createCollector, silentLogger, systemClock } from '../../../support/readers.ts';
import {
  hex,
  mifareClassic,
  mifareUltralight,
  ntag213,
  ntag215,
  sunTag,
  tornAway,
  type VirtualTag,
} from '../../../../scripts/lib/virtual-tags.ts';

const timer = createSystemTimer();
const uid = '04a1b2c3d4e580';
const ndefOf = (length: number): Uint8Array => encodeNdef([ndefUriRecord(`https://example.org/${'a'.repeat(length)}`)]);
const keys: SunKeys = {
  metaRead: sha256(utf8('meta')).slice(0, 16),
  fileRead: sha256(utf8('file')).slice(0, 16),
  suffix: sunSuffixDefault,
};

describeOrReport('pcsc:// on the real pcscd', missingPcsc(), () => {
  let pcscd: VirtualPcscd;
  let service: NfcService;
  beforeAll(async () => {
    pcscd = await createPcscd();
    await pcscd.start();
    service = createNfcService({ socketPath: pcscSocketPath(), timer });
    // Otherwise every test would start the process anew.
    await service.hold('', new AbortController().signal);
  });
  afterAll(async () => {
    service.close();
    await pcscd.close();
  });

  const readerFor = (wanted: string): NfcReader =>
    createNfcReader({ id: `reader ${wanted}`, clock: systemClock, logger: silentLogger, timer, wanted, service });

  /** Runs a reader for the length of one piece of a test. */
  const running = async (
    reader: NfcReader,
    during: (collector: ReturnType<typeof createCollector>) => Promise<void>,
  ): Promise<readonly Presentation[]> => {
    const collector = createCollector();
    const stop = new AbortController();
    const ended = reader.run(collector.deliver, stop.signal);
    try {
      await Promise.race([during(collector), ended]);
    } finally {
      stop.abort();
      await ended;
    }
    return collector.all;
  };

  /** Holds one tag to the first reader until it is delivered. */
  const present = async (tag: VirtualTag): Promise<TagPresentation> => {
    const [seen] = await running(readerFor(''), async ({ until }) => {
      const tapped = await pcscd.tap(tag);
      await until(1);
      await tapped.remove();
    });
    if (seen?.medium !== 'nfc') throw new Error('a tag was expected');
    return seen;
  };

  describe('what a tag holds', () => {
    test.each([
      ['NTAG215', 'a short message', ntag215({ uid, ndef: ndefOf(30) }), ndefOf(30)],
      ['NTAG215', 'one whose length needs three bytes', ntag215({ uid, ndef: ndefOf(250) }), ndefOf(250)],
      ['NTAG213', 'one that fills it', ntag213({ uid, ndef: ndefOf(125) }), ndefOf(125)],
      ['MIFARE Ultralight', 'a message', mifareUltralight({ uid, ndef: ndefOf(20) }), ndefOf(20)],
      ['NTAG215', 'one behind a lock control block', ntag215({ uid, area: lockControlAnd(ndefOf(9)) }), ndefOf(9)],
    ] as const)('%s: %s', async (_kind, _what, tag, ndef) => {
      expect(await present(tag)).toMatchObject({ medium: 'nfc', text: `nfc:${uid}`, uid: hex(uid), ndef });
    });

    test.each([
      ['an empty tag', ntag215({ uid })],
      ['a tag that was never made for NDEF', blank(ntag215({ uid }))],
      ['MIFARE Classic', mifareClassic(uid)],
      ['a message that says to be longer than the tag', ntag213({ uid, area: hex('03f0d101') })],
      ['a message of 65,535 bytes', ntag215({ uid, area: hex('03ffffffd101') })],
      ['a block that leads beyond the tag', ntag213({ uid, area: hex('01fe030203000000') })],
      ['nothing but padding', ntag213({ uid, area: new Uint8Array(144) })],
    ] as const)('%s: its UID, and no message', async (_what, tag) => {
      const seen = await present(tag);
      expect(seen.text).toBe(`nfc:${uid}`);
      expect(seen.ndef).toBeUndefined();
    });

    test('NTAG 424 DNA: each tap proves itself with a CMAC, and counts', async () => {
      const tag = sunTag({ uid, keys, firstCounter: 41 });
      const plain = sunTag({ uid, keys, firstCounter: 7, plain: true });
      const taps = [await present(tag), await present(tag), await present(plain)].map(({ ndef }) => {
        const records = decodeNdef(ndef ?? new Uint8Array(0));
        const uri = records.ok && records.value[0] !== undefined ? ndefUri(records.value[0]) : undefined;
        const mirror = parseSunUri(uri ?? '');
        return mirror?.ok === true ? verifySun(mirror.value, keys) : mirror;
      });
      expect(taps.map((tap) => (tap?.ok === true ? [bytesToHex(tap.value.uid), tap.value.counter] : tap))).toEqual([
        [uid, 41],
        [uid, 42],
        [uid, 7],
      ]);
    });
  });

  test('a tag that is torn away in the middle is nobody, and the next one is read', async () => {
    const seen = await running(readerFor(''), async ({ until }) => {
      for (const atCommand of [1, 2, 4]) {
        const torn = await pcscd.tap(tornAway(ntag215({ uid, ndef: ndefOf(200) }), atCommand));
        await torn.left;
      }
      const tapped = await pcscd.tap(ntag215({ uid: '04000000000001' }));
      await until(1);
      await tapped.remove();
    });
    expect(new Set(seen.map(({ text }) => text))).toEqual(new Set(['nfc:04000000000001']));
  });

  test('a tag is delivered again and again while it stays', async () => {
    const seen = await running(readerFor(''), async ({ until }) => {
      const tapped = await pcscd.tap(ntag215({ uid, ndef: ndefOf(3) }));
      await until(3);
      await tapped.remove();
    });
    expect(new Set(seen.map(({ text }) => text)).size).toBe(1);
    expect(new Set(seen.map(({ seenAtMs }) => seenAtMs)).size).toBe(seen.length);
  });

  test('two readers at once, by name, each deliver their own tags', async () => {
    const [first, second] = virtualReaders;
    const ofSecond: string[] = [];
    const ofFirst = await running(readerFor(first), async ({ until }) => {
      const seen = await running(readerFor(second.toLowerCase()), async (other) => {
        const tapped = [
          await pcscd.tap(ntag215({ uid: '04000000000002' }), 0),
          await pcscd.tap(ntag215({ uid: '04000000000003' }), 1),
        ];
        await Promise.all([until(1), other.until(1)]);
        await Promise.all(tapped.map((tap) => tap.remove()));
      });
      ofSecond.push(...seen.map(({ text }) => text));
    });
    expect(new Set(ofFirst.map(({ text }) => text))).toEqual(new Set(['nfc:04000000000002']));
    expect(new Set(ofSecond)).toEqual(new Set(['nfc:04000000000003']));
  });

  test('a reader that is not there is a fault that names those that are', async () => {
    await expect(readerFor('OMNIKEY').run(() => undefined, new AbortController().signal)).rejects.toMatchObject({
      type: 'reader-missing',
      message: expect.stringContaining(virtualReaders.join(', ')),
    });
  });

  test('the doctor learns the full name of a reader, or why there is none, beside readers that run', async () => {
    const [, second] = virtualReaders;
    expect(await probeNfc('00 01')).toEqual({ ok: true, value: second });
    expect(await probeNfc('OMNIKEY')).toMatchObject({
      error: { type: 'reader-missing', remedy: expect.stringContaining('plug it in') },
    });
  });

  describe('at the band desk', () => {
    let tapped: Tapped | undefined;
    afterEach(async () => {
      await tapped?.remove();
      tapped = undefined;
    });

    /** Takes one tag from a running reader; nothing of it may reach the lane. */
    const atDesk = async (tag: VirtualTag, write: (port: TagPort) => Promise<void>): Promise<void> => {
      const reader = readerFor('');
      const seen = await running(reader, async () => {
        const next = reader.nextTag(new AbortController().signal);
        tapped = await pcscd.tap(tag);
        const port = await next;
        if (port === undefined) throw new Error('a tag was expected');
        await write(port);
      });
      expect(seen).toEqual([]);
    };

    test.each([
      ['NTAG213', ntag213({ uid, ndef: ndefOf(100) }), ndefOf(60)],
      ['NTAG215', ntag215({ uid }), ndefOf(240)],
      ['MIFARE Ultralight', mifareUltralight({ uid }), ndefOf(25)],
      ['NTAG 424 DNA', sunTag({ uid, keys }), ndefOf(150)],
    ] as const)('what is written on %s is what is read back', async (_kind, tag, ndef) => {
      await atDesk(tag, async (port) => {
        expect(port.uid).toEqual(hex(uid));
        expect(await port.writeNdef(ndef)).toEqual({ ok: true, value: undefined });
        expect(await port.readNdef()).toEqual({ ok: true, value: ndef });
      });
    });

    test('a message fills an NTAG213 to the last of its 144 bytes, and no further', async () => {
      const tag = ntag213({ uid, ndef: ndefOf(10) });
      const [fits, tooLong] = [ndefOf(142 - 17), ndefOf(143 - 17)];
      expect([fits.length, tooLong.length]).toEqual([142, 143]);
      await atDesk(tag, async (port) => {
        expect(await port.writeNdef(tooLong)).toEqual({ ok: false, error: { type: 'tag-too-small', bytesMax: 142 } });
        expect(await port.readNdef()).toEqual({ ok: true, value: ndefOf(10) });
        expect(await port.writeNdef(fits)).toMatchObject({ ok: true });
        expect(await port.readNdef()).toEqual({ ok: true, value: fits });
      });
      expect(tag.memory.subarray(160)).toEqual(new Uint8Array(20));
    });

    test('a tag that may only be read, and one that holds no messages, say so', async () => {
      await atDesk(ntag213({ uid, readOnly: true }), async (port) =>
        expect(await port.writeNdef(ndefOf(1))).toEqual({ ok: false, error: { type: 'tag-read-only' } }),
      );
      await tapped?.remove();
      await atDesk(mifareClassic(uid), async (port) =>
        expect(await port.writeNdef(ndefOf(1))).toEqual({ ok: false, error: { type: 'tag-unknown' } }),
      );
    });

    test('torn away while it is written, a tag holds no message rather than half of one', async () => {
      const tag = ntag215({ uid, ndef: ndefOf(40) });
      await atDesk(tornAway(tag, 8), async (port) =>
        expect(await port.writeNdef(ndefOf(80))).toEqual({ ok: false, error: { type: 'tag-gone' } }),
      );
      expect(tag.memory.subarray(16, 19)).toEqual(hex('0300fe'));
    });

    test('nobody who has stopped waiting gets a tag', async () => {
      const reader = readerFor('');
      const waiting = new AbortController();
      const next = reader.nextTag(waiting.signal);
      waiting.abort();
      expect(await next).toBeUndefined();
    });
  });

  test('a pcscd that hangs is given up, also in the middle of a command, and waited for no longer than is said', async () => {
    let hurry = 1;
    const impatient: Timer = { after: (ms, fn) => timer.after(ms / hurry, fn) };
    const hurried = createNfcService({ socketPath: pcscSocketPath(), timer: impatient });
    const { signal } = new AbortController();
    const device = await hurried.hold('', signal);
    if (!device.ok) throw new Error(device.error.cause);
    const appears = new Promise<NfcCard>((resolve) => device.value.onCard(resolve));
    await pcscd.tap(ntag215({ uid }));
    const card = await appears;
    pcscd.freeze();
    hurry = 5;
    expect(await card.transmit(getUid())).toEqual({ ok: false, error: { type: 'tag-gone' } });
    expect(await device.value.ended).toMatchObject({ type: 'reader-failed', cause: 'the reader does not answer' });
    expect(card.gone.aborted).toBe(true);
    device.value.release();
    expect(await hurried.hold('', signal)).toMatchObject({
      error: { type: 'service-missing', cause: 'the PC/SC service does not answer' },
    });
    await pcscd.kill();
    await pcscd.start();
  });

  test('while pcscd is away the reader is in trouble and nothing else is; when it is back, it reads again', async () => {
    const reader = readerFor('');
    const stop = new AbortController();
    const { deliver, all, until } = createCollector();
    const broken = reader.run(deliver, stop.signal).catch((fault: unknown) => fault);
    await pcscd.tap(ntag215({ uid }));
    await until(1);
    await pcscd.kill();
    expect(await broken).toMatchObject({ type: 'reader-failed' });
    await expect(reader.run(deliver, stop.signal)).rejects.toMatchObject({
      type: 'service-missing',
      message: expect.stringContaining('sudo apt install pcscd'),
    });
    all.length = 0;
    await pcscd.start();
    const again = reader.run(deliver, stop.signal);
    await pcscd.tap(ntag215({ uid: '04000000000004' }));
    await until(1);
    expect(all[0]).toMatchObject({ text: 'nfc:04000000000004' });
    stop.abort();
    await again;
  });
});

describeOrReport('pcsc:// and the Reader port', missingPcsc(), () => {
  let pcscd: VirtualPcscd;
  beforeEach(async () => {
    pcscd = await createPcscd();
    await pcscd.start();
  });
  afterEach(() => pcscd.close());

  describeReaderContract('pcsc://', async () => {
    const service = createNfcService({ socketPath: pcscSocketPath(), timer });
    const uidOf = (text: string): string => `04${bytesToHex(sha256(utf8(text)).slice(0, 6))}`;
    return {
      reader: createNfcReader({ id: 'nfc', clock: systemClock, logger: silentLogger, timer, wanted: '', service }),
      show: async (text) => void (await pcscd.tap(ntag215({ uid: uidOf(text) }))),
      seenAs: (text) => `nfc:${uidOf(text)}`,
      close: async () => service.close(),
    };
  });
});

/** NTAG213 and 216 leave the factory with such a block before the message. */
function lockControlAnd(message: Uint8Array): Uint8Array {
  return Uint8Array.from([...hex('0103a00c34'), 0x03, message.length, ...message, 0xfe]);
}

function blank(tag: ReturnType<typeof ntag215>): VirtualTag {
  tag.memory.fill(0, 12, 16);
  return tag;
}
