// Goal: the wristband reader on the real Bluetooth stack: noble in the gate's process, bleno in the wristband, over BlueZ's emulated controllers.
// How strongly a band is heard, and what else is on the air, the test says (scripts/lib/hci-air.ts).
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  bleMethod,
  createSupervisor,
  encodeHolderPass,
  keyId,
  keyPairFromSeed,
  passClaims,
  ready,
  utf8,
  bytesToHex,
  type BandPresentation,
  type Clock,
  type KeyPair,
  type Lookups,
  type Presentation,
} from '@postern/shared';
import { createBleReader, type BleReader } from '../../../../gate-agent/src/readers/ble.ts';
import { openBleRadio } from '../../../../gate-agent/src/readers/ble-radio.ts';
import { parseBleUri } from '../../../../gate-agent/src/readers/ble-uri.ts';
import { createSystemTimer } from '../../../../gate-agent/src/system.ts';
import { describeReaderContract } from '../../../contract/reader.ts';
import { createBluetooth, missingBluetooth, type Bluetooth } from '../../../../scripts/lib/bluetooth.ts';
import { describeOrReport } from '../../../support/not-run.ts';
import { createCollector, silentLogger, systemClock } from '../../../support/readers.ts';
import { startWristband, type Wristband } from '../../../support/wristband.ts';

const timer = createSystemTimer();
const random = (length: number): Uint8Array => Uint8Array.from(randomBytes(length));
const ticket = { id: '0190a2b4c6d87e8f9a0b1c2d3e4f5061', type: 1, epoch: 0 };
const bandId = Buffer.from('57421a2b3c4d5e6f', 'hex');
const bandText = `ble:${bandId.toString('hex')}`;
const provedText = `${bandText}+proof`;

function openReader(uri: string, clock: Clock = systemClock): BleReader {
  const input = parseBleUri(uri);
  if (!input.ok) throw new Error(input.error.cause);
  const openRadio = openBleRadio(input.value, timer);
  return createBleReader({
    id: 'reader-1',
    gate: 'north',
    input: input.value,
    clock,
    random,
    logger: silentLogger,
    openRadio,
  });
}

/** Flags, company FFFF, the id. */
const advertisementOf = (id: Uint8Array): Uint8Array =>
  Uint8Array.from([2, 0x01, 0x06, 3 + id.length, 0xff, 0xff, 0xff, ...id]);

/** The system's clock, which the test can put forward. */
function createHastyClock(): Clock & { readonly advance: (ms: number) => void } {
  let aheadMs = 0;
  return {
    wallMs: () => systemClock.wallMs() + aheadMs,
    monotonicMs: () => systemClock.monotonicMs() + aheadMs,
    advance: (ms) => void (aheadMs += ms),
  };
}

