import { PassThrough } from 'node:stream';
import { err } from '@postern/shared';
import { describe, expect, test } from 'vitest';
import { liveCommand } from '../../../../gate-agent/src/readers/camera-command.ts';
import { parseCameraUri } from '../../../../gate-agent/src/readers/camera-uri.ts';
import { openReader, readerNameOf, readerSchemes } from '../../../../gate-agent/src/readers/open.ts';
import { createSeededUniform } from '../../../../scripts/lib/render-code-frame.ts';
import { createFakeDecoder, hurriedTimer, silentLogger, systemClock } from '../../../support/readers.ts';

const open = (uri: string) => {
  const decodersMade: string[] = [];
  const servicesMade: string[] = [];
  const opened = openReader(uri, {
    id: 'r1',
    gate: 'north',
    clock: systemClock,
    random: (length) => new Uint8Array(length),
    logger: silentLogger,
    timer: hurriedTimer,
    stdin: new PassThrough(),
    decoder: () => (decodersMade.push(uri), createFakeDecoder(() => [])),
    nfc: () => (
      servicesMade.push(uri),
      {
        hold: async () => err({ type: 'reader-missing', cause: 'none in this test', remedy: '' }),
        close: () => undefined,
      }
    ),
  });
  return { opened, decodersMade, servicesMade };
};
const message = (uri: string): string => {
  const { opened } = open(uri);
  return opened.ok ? 'opened' : `${opened.error.type}: ${opened.error.message}`;
};

describe('which reader a URI names', () => {
  test('every scheme opens its reader, and only cameras start a decoder, only NFC readers the PC/SC service', () => {
    for (const uri of [
      'camera:///dev/video0',
      'camera://rpicam',
      'camera+unix:///run/camera.sock',
      'camera+pipe:///run/fifo',
      'camera:///srv/pictures?loop=1',
      'pcsc://',
      'pcsc://ACS ACR122U',
      'ble://hci0',
      'hid://0c2e:0b61?serial=S1',
      'hid:///dev/postern/hid-pci-0000:00:14.0-usb-0:2:1.0',
      'serial:///dev/ttyACM0?baud=115200',
      'evdev:///dev/input/by-id/usb-Scanner-event-kbd',
      'stdin://',
      'sim://',
    ]) {
      const { opened, decodersMade, servicesMade } = open(uri);
      expect(opened.ok && opened.value.id, uri).toBe('r1');
      expect(decodersMade.length, uri).toBe(uri.startsWith('camera') ? 1 : 0);
      expect(servicesMade.length, uri).toBe(uri.startsWith('pcsc') ? 1 : 0);
    }
  });

  test('an unknown scheme is refused with the valid ones', () => {
    for (const uri of ['floppy://0', 'http://camera/', 'video0', '', '/dev/video0', 'Camera:///dev/video0'])
      expect(message(uri)).toBe(
        `reader-uri-invalid: ${uri}: unknown reader; valid are ${readerSchemes.map((name) => `${name}://`).join(', ')}`,
      );
  });

  test('the name of an NFC reader is taken with blanks as they are or escaped, and refused where it cannot be read', () => {
    expect(['pcsc://', 'pcsc://ACS ACR122U', 'pcsc://ACS%20ACR122U '].map(readerNameOf)).toEqual([
      '',
      'ACS ACR122U',
      'ACS ACR122U',
    ]);
    expect(message('pcsc://50%')).toMatch(/^reader-uri-invalid: pcsc:\/\/50%: what follows pcsc:\/\/ is part of/);
  });

  test('only inputs that end for good are finite', () => {
    for (const [uri, finite] of [
      ['stdin://', true],
      ['camera:///srv/a.png', true],
      ['camera:///srv/a.png?loop=1', undefined],
      ['camera:///dev/video0', undefined],
      ['sim://', undefined],
    ] as const) {
      const { opened } = open(uri);
      expect(opened.ok && opened.value.finite, uri).toBe(finite);
    }
  });
});

