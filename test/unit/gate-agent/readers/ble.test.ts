// Goal: which bands count as held up, whatever is advertised, and what is delivered of them. The adapter is one in the test's hands; the real one is
// in test/processes.
import { beforeEach, describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { bytesToHex, err, ok, tagIdBytesMax, type BandPresentation } from '@postern/shared';
import { bandIn, type Advertisement, type Sighting } from '../../../../gate-agent/src/readers/ble-advertisement.ts';
import { bandsNearMax, createPresence } from '../../../../gate-agent/src/readers/ble-presence.ts';
import { createBleReader, type BleReader } from '../../../../gate-agent/src/readers/ble.ts';
import { adapterGone, type BandLink, type BleRadio } from '../../../../gate-agent/src/readers/ble-radio.ts';
import { parseBleUri, type BleInput } from '../../../../gate-agent/src/readers/ble-uri.ts';
import { createCollector, createManualClock, silentLogger } from '../../../support/readers.ts';

const inputOf = (uri: string): BleInput => {
  const input = parseBleUri(uri);
  if (!input.ok) throw new Error(input.error.cause);
  return input.value;
};

describe('an address', () => {
  test('says adapter, nearness and how bands are made, with defaults for each', () => {
    expect(inputOf('ble://hci0')).toEqual({
      adapter: { type: 'hci', index: 0 },
      rssiMin: -55,
      dwellMs: 400,
      service: 'fff0',
      company: 0xffff,
      proof: 'offered',
    });
    expect(inputOf('ble:///dev/ttyACM0?baud=115200&rssi=-48&dwell-ms=0&company=none&proof=required')).toMatchObject({
      adapter: { type: 'uart', path: '/dev/ttyACM0', baud: 115_200 },
      rssiMin: -48,
      dwellMs: 0,
      proof: 'required',
    });
    expect(inputOf('ble://hci1?service=0000FFF0-0000-1000-8000-00805F9B34FB').service).toBe(
      '0000fff000001000800000805f9b34fb',
    );
  });

  test.each([
    ['ble://', /hci0/],
    ['ble://hci', /hci0/],
    ['ble://hci0/x', /hci0/],
    ['ble://../x', /hci0/],
    ['ble://hci0?baud=9600', /"baud"/],
    ['ble://hci0?rssi=5', /rssi/],
    ['ble://hci0?rssi=-5e1', /rssi/],
    ['ble://hci0?dwell-ms=9999', /dwell-ms/],
    ['ble://hci0?service=fff', /service/],
    ['ble://hci0?company=xyz', /company/],
    ['ble://hci0?proof=yes', /proof/],
  ])('%s is refused with what is wrong', (uri, why) => {
    const input = parseBleUri(uri);
    expect(input.ok ? 'accepted' : input.error.cause).toMatch(why);
  });
});

const address = 'c0:00:00:00:00:01';
const heard = (more: Partial<Advertisement>): Advertisement => ({
  address,
  rssi: -40,
  connectable: false,
  serviceData: [],
  serviceUuids: [],
  ...more,
});

describe('an advertisement', () => {
  const ours = { service: 'fff0', company: 0xffff };

  test('is of a band where its manufacturer data are of the company, or its service data of the service', () => {
    const manufacturerData = Uint8Array.of(0xff, 0xff, 1, 2, 3);
    expect(bandIn(heard({ manufacturerData }), ours)).toEqual({
      address,
      rssi: -40,
      id: Uint8Array.of(1, 2, 3),
      canAnswer: false,
    });
    expect(bandIn(heard({ manufacturerData }), { ...ours, company: 0x00_4c })).toBeUndefined();
    const serviceData = [{ uuid: 'fff0', data: Uint8Array.of(9) }];
    expect(bandIn(heard({ serviceData }), { service: 'fff0' })?.id).toEqual(Uint8Array.of(9));
    expect(bandIn(heard({ serviceData }), { service: '0000fff000001000800000805f9b34fb' })?.id).toEqual(
      Uint8Array.of(9),
    );
  });

  test('is of a band that can answer where it can be connected to and has the service; a blank one needs no id', () => {
    const manufacturerData = Uint8Array.of(0xff, 0xff, 1);
    const serviceUuids = ['fff0'];
    expect(bandIn(heard({ manufacturerData, serviceUuids, connectable: true }), ours)?.canAnswer).toBe(true);
    expect(bandIn(heard({ manufacturerData, serviceUuids }), ours)?.canAnswer).toBe(false);
    expect(bandIn(heard({ manufacturerData, connectable: true }), ours)?.canAnswer).toBe(false);
    expect(bandIn(heard({ serviceUuids, connectable: true }), ours)).toMatchObject({ id: new Uint8Array(0) });
  });

  test('without a reading of its strength is of nobody: 127 is not very near', () => {
    const manufacturerData = Uint8Array.of(0xff, 0xff, 1);
    for (const rssi of [127, 21, -128, Number.NaN])
      expect(bandIn(heard({ manufacturerData, rssi }), ours)).toBeUndefined();
  });

  test('may be anything: it is of a band with a bounded id, or of nobody', () => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(
        fc.record({
          address: fc.oneof(fc.constant(address), fc.string()),
          rssi: fc.oneof(fc.integer({ min: -200, max: 200 }), fc.double()),
          connectable: fc.boolean(),
          manufacturerData: fc.oneof(
            bytes,
            bytes.map((data) => Uint8Array.of(0xff, 0xff, ...data)),
          ),
          serviceData: fc.array(fc.record({ uuid: fc.oneof(fc.constant('fff0'), fc.string()), data: bytes })),
          serviceUuids: fc.array(fc.oneof(fc.constant('fff0'), fc.string())),
        }),
        fc.constantFrom<Pick<BleInput, 'service' | 'company'>>(ours, { service: 'fff0' }),
        (advertisement, input) => {
          const band = bandIn(advertisement, input);
          if (band === undefined) return;
          expect(band.address).toBe(address);
          expect(band.id.length).toBeLessThanOrEqual(tagIdBytesMax);
          expect(band.id.length > 0 || band.canAnswer).toBe(true);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('a band is held up', () => {
  const presence = () => createPresence({ rssiMin: -55, dwellMs: 400 });

  test('when it is heard strongly for the dwell, and only then', () => {
    const { hear } = presence();
    expect([0, 100, 200, 300, 399, 400, 500].map((ms) => hear('a', -50, ms))).toEqual([
      'no',
      'no',
      'no',
      'no',
      'no',
      'now',
      'still',
    ]);
  });

  test('though not every reading is strong; but not when most are weak', () => {
    const held = presence();
    expect([-50, -70, -50, -50, -70, -50].map((rssi, index) => held.hear('a', rssi, index * 100))).toContain('now');
    const passing = presence();
    const readings = Array.from({ length: 100 }, (_, index) =>
      passing.hear('a', index % 3 === 0 ? -50 : -70, index * 50),
    );
    expect(new Set(readings)).toEqual(new Set(['no']));
  });

  test('not by two readings that are far apart', () => {
    const { hear } = presence();
    expect([hear('a', -50, 0), hear('a', -50, 1_500)]).toEqual(['no', 'no']);
  });

  test('again only after it was away', () => {
    const { hear } = presence();
    for (let ms = 0; ms <= 400; ms += 100) hear('a', -50, ms);
    expect(hear('a', -50, 2_300)).toBe('still');
    expect(hear('a', -70, 4_200)).toBe('no');
    expect(hear('a', -50, 4_400)).toBe('no');
    expect(hear('a', -50, 4_800)).toBe('now');
  });

  test('whoever else is near: those are bounded, and the one heard longest ago is forgotten', () => {
    const { hear, size } = presence();
    for (let index = 0; index < bandsNearMax * 3; index++) {
      hear(`other-${index}`, -50, index);
      if (index % 50 === 0) hear('a', -50, index);
    }
    expect(size()).toBe(bandsNearMax);
    expect(hear('a', -50, bandsNearMax * 3)).toBe('still');
  });
});

describe('the reader', () => {
  let clock: ReturnType<typeof createManualClock>;
  let sight: (sighting: Sighting) => void;
  let fail: (cause: Error) => void;
  let takeOver: () => void;
  let opened: number;
  let links: { readonly address: string; readonly answer: (proved: boolean | 'adapter-gone') => void }[];
  let collector: ReturnType<typeof createCollector>;
  let running: Promise<void>;
  let stop: AbortController;
  let reader: BleReader;

  const link: BandLink = {
    read: async () => ok(Uint8Array.of(1)),
    write: async () => ok(undefined),
    listen: async () => ok({ next: Promise.resolve(Uint8Array.of(2)) }),
  };

  const start = (query = ''): void => {
    reader = createBleReader({
      id: 'reader-1',
      gate: 'north',
      input: inputOf(`ble://hci0${query}`),
      clock,
      random: (length) => new Uint8Array(length).fill(7),
      logger: silentLogger,
      openRadio: (onSighting): BleRadio => {
        opened++;
        sight = onSighting;
        let close = (): void => undefined;
        const ended = new Promise<void>((resolve, reject) => {
          takeOver = close = resolve;
          fail = reject;
        });
        return {
          ended,
          close: () => close(),
          connect: async (address, _, converse) => {
            const proved = await new Promise<boolean | 'adapter-gone'>((answer) => links.push({ address, answer }));
            if (proved === 'adapter-gone') return adapterGone;
            return proved ? converse(link) : err({ type: 'band-failed', cause: 'the band did not answer in time' });
          },
        };
      },
    });
    running = reader.run(collector.deliver, stop.signal);
  };
  const band = (name: number, more: Partial<Sighting> = {}): Sighting => ({
    address: `c0:00:00:00:00:${name.toString(16).padStart(2, '0')}`,
    rssi: -45,
    id: Uint8Array.of(name),
    canAnswer: false,
    ...more,
  });
  /** For as long as it takes to count, and some more. */
  const holdUp = (sighting: Sighting, ms = 500): void => {
    for (let passed = 0; passed < ms; passed += 50) {
      sight(sighting);
      clock.advance(50);
    }
  };
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  beforeEach(() => {
    clock = createManualClock();
    collector = createCollector();
    stop = new AbortController();
    [opened, links] = [0, []];
  });

  test('delivers a band that only advertises by its id, again every half second while it is up', async () => {
    start();
    holdUp(band(1), 2_000);
    expect(collector.texts()).toEqual(['ble:01', 'ble:01', 'ble:01', 'ble:01']);
    expect(collector.all[0]).not.toHaveProperty('proof');
    stop.abort();
    await running;
  });

  test('of hundreds that are carried past delivers none, and holds on to none', () => {
    start();
    for (let ms = 0; ms < 5_000; ms += 50) {
      for (let name = 0; name < 250; name++)
        sight(band(name, { rssi: (name + ms / 50) % 9 === 0 ? -50 : -65 - (name % 30) }));
      clock.advance(50);
    }
    expect(collector.all).toEqual([]);
  });

  test('delivers with a proof what the band has answered, and asks nothing while it waits for that', async () => {
    start();
    holdUp(band(1, { canAnswer: true }), 1_000);
    expect(collector.all).toEqual([]);
    await settled();
    expect(links).toHaveLength(1);
    links[0]?.answer(true);
    await settled();
    expect((collector.all[0] as BandPresentation).proof).toEqual({
      gate: 'north',
      credential: Uint8Array.of(1),
      challenge: new Uint8Array(16).fill(7),
      signature: Uint8Array.of(2),
    });
  });

  test('asks a band also while something else advertises its id', async () => {
    start();
    const copy = band(1);
    const itself = band(1, { address: 'c0:00:00:00:ff:ff', canAnswer: true });
    for (let ms = 0; ms < 500; ms += 50) {
      sight(copy);
      sight(itself);
      clock.advance(50);
    }
    await settled();
    expect(links.map(({ address }) => address)).toEqual([itself.address]);
    links[0]?.answer(true);
    await settled();
    expect(new Set(collector.texts())).toEqual(new Set(['ble:01', 'ble:01+proof']));
  });

  test('lets a proof stand for some seconds only, however long its band is held up', async () => {
    start();
    holdUp(band(1, { canAnswer: true }));
    await settled();
    links[0]?.answer(true);
    await settled();
    holdUp(band(1, { canAnswer: true }), 20_000);
    expect(collector.all.length).toBeLessThanOrEqual(12);
    expect(links).toHaveLength(1);
  });

  test('delivers a band that does not answer by its id only, or not at all where proof is required', async () => {
    for (const query of ['', '?proof=required']) {
      collector = createCollector();
      links = [];
      start(query);
      holdUp(band(1, { canAnswer: true }));
      await settled();
      links[0]?.answer(false);
      await settled();
      holdUp(band(1, { canAnswer: true }));
      expect(collector.all.length > 0, query).toBe(query === '');
      for (const presentation of collector.all) expect(presentation).not.toHaveProperty('proof');
    }
    start('?proof=required');
    collector = createCollector();
    holdUp(band(2));
    expect(collector.all).toEqual([]);
  });

  test('asks no band where proof is none', () => {
    start('?proof=none');
    holdUp(band(1, { canAnswer: true }));
    expect([collector.texts(), links]).toEqual([['ble:01'], []]);
  });

  test('talks to one band after the other, and to few of a crowd that holds bands up at once', async () => {
    start();
    for (let round = 0; round < 12; round++) {
      for (let name = 1; name <= 40; name++) sight(band(name, { canAnswer: true }));
      clock.advance(50);
    }
    await settled();
    expect(links).toHaveLength(1);
    for (let index = 0; index < 10; index++) {
      links.at(-1)?.answer(true);
      await settled();
    }
    expect(links).toHaveLength(4);
    expect(new Set(collector.texts()).size).toBe(4);
  });

  test('does not ask again at once the band with which the adapter has failed', async () => {
    start();
    holdUp(band(1, { canAnswer: true }));
    await settled();
    links[0]?.answer('adapter-gone');
    fail(new Error('gone'));
    await expect(running).rejects.toThrow('gone');
    expect(collector.all).toEqual([]);
    running = reader.run(collector.deliver, stop.signal);
    holdUp(band(1, { canAnswer: true }));
    expect(collector.texts()).toEqual(['ble:01']);
    expect(links).toHaveLength(1);
    clock.advance(60_000);
    holdUp(band(1, { canAnswer: true }));
    await settled();
    expect(links).toHaveLength(2);
  });

  test('opens another adapter at once where one takes over', async () => {
    start();
    takeOver();
    await settled();
    expect(opened).toBe(2);
    holdUp(band(1));
    expect(collector.texts()).toEqual(['ble:01']);
    stop.abort();
    await running;
  });

  test('gives the next band to the desk that waits, blank ones too, and not to the lane', async () => {
    start();
    const given = new AbortController();
    const never = reader.nextBand(given.signal);
    given.abort();
    expect(await never).toBeUndefined();
    const next = reader.nextBand(new AbortController().signal);
    const blank = band(1, { id: new Uint8Array(0), canAnswer: true });
    holdUp(blank, 3_000);
    const port = await next;
    expect(bytesToHex(port?.id ?? Uint8Array.of(1))).toBe('');
    const back = port?.readBack();
    await settled();
    links[0]?.answer(true);
    expect(await back).toEqual(ok({ id: Uint8Array.of(1), credential: Uint8Array.of(1) }));
    const other = reader.nextBand(new AbortController().signal);
    holdUp(band(2), 3_000);
    expect(await other).toMatchObject({ id: Uint8Array.of(2), canAnswer: false });
    expect(collector.all).toEqual([]);
  });
});
