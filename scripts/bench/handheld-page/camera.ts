// From a code in front of the camera to the lane's decision, by the handheld's own camera and decoder, and beside it what the decoder alone takes for
// the very same pictures in this page.
import type { Handheld } from '../../../gate-agent/src/handheld/core/handheld.ts';
import { createCamera } from '../../../gate-agent/src/handheld/page/camera.ts';
import { openCodeReader } from '../../../gate-agent/src/readers/read-codes.ts';

export interface CameraTimes {
  /** From the first picture with the code in it, as the page is given it, to the decision. */
  readonly scanMs: readonly number[];
  /** Of the first picture with the code: grey pixels to text. */
  readonly decodeMs: readonly number[];
}

/** As the page looks at it. */
const width = 640;
const height = 480;
/** Between the lightest and the darkest of a few points of a picture with a code. */
const contrastMin = 100;

/** Of as many codes as are shown one after the other, each after a picture without one. Codes that cannot be read in their first picture count with all it takes. */
export async function measureCamera(handheld: Handheld, count: number): Promise<CameraTimes> {
  const file = await fetch(new URL('./zxing_reader.wasm', document.baseURI));
  const readCodes = await openCodeReader(await file.arrayBuffer());
  const camera = createCamera(({ text, decodeMs }) =>
    handheld.present({ medium: 'optical', text, readerId: 'camera', seenAtMs: performance.now(), decodeMs }),
  );
  const scanMs: number[] = [];
  const decodeMs: number[] = [];
  let shownMs: number | undefined;
  await camera.start();
  const video = document.createElement('video');
  video.muted = true;
  video.srcObject = camera.stream.value ?? null;
  await video.play();
  const picture = openCanvas(width, height);
  const points = openCanvas(20, 15);

  return new Promise((resolve) => {
    const stopListening = handheld.listen((told) => {
      if (told.type !== 'decision' || shownMs === undefined) return;
      scanMs.push(performance.now() - shownMs);
      shownMs = undefined;
      if (scanMs.length < count) return;
      stopListening();
      camera.stop();
      resolve({ scanMs, decodeMs });
    });
    let hadCode = true;
    const look = (atMs: number): void => {
      if (scanMs.length === count) return;
      const few = points(video);
      const hasCode = Math.max(...few) - Math.min(...few) > contrastMin;
      if (hasCode && !hadCode) {
        shownMs = atMs;
        // The page's own look at this picture goes first: what is measured beside it must not stand in its way.
        const grey = picture(video);
        setTimeout(() => {
          const startedMs = performance.now();
          readCodes({ width, height, grey }, 'quick');
          decodeMs.push(performance.now() - startedMs);
        }, 500);
      }
      hadCode = hasCode;
      video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
  });
}

/** Takes so many points of a picture; the film has no colour. */
function openCanvas(columns: number, lines: number): (video: HTMLVideoElement) => Uint8Array<ArrayBuffer> {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [columns, lines];
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) throw new Error('no canvas here');
  context.imageSmoothingEnabled = false;
  return (video) => {
    context.drawImage(video, 0, 0, columns, lines);
    const { data } = context.getImageData(0, 0, columns, lines);
    return Uint8Array.from({ length: columns * lines }, (_, at) => data[at * 4] ?? 0);
  };
}
