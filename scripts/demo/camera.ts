// One gate's camera: what stands in front of it now. A visitor's clip, else the frames of a person's own webcam, else the doorway.
import { openCameraFeed, type CameraFeed } from './camera-feed.ts';
import { frameHeight, frameWidth } from './handling.ts';
import type { Clip } from './painter.ts';

export const framesPerSecond = 10;
/** A webcam that has sent nothing for so long is gone. */
const webcamGoneMs = 700;

export interface Camera {
  /** Somebody steps up and holds a code until `clear`. */
  readonly show: (clip: Clip) => void;
  readonly clear: () => void;
  readonly webcamFrame: (grey: Uint8Array) => void;
  /** Somebody holds something to their own webcam, seen here whenever nobody else stands in front. */
  readonly webcamIsOn: () => boolean;
  readonly close: () => Promise<void>;
}

export async function createCamera(socketPath: string, doorway: Clip, monotonicMs: () => number): Promise<Camera> {
  let clip: Clip | undefined;
  let shown = 0;
  let webcam: { readonly grey: Uint8Array; readonly atMs: number } | undefined;
  const blank = new Uint8Array(frameWidth * frameHeight).fill(128);

  const liveWebcam = (): Uint8Array | undefined =>
    webcam && monotonicMs() - webcam.atMs < webcamGoneMs ? webcam.grey : undefined;
  const nextFrame = (): Uint8Array => {
    const own = clip === undefined ? liveWebcam() : undefined;
    if (own) return own;
    const { arriving, held } = clip ?? doorway;
    const index = shown++;
    return arriving[index] ?? held[(index - arriving.length) % held.length] ?? blank;
  };
  const feed: CameraFeed = await openCameraFeed({
    path: socketPath,
    width: frameWidth,
    height: frameHeight,
    framesPerSecond,
    nextFrame,
  });
  const put = (next: Clip | undefined): void => {
    clip = next;
    shown = 0;
  };
  return {
    show: (next) => put(next),
    clear: () => put(undefined),
    webcamFrame: (grey) => void (webcam = { grey, atMs: monotonicMs() }),
    webcamIsOn: () => liveWebcam() !== undefined,
    close: () => feed.close(),
  };
}
