// A camera made of pictures: serves grey frames as YUV4MPEG2 on a Unix socket, which a gate reads with camera+unix:///path. Every
// connection begins with a fresh header, so a gate may be killed and come back. A viewer that reads too slowly misses frames, as it
// would with a camera.
import { rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import type { GreyFrame } from './render-code-frame.ts';

export interface CameraFeed {
  readonly uri: string;
  /** Sends one frame of the feed's size to every viewer. */
  readonly show: (frame: GreyFrame) => void;
  readonly viewers: () => number;
  readonly close: () => Promise<void>;
}

export interface CameraFeedOptions {
  /** At most 107 characters, a limit of the operating system. */
  readonly socketPath: string;
  readonly width: number;
  readonly height: number;
  readonly fps?: number;
}

export async function createCameraFeed({ socketPath, width, height, fps = 15 }: CameraFeedOptions): Promise<CameraFeed> {
  const viewers = new Set<Socket>();
  const header = `YUV4MPEG2 W${width} H${height} F${fps}:1 Ip A1:1 Cmono\n`;
  const unsentBytesMax = 2 * width * height;
  const server = createServer((socket) => {
    viewers.add(socket);
    socket.on('error', () => socket.destroy()); // A viewer that was killed; it will connect again.
    socket.on('close', () => viewers.delete(socket));
    socket.resume();
    socket.write(header);
  });
  await rm(socketPath, { force: true });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socketPath, resolve));
  return {
    uri: `camera+unix://${socketPath}?fps=${fps}`,
    viewers: () => viewers.size,
    show: (frame) => {
      if (frame.width !== width || frame.height !== height) throw new Error(`Bug: a frame of ${frame.width} x ${frame.height} in a feed of ${width} x ${height}`);
      for (const socket of viewers) {
        if (socket.writableLength > unsentBytesMax) continue;
        socket.write('FRAME\n');
        socket.write(frame.grey);
      }
    },
    close: async () => {
      for (const socket of viewers) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
