// Where a lane's frames of faces come from: the camera that reads its codes, from which a frame is copied only while somebody looks, or a
// camera of its own, which runs only then.
import type { GreyPicture, Reader } from '@postern/shared';

export interface FaceCamera {
  readonly id: string;
  /** Gives frames of the caller's own until `signal` aborts, then resolves; rejects where there is no camera, or it fails. */
  readonly watch: (offer: (picture: GreyPicture) => void, signal: AbortSignal) => Promise<void>;
}

/** The camera that reads codes: `pass` is told every frame, valid during the call only. */
export interface FrameTap extends FaceCamera {
  readonly pass: (picture: GreyPicture) => void;
}

export function createFrameTap(id: string): FrameTap {
  const watchers = new Set<(picture: GreyPicture) => void>();
  return {
    id,
    pass: ({ width, height, grey }) => {
      if (watchers.size === 0) return;
      const own = ownFrame({ width, height, grey });
      for (const offer of watchers) offer(own);
    },
    watch: (offer, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve();
        watchers.add(offer);
        signal.addEventListener(
          'abort',
          () => {
            watchers.delete(offer);
            resolve();
          },
          { once: true },
        );
      }),
  };
}

/** `reader`: it tells every frame to `tap`, and reads no codes. */
export const createFaceCamera = (tap: FrameTap, reader: Reader): FaceCamera => ({
  id: tap.id,
  watch: async (offer, signal) => {
    const watching = tap.watch(offer, signal);
    await reader.run(() => undefined, signal);
    if (!signal.aborted) throw new Error('the camera ended');
    await watching;
  },
});

/** Large enough for a face at two metres; the models scale down to less. */
const frameSideMax = 1_280;

/** A copy, made smaller by a whole number where a camera has more pixels than a face needs. */
function ownFrame({ width, height, grey }: GreyPicture): GreyPicture {
  const factor = Math.ceil(Math.max(width, height) / frameSideMax);
  if (factor === 1) return { width, height, grey: Uint8Array.from(grey) };
  const [columns, rows] = [Math.floor(width / factor), Math.floor(height / factor)];
  const small = new Uint8Array(columns * rows);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let y = row * factor; y < (row + 1) * factor; y++)
        for (let x = column * factor; x < (column + 1) * factor; x++) sum += grey[y * width + x] ?? 0;
      small[row * columns + column] = Math.round(sum / (factor * factor));
    }
  return { width: columns, height: rows, grey: small };
}
