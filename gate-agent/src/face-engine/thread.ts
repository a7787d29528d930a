// The thread that looks at faces: grey frames come in, descriptors or the reason why there is none go out. Nothing of a frame outlives its
// answer. The models' glue installs handlers for the whole process: here they end a thread, not a gate.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parentPort } from 'node:worker_threads';
import { createFaceEngine, type FaceEngine } from '@postern/shared/face-engine';
import type { FaceReply, FaceRequest } from '../face/messages.ts';
import { createSystemClock } from '../system.ts';

/** The build has laid the models beside this file. */
const read = (name: string): Promise<Uint8Array> => readFile(join(__dirname, name));
const model = async (name: string): Promise<{ readonly manifest: string; readonly weights: Uint8Array }> => ({
  manifest: Buffer.from(await read(`${name}_model-weights_manifest.json`)).toString('utf8'),
  weights: await read(`${name}_model.bin`),
});

const load = async (): Promise<FaceEngine> =>
  createFaceEngine({
    wasm: await read('tfjs-backend-wasm-simd.wasm'),
    detector: await model('tiny_face_detector'),
    landmarks: await model('face_landmark_68'),
    recognition: await model('face_recognition'),
  });

const clock = createSystemClock();
const engine = load();
parentPort?.on('message', (request: FaceRequest) => void answer(request));

async function answer({ id, picture, limits }: FaceRequest): Promise<void> {
  const startedMs = clock.monotonicMs();
  const look = await (await engine).look(picture, limits);
  // The frame that was taken over is emptied here: it is nobody's any more.
  picture.grey.fill(0);
  const reply: FaceReply = { id, look, lookMs: clock.monotonicMs() - startedMs };
  parentPort?.postMessage(reply);
}
