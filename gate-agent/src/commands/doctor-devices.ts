// The doctor's look at what a lane is made of: its readers (NFC: doctor-nfc.ts), its turnstile, the fire input. Nothing is opened or moved: an agent that
// runs beside it keeps its camera.
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openActuator } from '../actuators/open.ts';
import type { GateConfig, LaneConfig } from '../config.ts';
import { parseCameraUri, type CameraInput } from '../readers/camera-uri.ts';
import { readerSchemes } from '../readers/open.ts';
import { fail, warn, well, type DoctorDeps, type Finding } from './doctor-finding.ts';

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

export function checkReader(lane: string, uri: string, { hasProgram }: Pick<DoctorDeps, 'hasProgram'>): Finding {
  const about = `lane ${lane}`;
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
  if (!scheme.startsWith('camera'))
    return fail(
      about,
      `reader ${uri} is of no known kind`,
      `known: ${readerSchemes.map((name) => `${name}://`).join(', ')}`,
    );
  const input = parseCameraUri(uri);
  return input.ok
    ? checkCamera(about, uri, input.value, hasProgram)
    : fail(about, `reader ${input.error.message}`, 'correct readers in gate.toml');
}

function checkCamera(about: string, uri: string, input: CameraInput, hasProgram: DoctorDeps['hasProgram']): Finding {
  const program = input.type === 'rpicam' ? 'rpicam-vid' : 'ffmpeg';
  if (!hasProgram(program))
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
        ? 'plug the camera in; what is there: ls /dev/video* (v4l2-ctl --list-devices names them)'
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

export function checkActuator({ id, actuator, passageTimeoutMs }: LaneConfig): Finding {
  const about = `lane ${id}`;
  const opened = openActuator(actuator, { ...idle, passageTimeoutMs });
  if (!opened.ok) return fail(about, `turnstile ${actuator}: ${opened.error.cause}`, 'correct actuator in gate.toml');
  if (opened.value.simulated !== undefined)
    return warn(
      about,
      `turnstile ${actuator} is simulated: nothing opens`,
      "for a real gate use none:// (a steward is the turnstile) or the relay's address",
    );
  return well(about, `turnstile ${actuator}`);
}

export function checkFireInput({ fire: { input } }: GateConfig): readonly Finding[] {
  if (input === undefined) return [];
  if (!input.startsWith('file:///'))
    return [fail('fire input', `${input}: only file:///PATH is known`, 'correct [fire] input in gate.toml')];
  const path = fileURLToPath(input);
  if (!existsSync(path) || !isReadable(path))
    return [
      fail(
        'fire input',
        `${path} cannot be read`,
        'start what writes it (1 while the contact is on); the fire loop itself must release the turnstile by wire in any case',
      ),
    ];
  return [well('fire input', path)];
}
