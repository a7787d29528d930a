// The models: a grey picture goes in, one face's descriptor comes out, or why there is none. The only file that imports face-api and its
// TensorFlow (WASM, one thread). It runs in a thread of the gate and in the browser at enrolment; weights and WASM are given, nothing
// is fetched.
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { env, ready, setBackend } from '@tensorflow/tfjs-core';
import * as faceApi from '@vladmandic/face-api/dist/face-api.esm-nobundle.js';
import {
  faceQuality,
  faultOf,
  theOneFace,
  type FaceBox,
  type FaceFault,
  type FaceLimits,
  type FaceQuality,
  type GreyPicture,
} from '../face-quality.ts';

/** As they lie in the packages. */
export interface EngineFiles {
  /** `tfjs-backend-wasm-simd.wasm`. */
  readonly wasm: Uint8Array;
  /** Of each model its manifest, and its weights. */
  readonly detector: ModelFiles;
  readonly landmarks: ModelFiles;
  readonly recognition: ModelFiles;
}

export interface ModelFiles {
  readonly manifest: string;
  readonly weights: Uint8Array;
}

export interface SeenFace {
  readonly type: 'face';
  /** 128 numbers, for `faceTemplate`. */
  readonly descriptor: readonly number[];
  readonly box: FaceBox;
  readonly quality: FaceQuality;
}

export interface FaceEngine {
  readonly look: (picture: GreyPicture, limits: FaceLimits) => Promise<SeenFace | FaceFault>;
}

/** Of face-api's own typings: it declares every class of TensorFlow anew. */
const { tf } = faceApi;
type Tensor3D = ReturnType<typeof tf.tensor3d>;

/** Pixels a side to which a picture is scaled to find faces in it: a face of 80 of 640 is found, those far behind are not. */
const detectorSidePx = 320;
const detectorScoreMin = 0.4;

/** Rejects where the models do not load; once for the life of a thread or a page. */
export async function createFaceEngine(files: EngineFiles): Promise<FaceEngine> {
  const { nets } = faceApi;
  // Threads of its own would take the cores of other lanes.
  env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  giveWasm(files.wasm);
  if (!(await setBackend('wasm'))) throw new Error('the WASM backend does not start');
  await ready();
  nets.tinyFaceDetector.loadFromWeightMap(weightsOf(files.detector));
  nets.faceLandmark68Net.loadFromWeightMap(weightsOf(files.landmarks));
  nets.faceRecognitionNet.loadFromWeightMap(weightsOf(files.recognition));
  const options = new faceApi.TinyFaceDetectorOptions({ inputSize: detectorSidePx, scoreThreshold: detectorScoreMin });

  const lookAt = async (picture: GreyPicture, frame: Tensor3D, limits: FaceLimits): Promise<SeenFace | FaceFault> => {
    const found = await nets.tinyFaceDetector.locateFaces(frame, options);
    const one = theOneFace(found, limits);
    if ('type' in one) return one;
    const landmarks = await inCrop(frame, one.box, async (crop) => nets.faceLandmark68Net.detectLandmarks(crop));
    if (!(landmarks instanceof faceApi.FaceLandmarks68)) return { type: 'no-face' };
    const { alignedRect, landmarks: placed } = faceApi.extendWithFaceLandmarks({ detection: one }, landmarks);
    const { x, y, width, height } = one.box;
    const box = { x, y, width, height };
    const quality = faceQuality(picture, box, placed.positions);
    const fault = faultOf(quality, limits);
    if (fault !== undefined) return fault;
    const descriptor = await inCrop(frame, alignedRect.box, async (crop) =>
      nets.faceRecognitionNet.computeFaceDescriptor(crop),
    );
    if (!(descriptor instanceof Float32Array)) return { type: 'no-face' };
    return { type: 'face', descriptor: [...descriptor], box, quality };
  };

  return {
    look: async (picture, limits) => {
      const { width, height, grey } = picture;
      const frame = tf.tensor3d(threefold(grey), [height, width, 3], 'float32');
      try {
        return await lookAt(picture, frame, limits);
      } finally {
        frame.dispose();
      }
    },
  };
}

/** The luma in all three channels. TensorFlow's own `tile` takes longer than all models together. */
function threefold(grey: Uint8Array): Float32Array {
  const rgb = new Float32Array(grey.length * 3);
  for (let pixel = 0, at = 0; pixel < grey.length; pixel++) {
    const value = grey[pixel] ?? 0;
    rgb[at++] = value;
    rgb[at++] = value;
    rgb[at++] = value;
  }
  return rgb;
}

/** Runs a model on a part of the frame, and frees that. */
async function inCrop<T>(frame: Tensor3D, box: FaceBox, run: (crop: Tensor3D) => Promise<T>): Promise<T | undefined> {
  const [crop] = await faceApi.extractFaceTensors(frame, [new faceApi.Rect(box.x, box.y, box.width, box.height)]);
  if (crop === undefined) return undefined;
  try {
    return await run(crop);
  } finally {
    crop.dispose();
  }
}

/** TensorFlow asks its platform for the WASM and would fetch it from somewhere. */
function giveWasm(wasm: Uint8Array): void {
  env().platform.fetch = async () => new Response(Uint8Array.from(wasm));
  setWasmPaths('', true);
}

function weightsOf({ manifest, weights }: ModelFiles): ReturnType<typeof tf.io.decodeWeights> {
  const groups = JSON.parse(manifest) as readonly { readonly weights: never[] }[];
  return tf.io.decodeWeights(
    Uint8Array.from(weights).buffer,
    groups.flatMap((group) => group.weights),
  );
}

/** What else enrolment needs, for pages that import nothing more of ours. */
export { enrolmentLimits } from '../face-quality.ts';
export { enrolmentFramesMin, faceDistance, faceModel, faceTemplate } from '../face-template.ts';
