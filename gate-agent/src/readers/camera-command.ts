// The programs that turn a camera, a pipe or a socket into grey frames, with their arguments.
import type { CameraInput } from './camera-uri.ts';
import { words, type FrameCommand } from './frame-source.ts';

/** A device that delivers no frame for so long has hung: USB cameras do. */
const stallMs = 10_000;

/** How an input is called in messages. */
export const describeInput = (input: CameraInput): string =>
  input.type === 'rpicam' ? 'of the Raspberry Pi' : input.path;

/** The program and arguments for a source that never ends by itself. */
export function liveCommand(input: Exclude<CameraInput, { type: 'files' }>): FrameCommand {
  if (input.type === 'rpicam') {
    const { width, height, fps, shutterUs, gain } = input;
    const exposure = [
      ...(shutterUs === undefined ? [] : ['--shutter', String(shutterUs)]),
      ...(gain === undefined ? [] : ['--gain', String(gain)]),
    ];
    const args = [
      ...words(`--nopreview --timeout 0 --codec yuv420 --width ${width} --height ${height} --framerate ${fps}`),
      ...exposure,
      ...words('--output -'),
    ];
    return { program: 'rpicam-vid', args, shape: { type: 'yuv420', width, height }, stallMs };
  }
  const args = [
    ...words('-hide_banner -nostdin -loglevel error -probesize 32 -analyzeduration 0 -threads 1'),
    ...inputArgs(input),
    ...words('-map 0:v:0 -vf format=gray -fps_mode passthrough -threads 1'),
    ...words('-flush_packets 1 -f image2pipe -c:v pgm pipe:1'),
  ];
  return { program: 'ffmpeg', args, shape: { type: 'pgm' }, ...(input.type === 'device' ? { stallMs } : {}) };
}

function inputArgs(input: Extract<CameraInput, { type: 'device' | 'pipe' | 'socket' }>): readonly string[] {
  if (input.type === 'socket') return [...words('-f yuv4mpegpipe -i'), `unix:${input.path}`];
  const chosen = input.type === 'device' && input.format !== undefined ? ` -input_format ${input.format}` : '';
  const format = input.type === 'device' ? `-f v4l2${chosen}` : '-f rawvideo -pixel_format gray';
  const size = `-framerate ${input.fps} -video_size ${input.width}x${input.height} -i`;
  return [...words(format), ...words(size), input.type === 'device' ? input.path : `file:${input.path}`];
}
