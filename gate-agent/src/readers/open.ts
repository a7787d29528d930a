// Makes the reader that a URI names: camera:// (and its kin, see camera-uri.ts), pcsc://, ble://, hid://, serial://, evdev://, stdin:// or sim://. Opening touches
// no device: whether one is there shows when the reader runs, and `supervise` tries again until it is.
import type { Readable } from 'node:stream';
import { err, ok, type Clock, type Logger, type Random, type Reader, type Result, type Timer } from '@postern/shared';
import { createBleReader, type BleReader } from './ble.ts';
import { openBleRadio } from './ble-radio.ts';
import { parseBleUri } from './ble-uri.ts';
import { parseCameraUri, type ReaderUriError } from './camera-uri.ts';
import { createCameraReader, type CameraView } from './camera.ts';
import type { Decoder } from './decoder.ts';
import { createNfcReader, type NfcReader } from './nfc.ts';
import type { NfcService } from './nfc-service.ts';
import { openHid, type OpenHid } from '../hid/hid-port.ts';
import { readHidUri } from '../hid/hid-uri.ts';
import { createEvdevReader, parseEvdev } from './evdev.ts';
import { createHidReader } from './hid.ts';
import { parseSerial } from './serial-uri.ts';
import { createSerialReader } from './serial.ts';
import { createSimulatedReader, type SimulatedReader } from './simulated.ts';
import { createStdinReader } from './stdin.ts';

export interface OpenReaderDeps {
  readonly id: string;
  /** This gate's id. */
  readonly gate: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Called for cameras only, so that a gate without one starts no decoding thread. All cameras share one decoder. */
  readonly decoder: () => Decoder;
  /** Called for NFC readers only; all lanes share the service. */
  readonly nfc: () => NfcService;
  readonly timer: Timer;
  readonly stdin: Readable;
  /** Opens HID devices; node-hid when absent. */
  readonly hid?: OpenHid;
  /** Live preview of cameras. */
  readonly onFrame?: (view: CameraView) => void;
  /** Receives the handle of a `pcsc://` reader, by which the band desk takes tags from it. */
  readonly onNfc?: (reader: NfcReader) => void;
  /** Receives the handle of a `ble://` reader, by which the band desk takes bands from it. */
  readonly onBle?: (reader: BleReader) => void;
  /** Receives the handle of a `sim://` reader, by which codes are shown to it. */
  readonly onSimulated?: (reader: SimulatedReader) => void;
}

export const readerSchemes = [
  'camera',
  'camera+unix',
  'camera+pipe',
  'pcsc',
  'ble',
  'hid',
  'serial',
  'evdev',
  'stdin',
  'sim',
] as const;

export function openReader(uri: string, deps: OpenReaderDeps): Result<Reader, ReaderUriError> {
  const { id, clock, logger } = deps;
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//.exec(uri)?.[1];
  switch (scheme) {
    case 'camera':
    case 'camera+unix':
    case 'camera+pipe': {
      const input = parseCameraUri(uri);
      if (!input.ok) return input;
      return ok(
        createCameraReader({
          id,
          clock,
          logger,
          input: input.value,
          decoder: deps.decoder(),
          timer: deps.timer,
          ...(deps.onFrame ? { onFrame: deps.onFrame } : {}),
        }),
      );
    }
    case 'pcsc': {
      const wanted = readerNameOf(uri);
      if (wanted === undefined)
        return err({
          type: 'reader-uri-invalid',
          message: `${uri.slice(0, 200)}: what follows pcsc:// is part of a reader’s name`,
        });
      const reader = createNfcReader({ id, clock, logger, timer: deps.timer, wanted, service: deps.nfc() });
      deps.onNfc?.(reader);
      return ok(reader);
    }
    case 'ble': {
      const input = parseBleUri(uri);
      if (!input.ok) return err({ type: 'reader-uri-invalid', message: `${uri}: ${input.error.cause}` });
      const openRadio = openBleRadio(input.value, deps.timer);
      const reader = createBleReader({
        id,
        clock,
        logger,
        gate: deps.gate,
        random: deps.random,
        input: input.value,
        openRadio,
      });
      deps.onBle?.(reader);
      return ok(reader);
    }
    case 'hid': {
      const parsed = readHidUri('hid', uri, () => ({}));
      if (!parsed.ok) return err({ type: 'reader-uri-invalid', message: `${uri}: ${parsed.error.cause}` });
      return ok(createHidReader({ id, clock, address: parsed.value.address, open: deps.hid ?? openHid }));
    }
    case 'serial': {
      const input = parseSerial(uri);
      if (!input.ok) return err({ type: 'reader-uri-invalid', message: `${uri}: ${input.error.cause}` });
      return ok(createSerialReader({ id, clock, logger, input: input.value }));
    }
    case 'evdev': {
      const path = parseEvdev(uri);
      if (!path.ok) return err({ type: 'reader-uri-invalid', message: `${uri}: ${path.error.cause}` });
      return ok(createEvdevReader({ id, clock, logger, path: path.value }));
    }
    case 'stdin':
      return uri === 'stdin://'
        ? ok(createStdinReader({ id, clock, logger, input: deps.stdin }))
        : err({ type: 'reader-uri-invalid', message: `${uri}: nothing may follow stdin://` });
    case 'sim': {
      const reader = createSimulatedReader({ id, clock });
      deps.onSimulated?.(reader);
      return ok(reader);
    }
    default:
      return err({
        type: 'reader-uri-invalid',
        message: `${uri.slice(0, 200)}: unknown reader; valid are ${readerSchemes.map((name) => `${name}://`).join(', ')}`,
      });
  }
}

/** What a `pcsc://` address says of the reader's name, blanks as they are or as %20; undefined where it cannot be read. */
export function readerNameOf(uri: string): string | undefined {
  try {
    return decodeURIComponent(uri.slice('pcsc://'.length)).trim();
  } catch {
    // A percent sign that escapes nothing.
    return undefined;
  }
}
