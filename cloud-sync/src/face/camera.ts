// The phone's camera as grey pictures, as the cameras of gates deliver them. Pictures stay in this tab: a frame is drawn, read and forgotten.
import type { GreyPicture } from '@postern/shared';

const wanted = { facingMode: 'user', width: { ideal: 960 }, height: { ideal: 720 } } as const;
/** Larger frames are looked at in this width: faces of people who hold a phone are large enough in it. */
const widthMax = 960;

export interface Camera {
  readonly stream: MediaStream;
  /** Undefined until the first frame is there. */
  readonly take: (video: HTMLVideoElement) => GreyPicture | undefined;
  readonly stop: () => void;
}

/** Rejects where there is no camera, or nobody may use it. */
export async function openCamera(): Promise<Camera> {
  const stream = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
  const canvas = document.createElement('canvas');
  const drawing = canvas.getContext('2d', { willReadFrequently: true });
  return {
    stream,
    take: (video) => {
      const { videoWidth, videoHeight } = video;
      if (videoWidth === 0 || drawing === null) return undefined;
      const scale = Math.min(1, widthMax / videoWidth);
      canvas.width = Math.round(videoWidth * scale);
      canvas.height = Math.round(videoHeight * scale);
      drawing.drawImage(video, 0, 0, canvas.width, canvas.height);
      const { data } = drawing.getImageData(0, 0, canvas.width, canvas.height);
      drawing.clearRect(0, 0, canvas.width, canvas.height);
      return { width: canvas.width, height: canvas.height, grey: toGrey(data) };
    },
    stop: () => {
      for (const track of stream.getTracks()) track.stop();
    },
  };
}

/** Luma of BT.601. */
function toGrey(rgba: Uint8ClampedArray): Uint8Array {
  const grey = new Uint8Array(rgba.length / 4);
  for (let index = 0; index < grey.length; index++) {
    const [red, green, blue] = [rgba[4 * index] ?? 0, rgba[4 * index + 1] ?? 0, rgba[4 * index + 2] ?? 0];
    grey[index] = Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
  }
  return grey;
}
