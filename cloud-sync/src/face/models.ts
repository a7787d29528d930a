// The same models that gates run, from the service's own address; some seven megabytes, once.
import { createFaceEngine, type FaceEngine, type ModelFiles } from '@postern/shared/face-engine';

const fetchBytes = async (name: string): Promise<Uint8Array> => {
  const response = await fetch(`./models/${name}`);
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
};

const fetchModel = async (name: string): Promise<ModelFiles> => {
  const [manifest, weights] = await Promise.all([
    fetchBytes(`${name}_model-weights_manifest.json`),
    fetchBytes(`${name}_model.bin`),
  ]);
  return { manifest: new TextDecoder().decode(manifest), weights };
};

let engine: Promise<FaceEngine> | undefined;

/** Begun at the first call; a later one tries again where that has failed. */
export function loadEngine(): Promise<FaceEngine> {
  engine ??= load().catch((cause: unknown) => {
    engine = undefined;
    throw cause;
  });
  return engine;
}

async function load(): Promise<FaceEngine> {
  const [wasm, detector, landmarks, recognition] = await Promise.all([
    fetchBytes('tfjs-backend-wasm-simd.wasm'),
    fetchModel('tiny_face_detector'),
    fetchModel('face_landmark_68'),
    fetchModel('face_recognition'),
  ]);
  return createFaceEngine({ wasm, detector, landmarks, recognition });
}
