// The doctor's look at what a lane is made of: its readers (NFC: doctor-nfc.ts), its turnstile, the fire input. Nothing is opened or moved: an agent that
// runs beside it keeps its camera.
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { parseGpioTurnstile } from '../actuators/gpio-uri.ts';
import { parseHidRelay } from '../actuators/hid-relay-uri.ts';
import { openActuator } from '../actuators/open.ts';
import type { GateConfig, LaneConfig } from '../config.ts';
import { parseFireInput } from '../fire-input.ts';
import { readHidUri } from '../hid/hid-uri.ts';
import { parseBleUri } from '../readers/ble-uri.ts';
import { parseCameraUri, type CameraInput } from '../readers/camera-uri.ts';
import { readerSchemes } from '../readers/open.ts';
import { parseEvdev } from '../readers/evdev.ts';
import { parseSerial } from '../readers/serial-uri.ts';
import { parseSignal } from '../signals/open.ts';
import { fail, warn, well, type Finding } from './doctor-finding.ts';
import {
  checkBluetooth,
  checkGpio,
  checkHid,
  checkSerial,
  checkTypingScanner,
  lacksOurLinks,
  udevRemedy,
  type HardwareDeps,
} from './doctor-hardware.ts';

/** Standard input is one stream: two lanes would each get some of its lines. */
export function checkSharedInput({ lanes }: GateConfig): readonly Finding[] {
  const reading = lanes.flatMap(({ id, readers }) => readers.filter((uri) => uri === 'stdin://').map(() => id));
  return reading.length < 2
    ? []
    : [
        fail(
          'readers',
          `stdin:// is named ${reading.length} times (${reading.join(', ')}), but there is only one standard input`,
          'leave it to one lane; run another process for the other scanner, or use a camera',
        ),
      ];
}

export function checkReader(lane: string, uri: string, deps: HardwareDeps): Finding {
  const about = `lane ${lane}`;
  const looked = { about, what: `reader ${uri}` };
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//.exec(uri)?.[1] ?? '';
  if (scheme === 'stdin')
    return uri === 'stdin://'
      ? well(about, 'reader stdin://: one code a line')
      : fail(about, `reader ${uri}: nothing may follow stdin://`, 'correct readers in gate.toml');
  if (scheme === 'sim')
    return warn(
      about,
      `reader ${uri} is simulated`,
      'for a real gate, name a camera or scanner: see "Readers" in the README',
    );
  if (scheme === 'hid') {
    const parsed = readHidUri('hid', uri, () => ({}));
    return parsed.ok
      ? checkHid(looked, parsed.value.address, deps)
      : fail(about, `reader ${uri}: ${parsed.error.cause}`, 'correct readers in gate.toml');
  }
  if (scheme === 'serial') {
    const input = parseSerial(uri);
    return input.ok
      ? checkSerial(looked, input.value.path, deps)
      : fail(about, `reader ${uri}: ${input.error.cause}`, 'correct readers in gate.toml');
  }
  if (scheme === 'evdev') {
    const path = parseEvdev(uri);
    return path.ok
      ? checkTypingScanner(looked, path.value)
      : fail(about, `reader ${uri}: ${path.error.cause}`, 'correct readers in gate.toml');
  }
  if (scheme === 'ble') {
    const input = parseBleUri(uri);
    return input.ok
      ? checkBluetooth(looked, input.value.adapter, deps)
      : fail(about, `reader ${uri}: ${input.error.cause}`, 'correct readers in gate.toml');
  }
  if (!scheme.startsWith('camera'))
    return fail(
      about,
      `reader ${uri} is of no known kind`,
      `known: ${readerSchemes.map((name) => `${name}://`).join(', ')}`,
    );
  const input = parseCameraUri(uri);
  return input.ok
    ? checkCamera(about, uri, input.value, deps)
    : fail(about, `reader ${input.error.message}`, 'correct readers in gate.toml');
}