async function eventually(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Takes the band away and holds it up again until it has proved itself: a busy machine may be too slow for it once. */
async function holdUpUntilProved(clock: ReturnType<typeof createHastyClock>, all: readonly object[]): Promise<void> {
  while (!all.some((one) => 'proof' in one)) {
    const seen = all.length;
    clock.advance(3_000);
    await eventually(() => all.length > seen);
  }
}

describeOrReport('ble:// on real noble, with a real bleno wristband', missingBluetooth(), () => {
  let bluetooth: Bluetooth;
  let band: Wristband;
  let keys: KeyPair;
  let issuer: KeyPair;
  let credential: Uint8Array;
  let lookups: Lookups;
  const stops: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    await ready;
    keys = keyPairFromSeed(new Uint8Array(32).fill(2));
    issuer = keyPairFromSeed(new Uint8Array(32).fill(1));
    credential = encodeHolderPass(passClaims(7, ticket), keys.publicKey, issuer);
    lookups = {
      event: 7,
      issuerKey: (id) =>
        id === keyId(issuer.publicKey) ? { publicKey: issuer.publicKey, state: 'active' } : undefined,
      tag: () => ({ type: 'bound', ticketId: ticket.id, epoch: ticket.epoch }),
      ticketByCode: () => undefined,
      ticketByShortCode: () => undefined,
    };
    bluetooth = await createBluetooth();
    await bluetooth.plugIn();
    band = await startWristband({
      path: await bluetooth.openBandDevice('band'),
      keys,
      ticketId: ticket.id,
      id: bandId,
      credential,
    });
  });
  afterAll(async () => {
    band.close();
    await bluetooth.close();
  });
  beforeEach(() => {
    bluetooth.air.rssi = -40;
  });
  afterEach(async () => {
    [bluetooth.air.isUnreachable, bluetooth.air.refusesToGiveUp] = [false, false];
    [bluetooth.air.rssi, bluetooth.air.mangle, band.misbehaviour] = [undefined, undefined, undefined];
    [band.id, band.credential] = [bandId, credential];
    for (const stop of stops.splice(0)) await stop();
  });

  /** Runs a reader until the test is over. */
  const start = (query = '', clock?: Clock) => {
    const reader = openReader(`ble://${bluetooth.adapterPath}${query}`, clock);
    const collector = createCollector();
    const stop = new AbortController();
    const running = reader.run(collector.deliver, stop.signal);
    stops.push(async () => {
      stop.abort();
      await running;
    });
    return { reader, ...collector };
  };
  const judge = (presentation: Presentation | undefined) => {
    if (presentation === undefined) throw new Error('nothing was delivered');
    return bleMethod.verify(presentation, lookups, new AbortController().signal);
  };

  test('a band that is held up proves itself: its pass, and a signature over what this gate has asked', async () => {
    const asked = band.challenges.length;
    const { all, until } = start();
    await until(1);
    expect(all[0]).toMatchObject({ medium: 'ble', text: provedText, readerId: 'reader-1' });
    expect((await judge(all[0])) as unknown).toMatchObject({
      ok: true,
      value: { method: 'ble', assurance: 'challenged', ticketId: ticket.id },
    });
    expect(band.challenges.slice(asked).map(bytesToHex)).toEqual([
      bytesToHex((all[0] as BandPresentation).proof?.challenge ?? new Uint8Array(0)),
    ]);
  });

  test('a band that stays up is seen again but not asked again; one that comes back is asked something else', async () => {
    const clock = createHastyClock();
    const asked = band.challenges.length;
    const { all, until } = start('', clock);
    await until(3);
    expect(band.challenges).toHaveLength(asked + 1);
    bluetooth.air.rssi = undefined;
    clock.advance(3_000);
    bluetooth.air.rssi = -40;
    await eventually(() => band.challenges.length === asked + 2);
    const seen = all.length;
    await until(seen + 1);
    const [first, second] = band.challenges.slice(asked).map(bytesToHex);
    expect(second).not.toBe(first);
  });

  test('a band that is not near enough is not even asked', async () => {
    bluetooth.air.rssi = -70;
    const connections = band.connections();
    const { all } = start();
    await eventually(() => bluetooth.air.isListening());
    const held = Buffer.from('held');
    // One that is delivered shows that the reader was listening all the time.
    const waving = setInterval(
      () => bluetooth.air.advertise({ address: 'c0:00:00:00:00:01', data: advertisementOf(held), rssi: -50, type: 3 }),
      50,
    );
    await eventually(() => all.length > 0);
    clearInterval(waving);
    expect(all.map(({ text }) => text)).not.toContain(provedText);
    expect(band.connections()).toBe(connections);
  });

  for (const misbehaviour of ['silent-on-read', 'silent-on-challenge'] as const)
    test(`a band that is ${misbehaviour} is given up: it counts as what it advertises, and the next time it can prove itself`, async () => {
      band.misbehaviour = misbehaviour;
      const clock = createHastyClock();
      const { all, until } = start('', clock);
      await until(1);
      expect(all[0]).toMatchObject({ text: bandText });
      expect(all[0]).not.toHaveProperty('proof');
      expect((await judge(all[0])) as unknown).toMatchObject({ ok: true, value: { assurance: 'looked-up' } });
      band.misbehaviour = undefined;
      await holdUpUntilProved(clock, all);
    });

  test('a band that is heard but cannot be reached is given up, and the adapter goes on listening', async () => {
    bluetooth.air.isUnreachable = true;
    const clock = createHastyClock();
    const { all, until } = start('', clock);
    await until(1);
    expect(all[0]).toMatchObject({ text: bandText });
    expect(all[0]).not.toHaveProperty('proof');
    bluetooth.air.isUnreachable = false;
    await holdUpUntilProved(clock, all);
  });

  test('an adapter that goes on connecting to a band that has left, whatever it is told, is opened anew', async () => {
    [bluetooth.air.isUnreachable, bluetooth.air.refusesToGiveUp] = [true, true];
    const clock = createHastyClock();
    const { all, until } = start('', clock);
    await until(1);
    const resets = bluetooth.air.resets();
    bluetooth.air.isUnreachable = false;
    await holdUpUntilProved(clock, all);
    expect(bluetooth.air.resets()).toBeGreaterThan(resets);
  });

  test('a signature that is not right or not whole is refused, and never taken for an id only', async () => {
    band.misbehaviour = 'wrong-signature';
    const wrong = start();
    await wrong.until(1);
    expect(await judge(wrong.all[0])).toEqual({ ok: false, error: { type: 'signature-invalid' } });
    await stops.pop()?.();
    band.misbehaviour = 'short-signature';
    const short = start();
    await short.until(1);
    expect(await judge(short.all[0])).toEqual({ ok: false, error: { type: 'malformed' } });
  });

  test('the band desk takes the band, asks for its key, writes id and pass, and reads both back', async () => {
    const { reader, all } = start();
    const port = await reader.nextBand(new AbortController().signal);
    expect(bytesToHex(port?.id ?? new Uint8Array(0))).toBe(bytesToHex(bandId));
    const key = await port?.key();
    expect(key?.ok && bytesToHex(key.value ?? new Uint8Array(0))).toBe(bytesToHex(keys.publicKey));
    const another = { id: utf8('another'), credential: Uint8Array.from(randomBytes(200)) };
    expect(await port?.write(another.id, another.credential)).toEqual({ ok: true, value: undefined });
    expect(bytesToHex(band.credential)).toBe(bytesToHex(another.credential));
    const back = await port?.readBack();
    expect(back?.ok && [back.value.id, back.value.credential].map(bytesToHex)).toEqual(
      [another.id, another.credential].map(bytesToHex),
    );
    expect(all).toEqual([]);
  });

  test('of hundreds of bands that are carried past, the one that is held up is delivered, and no other', async () => {
    bluetooth.air.rssi = undefined;
    const { all, until } = start();
    await eventually(() => bluetooth.air.isListening());
    let round = 0;
    const crowd = setInterval(() => {
      round++;
      for (let index = 0; index < 300; index++)
        bluetooth.air.advertise({
          address: `d0:00:00:00:${(index >> 8).toString(16).padStart(2, '0')}:${(index & 255).toString(16).padStart(2, '0')}`,
          data: advertisementOf(Uint8Array.from([1, index >> 8, index & 255])),
          // Now and then one is heard as if it were near.
          rssi: (index + round) % 7 === 0 ? -50 : -60 - (index % 35),
          type: 3,
        });
      bluetooth.air.advertise({
        address: 'c0:00:00:00:00:02',
        data: advertisementOf(utf8('held')),
        rssi: round % 5 === 0 ? -62 : -48,
        type: 3,
      });
    }, 50);
    await until(3);
    clearInterval(crowd);
    expect(new Set(all.map(({ text }) => text))).toEqual(new Set([`ble:${bytesToHex(utf8('held'))}`]));
  });

  test('advertising data of every malformed length stops nobody', async () => {
    bluetooth.air.rssi = undefined;
    const { texts, until } = start();
    await eventually(() => bluetooth.air.isListening());
    for (let length = 0; length <= 31; length++)
      for (const said of [0, 1, 2, 3, length, 30, 31, 255])
        for (const type of [0x01, 0x03, 0x07, 0x09, 0x0a, 0x16, 0x20, 0x21, 0xff]) {
          const data = new Uint8Array(length).fill(0xff);
          if (length > 0) data[0] = said;
          if (length > 1) data[1] = type;
          bluetooth.air.advertise({ address: 'c0:00:00:00:00:03', data, rssi: -40, type: length % 5 });
        }
    bluetooth.air.rssi = -40;
    await eventually(() => texts().includes(provedText));
    await until(1);
  });

  test('more addresses than anybody should remember only make another process take over', async () => {
    bluetooth.air.rssi = undefined;
    const { all, until } = start();
    await eventually(() => bluetooth.air.isListening());
    let sent = 0;
    const flood = setInterval(() => {
      for (let index = 0; index < 200; index++)
        if (
          bluetooth.air.advertise({
            address: (sent + 0xc0_00_00_00_00_00).toString(16).replaceAll(/(..)(?!$)/g, '$1:'),
            data: Uint8Array.from([2, 1, 6]),
            rssi: -70,
            type: 3,
          })
        )
          sent++;
    }, 5);
    const resets = bluetooth.air.resets();
    await eventually(() => bluetooth.air.resets() > resets);
    clearInterval(flood);
    bluetooth.air.rssi = -40;
    await until(1);
    expect(all[0]?.text).toBe(provedText);
    expect(sent).toBeGreaterThan(5_000);
  });

  describe('an adapter that goes', () => {
    const supervise = (reader: BleReader) => {
      const collector = createCollector();
      const stop = new AbortController();
      const supervisor = createSupervisor({
        reader,
        deliver: collector.deliver,
        clock: systemClock,
        random,
        logger: silentLogger,
        timer,
      });
      const running = supervisor.run(stop.signal);
      stops.push(async () => {
        stop.abort();
        await running;
      });
      return { ...collector, health: supervisor.health };
    };

    test('fails the reader with what to do, and works again when it is back', async () => {
      const { until, all, health } = supervise(openReader(`ble://${bluetooth.adapterPath}`));
      await until(1);
      await bluetooth.unplug();
      await eventually(() => health().state === 'restarting');
      expect(health().lastError).toContain('the Bluetooth adapter has gone');
      await eventually(() => health().lastError?.includes('plug it in') ?? false);
      const before = all.length;
      await bluetooth.plugIn();
      await until(before + 1);
      expect(all.at(-1)).toMatchObject({ text: provedText });
    });

    test('in the middle of a conversation delivers nothing of it', async () => {
      band.misbehaviour = 'silent-on-challenge';
      const asked = band.challenges.length;
      const reader = openReader(`ble://${bluetooth.adapterPath}`);
      const { deliver, all } = createCollector();
      const running = reader.run(deliver, new AbortController().signal);
      const failure = running.catch((cause: unknown) => cause);
      await eventually(() => band.challenges.length > asked);
      await bluetooth.unplug();
      expect(await failure).toMatchObject({ type: 'reader-failed' });
      expect(all).toEqual([]);
      await bluetooth.plugIn();
    });

    test('because of what a band has sent: the band is then taken for what it advertises', async () => {
      const { until, all, health } = supervise(openReader(`ble://${bluetooth.adapterPath}`));
      // A notification (0x1b) without the handle that it is about.
      bluetooth.air.mangle = (packet) => Buffer.concat([packet.subarray(0, 3), Buffer.from([5, 0, 1, 0, 4, 0, 0x1b])]);
      await eventually(() => health().lastError?.includes('the Bluetooth stack failed') ?? false);
      bluetooth.air.mangle = undefined;
      await until(1);
      expect(all[0]).toMatchObject({ text: bandText });
      expect(all[0]).not.toHaveProperty('proof');
    });

    test('or was never there: the reader says so', async () => {
      const run = (uri: string): Promise<void> => openReader(uri).run(() => undefined, new AbortController().signal);
      await expect(run('ble:///dev/no-such-adapter')).rejects.toMatchObject({ type: 'reader-missing' });
      await expect(run('ble://hci97')).rejects.toMatchObject({ type: 'reader-missing' });
    });
  });

  describeReaderContract('ble://', async () => {
    bluetooth.air.rssi = undefined;
    let waving: NodeJS.Timeout | undefined;
    return {
      reader: openReader(`ble://${bluetooth.adapterPath}`),
      seenAs: (text) => `ble:${bytesToHex(utf8(text))}`,
      show: async (text) => {
        clearInterval(waving);
        waving = setInterval(
          () =>
            bluetooth.air.advertise({
              address: 'c0:00:00:00:00:04',
              data: advertisementOf(utf8(text)),
              rssi: -45,
              type: 3,
            }),
          50,
        );
      },
      close: async () => clearInterval(waving),
    };
  });
});
