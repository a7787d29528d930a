// What a face costs a gate: a look at a frame beside the bare models, memory while they are loaded, what a lane pays for a camera at which
// nobody is asked to look, and bytes in the feed; comparing is among the methods. Pictures come out of npm packages.
import { Worker } from 'node:worker_threads';
import { encodeFaceKeys, encodeFaceTemplates, faceModel, gateLimits, ready, type GreyPicture } from '@postern/shared';
import { createFrameTap } from '../../gate-agent/src/face/face-cameras.ts';
import { createFaceThread, faceThreadPath, hasFaceModels } from '../../gate-agent/src/face/face-thread.ts';
import type { FaceReply } from '../../gate-agent/src/face/messages.ts';
import { createDecoder } from '../../gate-agent/src/readers/decoder.ts';
import { personPicture } from '../lib/face-pictures.ts';
import { median } from '../lib/statistics.ts';
import { benchRow, type Bench, type BenchRow } from './row.ts';

export const benchFace: Bench = async ({ quick }) => {
  if (!hasFaceModels()) throw new Error('the models have not been put together: npm run build');
  await ready;
  return [...(await benchLooks(quick ? 10 : 60)), benchTap(quick ? 100_000 : 1_000_000), feedBytes()];
};

/** 640 x 480, as cameras give it, with one face of 260 pixels or with none. */
const withFace = (): GreyPicture => personPicture('ana', 'pad=640:480:80:0');
const withoutFace: GreyPicture = { width: 640, height: 480, grey: new Uint8Array(640 * 480).fill(120) };

async function benchLooks(rounds: number): Promise<readonly BenchRow[]> {
  const face = withFace();
  const bare = await startBareModels();
  const thread = createFaceThread();
  const decoder = createDecoder();
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const startedMs = performance.now();
    await work();
    return performance.now() - startedMs;
  };
  const look = (picture: GreyPicture) => async (): Promise<void> => {
    const looked = await thread.look(picture, gateLimits);
    if (!looked.ok) throw new Error(looked.error.type);
  };
  const decode = async (): Promise<void> => {
    const frame = { ...withoutFace, grey: Uint8Array.from(withoutFace.grey) };
    const decoded = await decoder.decode(frame, 'quick');
    if (!decoded.ok) throw new Error(decoded.error.type);
  };
  const megabytes = (): number => process.memoryUsage().rss / 1024 ** 2;
  await decode();
  const firstMs = await timed(look(face));
  const samples = { ours: [] as number[], bare: [] as number[], empty: [] as number[], decode: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    samples.ours.push(await timed(look(face)));
    samples.bare.push(await bare.lookMs(face));
    samples.empty.push(await timed(look(withoutFace)));
    samples.decode.push(await timed(decode));
  }
  await bare.close();
  await decoder.close();
  await settleMemory();
  const loadedMb = megabytes();
  await thread.close();
  await settleMemory();
  const unloadedMb = megabytes();
  return [
    benchRow('face: a look at a 640x480 frame with a face, beside the bare models', median(samples.ours), 'ms', {
      baseline: median(samples.bare),
      bar: { ratioAtMost: 1.25 },
    }),
    benchRow('face: a look at a frame with none, beside a quick look for codes in it', median(samples.empty), 'ms', {
      baseline: median(samples.decode),
    }),
    benchRow('face: the first look, with the models to load', firstMs, 'ms'),
    benchRow('face: memory that goes again with the models', loadedMb - unloadedMb, 'MB', { bar: { atMost: 300 } }),
  ];
}

/** The same models in a thread of their own, asked without anything around them: what they say they took. */
async function startBareModels(): Promise<{
  readonly lookMs: (picture: GreyPicture) => Promise<number>;
  readonly close: () => Promise<unknown>;
}> {
  const worker = new Worker(faceThreadPath);
  let id = 0;
  const lookMs = (picture: GreyPicture): Promise<number> =>
    new Promise((resolve, reject) => {
      worker.once('error', reject);
      worker.once('message', ({ lookMs: took }: FaceReply) => {
        worker.off('error', reject);
        resolve(took);
      });
      worker.postMessage({ id: ++id, picture, limits: gateLimits });
    });
  await lookMs(withFace());
  return { lookMs, close: () => worker.terminate() };
}

/** Memory of a thread that has ended is given back a moment later. */
const settleMemory = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 1_000));

/** A lane's camera while nobody is asked for a face: what each of its frames costs more. Where an event has no faces it is the same. */
function benchTap(frames: number): BenchRow {
  const tap = createFrameTap('camera');
  const startedMs = performance.now();
  for (let frame = 0; frame < frames; frame++) tap.pass(withoutFace);
  const us = ((performance.now() - startedMs) * 1_000) / frames;
  return benchRow('face: on and not asked for, a frame of the camera', us, 'us', { bar: { atMost: 1 } });
}

function feedBytes(): BenchRow {
  const ids = [1, 2].map((number) => `${number}`.repeat(32));
  const sizeOf = (count: number): number => {
    const some = ids.slice(0, count);
    const faces = some.map((ticketId) => ({ ticketId, epoch: 0, ...faceModel, sealed: new Uint8Array(168) }));
    const keys = some.map((ticketId) => ({ ticketId, key: new Uint8Array(32) }));
    return encodeFaceTemplates(7, faces).length + encodeFaceKeys(7, keys).length;
  };
  return benchRow('face: what an enrolled ticket adds to the feed', sizeOf(2) - sizeOf(1), 'B');
}
