import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { createDecoder } from '../../gate-agent/src/readers/decoder.ts';
import { openReader, type OpenReaderDeps } from '../../gate-agent/src/readers/open.ts';
import type { SimulatedReader } from '../../gate-agent/src/readers/simulated.ts';
import { openCameraFeed } from '../../scripts/demo/camera-feed.ts';
import { frameToPgm, renderCodeFrame, renderEmptyFrame, type GreyFrame } from '../../scripts/lib/render-code-frame.ts';
import { describeOrReport, missingPrograms } from '../support/not-run.ts';
import { hurriedTimer, silentLogger, systemClock, noNfc } from '../support/readers.ts';
import { createScannerModel, scanReports } from '../../scripts/lib/hid-models.ts';
import { describeReaderContract, type ReaderHarness } from './reader.ts';

const frameOf = (text: string): GreyFrame =>
  renderCodeFrame({ text, width: 640, height: 480, rotationDeg: 10, noiseSd: 6, blurPx: 0.6 });

/** Opens `uri` with a decoder and a folder of its own. */
async function createHarness(
  uriIn: (folder: string) => string,
  prepare: (folder: string, deps: OpenReaderDeps) => Promise<Pick<ReaderHarness, 'show' | 'close'>>,
  own: Partial<OpenReaderDeps> = {},
): Promise<ReaderHarness> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-reader-'));
  const decoder = createDecoder();
  const deps: OpenReaderDeps = {
    id: 'reader-1',
    gate: 'north',
    clock: systemClock,
    random: (length) => new Uint8Array(length),
    logger: silentLogger,
    decoder: () => decoder,
    timer: hurriedTimer,
    stdin: new PassThrough(),
    nfc: noNfc,
    ...own,
  };
  const device = await prepare(folder, deps);
  let simulated: SimulatedReader | undefined;
  const reader = openReader(uriIn(folder), { ...deps, onSimulated: (opened) => (simulated = opened) });
  if (!reader.ok) throw new Error(reader.error.message);
  return {
    reader: reader.value,
    show: async (text) => (simulated ? void simulated.show(text) : device.show(text)),
    close: async () => {
      await device.close();
      await decoder.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const nothing = async (): Promise<void> => undefined;

describeReaderContract('sim://', () =>
  createHarness(
    () => 'sim://',
    async () => ({ show: nothing, close: nothing }),
  ),
);

describeReaderContract('stdin://', () =>
  createHarness(
    () => 'stdin://',
    async (_, { stdin }) => ({
      show: async (text) => void (stdin as PassThrough).write(`${text}\r\n`),
      close: nothing,
    }),
  ),
);

describeReaderContract('hid://', () => {
  const scanner = createScannerModel();
  return createHarness(
    () => 'hid://0c2e:0b61',
    async () => ({
      show: async (text) => {
        // One that nobody will listen to any more is shown to nobody.
        void scanner.listened().then(() => scanReports(text).forEach(scanner.report));
      },
      close: nothing,
    }),
    { hid: scanner.open },
  );
});

describeOrReport('cameras', missingPrograms('ffmpeg'), () => {
  describeReaderContract('camera+unix://', () =>
    createHarness(
      (folder) => `camera+unix://${folder}/camera.sock`,
      async (folder) => {
        let grey: Uint8Array = renderEmptyFrame().grey;
        const feed = await openCameraFeed({
          path: join(folder, 'camera.sock'),
          width: 640,
          height: 480,
          framesPerSecond: 25,
          nextFrame: () => grey,
        });
        return { show: async (text) => void (grey = frameOf(text).grey), close: () => feed.close() };
      },
    ),
  );

  for (const [name, uri] of [
    ['a picture', 'pictures/code.pgm'],
    ['a folder', 'pictures'],
  ] as const)
    describeReaderContract(`camera:// with ${name}, again and again`, () =>
      createHarness(
        (folder) => `camera://${folder}/${uri}?loop=1`,
        async (folder) => {
          const put = async (frame: GreyFrame): Promise<void> => {
            await writeFile(join(folder, 'next.pgm'), frameToPgm(frame));
            await rename(join(folder, 'next.pgm'), join(folder, 'pictures/code.pgm'));
          };
          await mkdir(join(folder, 'pictures'));
          await put(renderEmptyFrame());
          return { show: (text) => put(frameOf(text)), close: nothing };
        },
      ),
    );
});
