// What a `camera…://` URI means:
//   camera:///dev/video0?width=640&height=480&fps=15   a V4L2 device, by ffmpeg; `format=mjpeg` picks one of its formats, `controls=`
//                                                       `auto_exposure:1,exposure_time_absolute:80` sets what its driver offers
//   camera://rpicam?width=640&height=480&fps=15         the Raspberry Pi's camera, by rpicam-vid; `shutter-us=8000&gain=4` fix the exposure
//   camera:///path/to/file-or-folder?fps=2&loop=1       a video (at its own speed), a picture, or a folder of pictures (`fps` a second)
//   camera+unix:///path/to/socket?fps=15                YUV4MPEG2 from a server on a Unix socket: every connection starts with a fresh
//                                                       header, so either side may die and come back. The demo shows its frames so.
//   camera+pipe:///path/to/fifo?width=640&height=480    raw 8-bit grey frames from a named pipe; simplest to feed by hand, but a reader
//                                                       that dies inside a frame leaves the next one out of step.
import { err, ok, type Result } from '@postern/shared';
import type { CameraControl } from './camera-controls.ts';
import { frameSideMax } from './frame.ts';

export type CameraInput =
  | {
      readonly type: 'device';
      readonly path: string;
      readonly width: number;
      readonly height: number;
      readonly fps: number;
      /** As ffmpeg names it; the driver's first choice when absent. */
      readonly format?: string;
      readonly controls: readonly CameraControl[];
    }
  | {
      readonly type: 'rpicam';
      readonly width: number;
      readonly height: number;
      readonly fps: number;
      /** Fixed exposure; automatic when absent. */
      readonly shutterUs?: number;
      readonly gain?: number;
    }
  | {
      readonly type: 'files';
      readonly path: string;
      readonly fps: number;
      readonly loop: boolean;
      readonly sideMaxPx: number;
    }
  | { readonly type: 'socket'; readonly path: string; readonly fps: number }
  | {
      readonly type: 'pipe';
      readonly path: string;
      readonly width: number;
      readonly height: number;
      readonly fps: number;
    };

export interface ReaderUriError {
  readonly type: 'reader-uri-invalid';
  readonly message: string;
}

const sideMaxPx = 1_920;
const fpsMax = 120;
const controlsMax = 16;
const keys: Readonly<Record<CameraInput['type'], readonly string[]>> = {
  device: ['width', 'height', 'fps', 'format', 'controls'],
  rpicam: ['width', 'height', 'fps', 'shutter-us', 'gain'],
  files: ['fps', 'loop', 'width'],
  socket: ['fps'],
  pipe: ['width', 'height', 'fps'],
};

export function parseCameraUri(uri: string): Result<CameraInput, ReaderUriError> {
  const invalid = (why: string): Result<never, ReaderUriError> =>
    err({ type: 'reader-uri-invalid', message: `${uri}: ${why}` });
  if (!URL.canParse(uri))
    return invalid('not a URI; a camera is camera:///dev/video0, camera://rpicam or camera:///path/to/file');
  const url = new URL(uri);
  const path = decodePath(url.pathname);
  const type = inputType(url, path);
  if (!type || path === undefined)
    return invalid('after camera:// comes an absolute path (three slashes: camera:///dev/video0) or rpicam');
  const unknown = [...url.searchParams.keys()].find((key) => !keys[type].includes(key));
  if (unknown !== undefined) return invalid(`unknown setting "${unknown}"; valid are ${keys[type].join(', ')}`);

  const wrong: string[] = [];
  const whole = (key: string, fallback: number, min: number, max: number): number => {
    const text = url.searchParams.get(key);
    if (text === null) return fallback;
    const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    wrong.push(`${key} must be a whole number from ${min} to ${max}`);
    return fallback;
  };
  const fps = whole('fps', type === 'files' ? 2 : 15, 1, fpsMax);
  const size = { width: whole('width', 640, 16, sideMaxPx), height: whole('height', 480, 16, sideMaxPx), fps };
  const loop = url.searchParams.get('loop') ?? '0';
  if (!/^[01]$/.test(loop)) wrong.push('loop must be 0 or 1');
  if (type === 'rpicam' && size.width % 64 !== 0)
    wrong.push('width must be a multiple of 64: rpicam-vid pads its rows to that');
  const format = url.searchParams.get('format') ?? undefined;
  if (format !== undefined && !/^[a-z0-9]{2,16}$/.test(format))
    wrong.push('format must be one that ffmpeg knows, such as mjpeg or yuyv422');
  const controls = parseControls(url.searchParams.get('controls') ?? '');
  if (controls === undefined) wrong.push(`controls must look like name:value,name:value, at most ${controlsMax}`);
  const optional = (key: string, max: number): number | undefined =>
    url.searchParams.has(key) ? whole(key, 1, 1, max) : undefined;
  const [shutterUs, gain] = [optional('shutter-us', 99_999), optional('gain', 64)];
  const input: CameraInput =
    type === 'rpicam'
      ? {
          type,
          ...size,
          ...(shutterUs === undefined ? {} : { shutterUs }),
          ...(gain === undefined ? {} : { gain }),
        }
      : type === 'files'
        ? { type, path, fps, loop: loop === '1', sideMaxPx: whole('width', 1_280, 16, Math.min(frameSideMax, 2_048)) }
        : type === 'socket'
          ? { type, path, fps }
          : type === 'pipe'
            ? { type, path, ...size }
            : { type, path, ...size, controls: controls ?? [], ...(format === undefined ? {} : { format }) };
  return wrong[0] === undefined ? ok(input) : invalid(wrong[0]);
}

/** `name:value,name:value`; undefined for anything else. */
function parseControls(text: string): readonly CameraControl[] | undefined {
  if (text === '') return [];
  const controls = text.split(',').map((part) => /^([a-z][a-z0-9_]{0,63}):(-?\d{1,9})$/.exec(part));
  if (controls.length > controlsMax || controls.includes(null)) return undefined;
  return controls.map((match) => ({ name: match?.[1] ?? '', value: Number(match?.[2]) }));
}

function inputType(url: URL, path: string | undefined): CameraInput['type'] | undefined {
  if (url.protocol === 'camera:' && url.host === 'rpicam' && (path === '' || path === '/')) return 'rpicam';
  if (url.host !== '' || path === undefined || !path.startsWith('/') || path.length < 2 || path.includes('\0'))
    return undefined;
  if (url.protocol === 'camera+unix:') return 'socket';
  if (url.protocol === 'camera+pipe:') return 'pipe';
  return url.protocol !== 'camera:' ? undefined : path.startsWith('/dev/') ? 'device' : 'files';
}

function decodePath(pathname: string): string | undefined {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return undefined; // A stray % is the caller's mistake; the message for it is the same as for no path.
  }
}