describe('camera URIs', () => {
  test('sizes, rates and paths are read, with defaults for what is not said', () => {
    expect(parseCameraUri('camera:///dev/video2?width=1280&height=720&fps=30')).toEqual({
      ok: true,
      value: { type: 'device', path: '/dev/video2', width: 1_280, height: 720, fps: 30, controls: [] },
    });
    expect(parseCameraUri('camera://rpicam')).toEqual({
      ok: true,
      value: { type: 'rpicam', width: 640, height: 480, fps: 15 },
    });
    expect(parseCameraUri('camera:///srv/my%20pictures?loop=1')).toEqual({
      ok: true,
      value: { type: 'files', path: '/srv/my pictures', fps: 2, loop: true, sideMaxPx: 1_280 },
    });
    expect(parseCameraUri('camera+unix:///run/a.sock')).toEqual({
      ok: true,
      value: { type: 'socket', path: '/run/a.sock', fps: 15 },
    });
    expect(parseCameraUri('camera+pipe:///run/fifo?width=320&height=240')).toEqual({
      ok: true,
      value: { type: 'pipe', path: '/run/fifo', width: 320, height: 240, fps: 15 },
    });
  });

  test('a camera may be told its format, and what its driver offers', () => {
    const uri = 'camera:///dev/video0?format=mjpeg&controls=auto_exposure:1,exposure_time_absolute:80,tilt_absolute:-3';
    const device = parseCameraUri(uri);
    expect(device).toMatchObject({
      value: {
        format: 'mjpeg',
        controls: [
          { name: 'auto_exposure', value: 1 },
          { name: 'exposure_time_absolute', value: 80 },
          { name: 'tilt_absolute', value: -3 },
        ],
      },
    });
    if (!device.ok || device.value.type !== 'device') throw new Error('it is a device');
    expect(liveCommand(device.value).args.join(' ')).toContain('-f v4l2 -input_format mjpeg -framerate 15');
    const pi = parseCameraUri('camera://rpicam?shutter-us=8000&gain=4');
    if (!pi.ok || pi.value.type !== 'rpicam') throw new Error('it is the one of a Pi');
    expect(liveCommand(pi.value).args.join(' ')).toContain('--shutter 8000 --gain 4');
    expect(message('camera:///dev/video0?controls=gain=4')).toContain('name:value');
    expect(message('camera:///dev/video0?format=../x')).toContain('mjpeg');
    expect(message('camera://rpicam?gain=100')).toContain('gain must be');
  });

  test('mistakes are named together with what is valid', () => {
    expect(message('camera:///dev/video0?widht=640')).toContain(
      'unknown setting "widht"; valid are width, height, fps',
    );
    expect(message('camera:///dev/video0?width=99999')).toContain('width must be a whole number from 16 to 1920');
    expect(message('camera:///dev/video0?fps=0')).toContain('fps must be a whole number from 1 to 120');
    expect(message('camera:///srv/a.png?loop=yes')).toContain('loop must be 0 or 1');
    expect(message('camera://rpicam?width=650')).toContain('multiple of 64');
    for (const uri of [
      'camera://dev/video0',
      'camera://',
      'camera:///',
      'camera:///%ff',
      'camera:///a%00b',
      'camera+unix://rpicam',
    ])
      expect(message(uri), uri).toContain('absolute path');
    expect(message('hid://scanner')).toContain('VENDOR:PRODUCT');
    expect(message('hid://0c2e:0b61?usage=1')).toContain('"usage" is not known; valid: serial');
    expect(message('serial://ttyACM0')).toContain('/dev/ttyACM0');
    expect(message('serial:///dev/ttyACM0?baud=9601')).toContain('baud must be 9600 or');
    expect(message('evdev://keyboard')).toContain('event-kbd');
    expect(message('stdin:///dev/tty')).toContain('nothing may follow stdin://');
  });

  test('10,000 random URIs never throw', () => {
    const uniform = createSeededUniform(3);
    const parts = [
      'camera',
      '://',
      '/',
      'dev',
      'rpicam',
      '?',
      'width=',
      '640',
      '&',
      'fps=',
      '%',
      '%zz',
      '[',
      '\0',
      'é',
      '+unix',
      '@',
      ':',
      '#',
      ' ',
      '-1',
    ];
    for (let round = 0; round < 10_000; round++) {
      const uri = `camera${Array.from({ length: Math.floor(uniform() * 12) }, () => parts[Math.floor(uniform() * parts.length)]).join('')}`;
      expect(typeof open(uri).opened.ok).toBe('boolean');
    }
  });
});
