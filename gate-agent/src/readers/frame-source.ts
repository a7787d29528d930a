// Runs one program (ffmpeg, rpicam-vid) that writes grey frames to its standard output, and hands them over as they complete.
// The child never outlives the call: it is terminated, then killed, and waited for; what it says on stderr is kept up to a limit.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createFrameParser, type FrameShape } from './frame-parser.ts';
import { readerFault, type GreyFrame } from './frame.ts';

export interface FrameCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly shape: FrameShape;
  /** No frame for this long is a fault; absent where silence is normal (a pipe nobody writes to). */
  readonly stallMs?: number;
}

export interface FrameSourceEnd {
  readonly frames: number;
  /** Exit code, or undefined when a signal (also ours) ended it. */
  readonly exitCode: number | undefined;
  /** The last lines of stderr, at most `complaintCharsMax` characters. */
  readonly complaint: string;
  /** Whether the stream stopped inside a frame. */
  readonly cutOff: boolean;
}

export const complaintCharsMax = 2_000;
const killAfterMs = 300;

/**
 * Resolves when the program has ended, by itself or because `signal` aborted; rejects with a ReaderFault when it cannot be
 * started (`program-missing`), writes what is no frame (`frame-garbled`) or goes silent (`camera-stalled`). While a promise that
 * `onFrame` returned is pending, the program's output is not read: it waits. Such a promise must not reject.
 */
export async function runFrameSource(
  command: FrameCommand,
  onFrame: (frame: GreyFrame) => void | Promise<void>,
  signal: AbortSignal,
): Promise<FrameSourceEnd> {
  if (signal.aborted) return { frames: 0, exitCode: undefined, complaint: '', cutOff: false };
  const child = spawn(command.program, command.args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let frames = 0;
  let pending = 0;
  let complaint = '';
  let fault: Error | undefined;
  let stopping = false;
  let killTimer: NodeJS.Timeout | undefined;
  let stallTimer: NodeJS.Timeout | undefined;

  const stop = (because?: Error): void => {
    fault ??= because;
    if (stopping) return;
    stopping = true;
    child.stdout.destroy();
    child.kill('SIGTERM');
    killTimer = setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  };
  const watch = (): void => {
    clearTimeout(stallTimer);
    const { stallMs } = command;
    if (stallMs === undefined || stopping) return;
    stallTimer = setTimeout(
      () =>
        stop(
          readerFault(
            'camera-stalled',
            `${command.program} has delivered no frame for ${stallMs} ms; unplug and plug in the camera`,
          ),
        ),
      stallMs,
    );
  };
  const onAbort = (): void => stop();
  const parser = createFrameParser(command.shape, (frame) => {
    frames++;
    watch();
    const handled = stopping ? undefined : onFrame(frame);
    if (!handled) return;
    pending++;
    child.stdout.pause();
    void handled.then(() => --pending === 0 && child.stdout.resume());
  });

  child.on('error', (cause: NodeJS.ErrnoException) => {
    fault ??=
      cause.code === 'ENOENT'
        ? programMissing(command.program)
        : readerFault('camera-failed', `${command.program} could not be run: ${cause.message}`);
  });
  child.stdout.on('data', (chunk: Buffer) => {
    if (stopping) return;
    const error = parser.push(chunk);
    if (error) stop(readerFault('frame-garbled', `${command.program} wrote no valid frame: ${error.cause}`));
  });
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString('latin1')).slice(-complaintCharsMax);
  });
  signal.addEventListener('abort', onAbort, { once: true });
  watch();
  try {
    // `close` comes after the exit and after both pipes have been drained, also when the program could not be started.
    const [code] = (await once(child, 'close')) as [number | null];
    if (fault && !signal.aborted) throw fault;
    return { frames, exitCode: code ?? undefined, complaint: complaint.trim(), cutOff: parser.pendingBytes() > 0 };
  } catch (cause) {
    // `once` rejects when the child emits `error` (it could not be started); `fault` then says it in our words.
    throw fault ?? cause;
  } finally {
    clearTimeout(killTimer);
    clearTimeout(stallTimer);
    signal.removeEventListener('abort', onAbort);
  }
}

const packages: Readonly<Record<string, string>> = { ffmpeg: 'ffmpeg', 'rpicam-vid': 'rpicam-apps' };

const programMissing = (program: string): Error =>
  readerFault(
    'program-missing',
    `${program} is not installed: sudo apt-get install ${packages[program] ?? program} (gate-agent doctor checks everything)`,
  );

/** The video devices of this machine, for messages: `/dev/video0, /dev/video1`, or `none`. */
export async function describeVideoDevices(): Promise<string> {
  const names = await readdir('/dev').catch(() => []); // A machine without a readable /dev has no cameras to list.
  const devices = names
    .filter((name) => /^video\d+$/.test(name))
    .toSorted()
    .slice(0, 20);
  return devices.length > 0 ? devices.map((name) => `/dev/${name}`).join(', ') : 'none';
}

/** Arguments without spaces in them, as one would type them. */
export const words = (line: string): readonly string[] => line.split(' ');
