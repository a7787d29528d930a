// A face as 128 bytes: the descriptor of a face-recognition model, one signed byte a dimension. Two templates of one model are compared by
// their distance; of different models, or versions of one, they say nothing about each other. It is personal data of a special kind: never
// in a log, a mark or an export, and at rest only sealed (face-seal.ts).
import { assert } from './result.ts';

export const faceTemplateBytes = 128;
/** How many frames an enrolment takes at least. */
export const enrolmentFramesMin = 3;

/** Which model made a template: small numbers, for ever. */
export interface FaceModel {
  readonly model: number;
  readonly version: number;
}

/**
 * The one that gates run: the recognition network of face-api 1.7 (150x150 pixels, aligned by 68 landmarks), fed with grey pictures (BT.601
 * luma in all three channels), because that is what the cameras of gates deliver. Enrolment has to do the same.
 */
export const faceModel: FaceModel = { model: 1, version: 1 };

export const isSameModel = (a: FaceModel, b: FaceModel): boolean => a.model === b.model && a.version === b.version;

/**
 * Steps in 1.0 of the model's output, whose components lie within ±0.635. Rounding moves a component by at most 1/400, so a whole template
 * by at most sqrt(128)/400 = 0.0283 and the distance of two by at most 0.0566; measured, distances move by about a thousandth.
 */
const stepsPerUnit = 200;

/** One vector of one picture's face, or the mean of several; undefined unless it is 128 finite numbers. */
export function faceTemplate(descriptors: readonly ArrayLike<number>[]): Uint8Array | undefined {
  if (descriptors.length === 0 || descriptors.some((descriptor) => descriptor.length !== faceTemplateBytes))
    return undefined;
  const template = new Int8Array(faceTemplateBytes);
  for (let index = 0; index < faceTemplateBytes; index++) {
    const mean = descriptors.reduce((sum, descriptor) => sum + (descriptor[index] ?? 0), 0) / descriptors.length;
    if (!Number.isFinite(mean)) return undefined;
    template[index] = Math.max(-127, Math.min(127, Math.round(mean * stepsPerUnit)));
  }
  return new Uint8Array(template.buffer);
}

/** Euclidean distance as the model defines it: 0 is the same template; the rules of the event say up to what it is the same person. */
export function faceDistance(a: Uint8Array, b: Uint8Array): number {
  assert(a.length === faceTemplateBytes && b.length === faceTemplateBytes, 'templates have 128 bytes');
  const [left, right] = [signed(a), signed(b)];
  let sum = 0;
  for (let index = 0; index < faceTemplateBytes; index++) sum += ((left[index] ?? 0) - (right[index] ?? 0)) ** 2;
  return Math.sqrt(sum) / stepsPerUnit;
}

const signed = (template: Uint8Array): Int8Array =>
  new Int8Array(template.buffer, template.byteOffset, template.length);