function checkCamera(about: string, uri: string, input: CameraInput, deps: HardwareDeps): Finding {
  const program = input.type === 'rpicam' ? 'rpicam-vid' : 'ffmpeg';
  if (!deps.hasProgram(program))
    return fail(
      about,
      `reader ${uri} needs ${program}, which is not installed`,
      `sudo apt install ${program === 'ffmpeg' ? 'ffmpeg' : 'rpicam-apps'}`,
    );
  if (input.type === 'rpicam') return well(about, `reader ${uri}: ${program} is there`);
  if (!existsSync(input.path)) {
    if (input.type === 'socket')
      return warn(
        about,
        `reader ${uri}: nobody offers pictures at ${input.path} yet`,
        'start what does; the agent connects by itself',
      );
    return fail(
      about,
      `reader ${uri}: there is no ${input.path}`,
      input.type === 'device'
        ? lacksOurLinks(input.path, deps)
          ? udevRemedy
          : 'plug the camera in; what is there: ls /dev/video* (v4l2-ctl --list-devices names them)'
        : 'correct the path in gate.toml',
    );
  }
  const kind = statSync(input.path);
  if (input.type === 'device' && !kind.isCharacterDevice())
    return fail(about, `reader ${uri}: ${input.path} is no device`, 'what is there: ls -l /dev/video*');
  if (input.type === 'pipe' && !kind.isFIFO())
    return fail(about, `reader ${uri}: ${input.path} is no named pipe`, `make one: mkfifo ${input.path}`);
  if (!isReadable(input.path))
    return fail(
      about,
      `reader ${uri}: ${input.path} must not be read by this user`,
      'add the user to the group video: sudo usermod -aG video postern-gate, then restart the agent',
    );
  return well(
    about,
    `reader ${uri}: ${program} and ${input.type === 'device' ? 'the camera' : 'its pictures'} are there`,
  );
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    // That it throws is the answer.
    return false;
  }
}

/** What is only looked at waits for nothing and says nothing. */
const idle = {
  timer: { after: () => () => undefined },
  logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
};

export function checkActuator({ id, actuator, direction, passageTimeoutMs }: LaneConfig, deps: HardwareDeps): Finding {
  const looked = { about: `lane ${id}`, what: `turnstile ${actuator}` };
  const wrong = (cause: string): Finding =>
    fail(looked.about, `turnstile ${actuator}: ${cause}`, 'correct actuator in gate.toml');
  const opened = openActuator(actuator, { ...idle, passageTimeoutMs });
  if (!opened.ok) return wrong(opened.error.cause);
  const gpio = actuator.startsWith('gpio://') ? parseGpioTurnstile(actuator) : undefined;
  const hid = actuator.startsWith('hid-relay://') ? parseHidRelay(actuator) : undefined;
  const relays = gpio?.ok ? gpio.value : hid?.ok ? hid.value : undefined;
  if (relays !== undefined && direction === 'entry' && relays.entry === undefined)
    return wrong('it has no entry=…, and this lane is an entry');
  if (gpio?.ok) return checkGpio(looked, gpio.value.chip, deps);
  if (hid?.ok) return checkHid(looked, hid.value.address, deps);
  if (opened.value.simulated !== undefined)
    return warn(
      looked.about,
      `turnstile ${actuator} is simulated: nothing opens`,
      "for a real gate use none:// (a steward is the turnstile) or the relay's address",
    );
  return well(looked.about, looked.what);
}

export function checkSignal({ id, signal }: LaneConfig, deps: HardwareDeps): readonly Finding[] {
  if (signal === undefined) return [];
  const looked = { about: `lane ${id}`, what: `signal ${signal}` };
  const parsed = parseSignal(signal);
  return [
    parsed.ok
      ? checkGpio(looked, parsed.value.chip, deps)
      : fail(looked.about, `signal ${signal}: ${parsed.error.cause}`, 'correct signal in gate.toml'),
  ];
}

export function checkFireInput({ fire: { input: uri } }: GateConfig, deps: HardwareDeps): readonly Finding[] {
  if (uri === undefined) return [];
  const about = 'fire input';
  const input = parseFireInput(uri);
  if (!input.ok) return [fail(about, `${uri}: ${input.error.cause}`, 'correct [fire] input in gate.toml')];
  if (input.value.type === 'line') return [checkGpio({ about, what: uri }, input.value.chip, deps)];
  const { path } = input.value;
  if (!existsSync(path) || !isReadable(path))
    return [
      fail(
        about,
        `${path} cannot be read`,
        'start what writes it (1 while the contact is on); the fire loop itself must release the turnstile by wire in any case',
      ),
    ];
  return [well(about, path)];
}
