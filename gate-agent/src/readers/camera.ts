// The optical reader: frames from a device, a Pi camera, a video, pictures, a pipe or a socket, decoded in a worker thread, each
// code delivered as a presentation. A live source never waits for the decoder (frames are dropped and counted); pictures do, since
// each comes only once. The same text is delivered at most ten times a second; what counts as one scan is the lane's business.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  presentationTextCharsMax,
  sleep,
  type Clock,
  type Logger,
  type Presentation,
  type Reader,
  type Timer,
} from '@postern/shared';
import { describeInput, liveCommand } from './camera-command.ts';
import { setCameraControls } from './camera-controls.ts';
import type { CameraInput } from './camera-uri.ts';
import type { DecodeEffort, Decoder } from './decoder.ts';
import { createFramePump } from './frame-pump.ts';
import { describeVideoDevices, runFrameSource, type FrameCommand } from './frame-source.ts';
import { readerFault, type DecodedCode, type GreyFrame } from './frame.ts';
import { createMotionGate, type MotionGate } from './motion-gate.ts';
import { isVideo } from './picture-header.ts';
import { inspectPicture, pictureArgs, readPictureFrames } from './picture.ts';

/** What a screen needs to show what the camera sees: the picture and the outline of the code in it. */
export interface CameraView {
  readonly readerId: string;
  readonly width: number;
  readonly height: number;
  /** Valid during the call only: copy what you keep. */
  readonly grey: Uint8Array;
  readonly result: (DecodedCode & { readonly decodeMs: number }) | null;
}

export interface CameraStats {
  readonly frames: number;
  /** Frames that a newer one replaced before the decoder was free. */
  readonly dropped: number;
  /** Frames that were not looked at because nothing had moved. */
  readonly still: number;
  readonly decoded: number;
  readonly delivered: number;
  /** Codes longer than `presentationTextCharsMax`, refused. */
  readonly tooLong: number;
  readonly decoderFaults: number;
}

export interface CameraReader extends Reader {
  readonly stats: () => CameraStats;
}

export interface CameraDeps {
  readonly id: string;
  readonly input: CameraInput;
  readonly decoder: Decoder;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly timer: Timer;
  /** For the bench: another one than for lanes. */
  readonly motionGate?: MotionGate;
  /** Live preview, at most one call in `viewIntervalMs`; frames with a newly delivered code always. */
  readonly onFrame?: (view: CameraView) => void;
}

const viewIntervalMs = 100;
const sameTextIntervalMs = 100;
/**
 * While there is no code in view, every third frame is looked at in another way, one after the other: within 1.4 s at 15 frames a
 * second a code that is inverted, noisy, small, blurred or askew has had the look that it needs.
 */
export const quickLooksPerOther = 2;
export const otherLooks = [
  'turned',
  'smoothed',
  'enlarged',
  'sharpened',
  'tilted-left',
  'deblurred',
  'tilted-right',
] as const satisfies readonly DecodeEffort[];
const recentTextsMax = 16;
const decoderFaultsMax = 5;
const folderPicturesMax = 10_000;

