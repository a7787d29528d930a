// What stands in for a camera's sensor: a Unix socket from which every connection gets YUV4MPEG2 pictures (luma only) at a steady
// rate, beginning with a fresh header, read by the gate's own ffmpeg. Frames that the reader is too slow for are dropped, never
// queued, as a real sensor's would be.
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

/** The kernel's limit on a socket's path (`sun_path`, with its closing zero). */
export const socketPathBytesMax = 107;

export interface CameraFeedOptions {
  readonly path: string;
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
  /** The picture to send now, `width * height` bytes of luma. Called once a frame while somebody looks. */
  readonly nextFrame: () => Uint8Array;
}

export interface CameraFeed {
  readonly viewers: () => number;
  readonly close: () => Promise<void>;
}

export async function openCameraFeed({
  path,
  width,
  height,
  framesPerSecond,
  nextFrame,
}: CameraFeedOptions): Promise<CameraFeed> {
  const viewers = new Set<Socket>();
  const busy = new Set<Socket>();
  const frameMark = Buffer.from('FRAME\n');

  const server = createServer((viewer) => {
    viewers.add(viewer);
    // A reader that dies (kill -9) leaves a broken connection: `close` follows, and the next reader gets its own.
    viewer.on('error', () => undefined);
    viewer.on('close', () => {
      viewers.delete(viewer);
      busy.delete(viewer);
    });
    viewer.write(`YUV4MPEG2 W${width} H${height} F${framesPerSecond}:1 Ip A1:1 Cmono\n`);
  });
  server.listen(path);
  await once(server, 'listening');

  const timer = setInterval(() => {
    if (viewers.size === 0) return;
    const frame = nextFrame();
    for (const viewer of viewers) {
      if (busy.has(viewer)) continue;
      busy.add(viewer);
      viewer.cork();
      viewer.write(frameMark);
      viewer.write(frame, () => busy.delete(viewer));
      viewer.uncork();
    }
  }, 1_000 / framesPerSecond);

  return {
    viewers: () => viewers.size,
    close: async () => {
      clearInterval(timer);
      for (const viewer of viewers) viewer.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