export function createCameraReader(deps: CameraDeps): CameraReader {
  const { id, input, decoder, clock, logger } = deps;
  const motion = deps.motionGate ?? createMotionGate();
  const count = { frames: 0, dropped: 0, still: 0, decoded: 0, delivered: 0, tooLong: 0, decoderFaults: 0 };
  const recent = new Map<string, number>();
  /** Files of a folder that are no pictures: a folder that is shown again and again names each once. */
  const skipped = new Set<string>();
  let misses = 0;
  let lastHelpful: DecodeEffort = 'quick';
  let viewedAtMs = Number.NEGATIVE_INFINITY;
  let faultsInARow = 0;

  /** Delivers one code unless the same text was delivered a moment ago; says whether it was. */
  const deliverCode = (
    code: DecodedCode,
    seenAtMs: number,
    decodeMs: number,
    deliver: (presentation: Presentation) => void,
  ): boolean => {
    if (code.text.length > presentationTextCharsMax) {
      count.tooLong++;
      return false;
    }
    if (code.text === '' || seenAtMs - (recent.get(code.text) ?? Number.NEGATIVE_INFINITY) < sameTextIntervalMs)
      return false;
    recent.delete(code.text);
    recent.set(code.text, seenAtMs);
    const oldest = recent.keys().next().value;
    if (recent.size > recentTextsMax && oldest !== undefined) recent.delete(oldest);
    count.delivered++;
    deliver({ medium: 'optical', text: code.text, format: code.format, readerId: id, seenAtMs, decodeMs });
    return true;
  };

  const decodeFrame = async (
    frame: GreyFrame,
    effort: DecodeEffort,
    deliver: (presentation: Presentation) => void,
    signal: AbortSignal,
  ): Promise<void> => {
    const seenAtMs = clock.monotonicMs();
    const decoded = await decoder.decode(frame, effort);
    if (signal.aborted) return;
    if (!decoded.ok) {
      count.decoderFaults++;
      faultsInARow++;
      logger.warn({ reader: id, error: decoded.error }, 'A frame could not be decoded');
      return;
    }
    faultsInARow = 0;
    const { codes, decodeMs } = decoded.value;
    misses = codes.length > 0 ? 0 : misses + 1;
    if (codes.length > 0) lastHelpful = effort;
    count.decoded += codes.length > 0 ? 1 : 0;
    const news = codes.map((code) => deliverCode(code, seenAtMs, decodeMs, deliver)).includes(true);
    if (deps.onFrame && (news || seenAtMs - viewedAtMs >= viewIntervalMs)) {
      viewedAtMs = seenAtMs;
      const first = codes[0];
      deps.onFrame({
        readerId: id,
        width: frame.width,
        height: frame.height,
        grey: decoded.value.frame.grey,
        result: first ? { ...first, decodeMs } : null,
      });
    }
  };

  const showStill = ({ width, height, grey }: GreyFrame): void => {
    count.still++;
    const nowMs = clock.monotonicMs();
    if (deps.onFrame === undefined || nowMs - viewedAtMs < viewIntervalMs) return;
    viewedAtMs = nowMs;
    deps.onFrame({ readerId: id, width, height, grey, result: null });
  };

  /** Runs a program that delivers frames at its own pace. */
  const runLive = async (
    command: FrameCommand,
    deliver: (presentation: Presentation) => void,
    signal: AbortSignal,
  ): Promise<void> => {
    const broken = new AbortController();
    const stop = AbortSignal.any([signal, broken.signal]);
    const pump = createFramePump(async (frame) => {
      if (!motion.isWorthALook(frame, misses, clock.monotonicMs())) return showStill(frame);
      await decodeFrame(frame, chooseLook(misses, lastHelpful), deliver, stop);
      if (faultsInARow >= decoderFaultsMax) broken.abort();
    });
    const droppedBefore = count.dropped;
    const end = await runFrameSource(
      command,
      (frame) => {
        count.frames++;
        pump.offer(frame);
        count.dropped = droppedBefore + pump.dropped();
      },
      stop,
    );
    await pump.idle();
    if (signal.aborted) return;
    if (broken.signal.aborted)
      throw readerFault('decoder-failed', `${decoderFaultsMax} frames in a row could not be decoded`);
    if (end.exitCode !== 0)
      throw readerFault(
        'camera-failed',
        `The camera ${describeInput(input)} failed: ${command.program} ended with code ${end.exitCode ?? 'unknown'}: ${end.complaint.split('\n').at(-1)?.slice(0, 200) ?? ''}`,
      );
    if (end.cutOff) logger.warn({ reader: id }, 'The stream ended inside a frame');
  };

  /** One picture after the other, `fps` a second, each decoded before the next is read. */
  const runPictures = async (
    paths: readonly string[],
    fps: number,
    deliver: (presentation: Presentation) => void,
    signal: AbortSignal,
  ): Promise<number> => {
    let shown = 0;
    for (const path of paths) {
      if (signal.aborted) return shown;
      const read = await readPictureFrames(
        path,
        1,
        (frame) => decodeFrame(frame, 'thorough', deliver, signal).then(() => false),
        signal,
      );
      if (signal.aborted) return shown;
      if (!read.ok) {
        if (read.error.type === 'program-missing') throw readerFault('program-missing', read.error.message);
        if (!skipped.has(path) && skipped.size < folderPicturesMax) {
          skipped.add(path);
          logger.warn({ reader: id, path, error: read.error }, 'A picture was skipped');
        }
        continue;
      }
      count.frames++;
      shown++;
      await sleep(deps.timer, 1_000 / fps, signal);
    }
    return shown;
  };

  const runFiles = async (
    files: Extract<CameraInput, { type: 'files' }>,
    deliver: (presentation: Presentation) => void,
    signal: AbortSignal,
  ): Promise<void> => {
    const found = await stat(files.path).catch(() => undefined); // Whatever hides it, for us there is nothing there.
    if (!found) throw readerFault('camera-missing', `There is no file or folder ${files.path}`);
    if (!found.isDirectory()) {
      const header = await inspectPicture(files.path);
      if (!header.ok) throw readerFault('input-failed', `${files.path}: ${header.error.message}`);
      if (isVideo(header.value.format)) {
        const before = ['-re', ...(files.loop ? ['-stream_loop', '-1'] : [])];
        return runLive(
          {
            program: 'ffmpeg',
            args: pictureArgs(files.path, header.value.format, files.sideMaxPx, before),
            shape: { type: 'pgm' },
          },
          deliver,
          signal,
        );
      }
    }
    do {
      const names = found.isDirectory()
        ? (await readdir(files.path))
            .toSorted()
            .slice(0, folderPicturesMax)
            .map((name) => join(files.path, name))
        : [files.path];
      const shown = await runPictures(names, files.fps, deliver, signal);
      if (shown === 0 && !signal.aborted)
        throw readerFault('input-failed', `${files.path}: no picture in it could be read`);
    } while (files.loop && !signal.aborted);
  };

  return {
    id,
    ...(input.type === 'files' && !input.loop ? { finite: true as const } : {}),
    stats: () => ({ ...count }),
    run: async (deliver, signal) => {
      if (signal.aborted) return;
      [misses, faultsInARow, lastHelpful] = [0, 0, 'quick'];
      if (input.type === 'files') return runFiles(input, deliver, signal);
      if (input.type !== 'rpicam' && !(await stat(input.path).catch(() => undefined)))
        throw readerFault(
          'camera-missing',
          `There is no camera at ${input.path}. Cameras on this machine: ${await describeVideoDevices()}. Plug one in, or see what gate-agent doctor says`,
        );
      if (input.type === 'device') await setCameraControls(input.path, input.controls);
      return runLive(liveCommand(input), deliver, signal);
    },
  };
}

/** The look for the next frame: the one that found the last code while it stays in view, then mostly quick ones and the others in turn. */
function chooseLook(misses: number, lastHelpful: DecodeEffort): DecodeEffort {
  if (misses === 0) return lastHelpful;
  const period = quickLooksPerOther + 1;
  if (misses % period !== quickLooksPerOther) return 'quick';
  return otherLooks[Math.floor(misses / period) % otherLooks.length] ?? 'quick';
}
