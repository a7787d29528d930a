// Whether what somebody sends may become their face: the model that gates run, frames good enough, and one person in all of them. What phones
// have measured is believed for its own sake only: it is no proof of anything, and a bad template hurts nobody but its owner.
import {
  base64ToBytes,
  enrolmentLimits,
  err,
  faceDistance,
  faceModel,
  faceTemplateBytes,
  faultOf,
  isSameModel,
  ok,
  type FaceEnrolmentRequest,
  type FaceFault,
  type Result,
} from '@postern/shared';
import type { Failure } from './problems.ts';

/** Nobody's face is nearer to nothing at all: an empty template would be near to many. */
const lengthMin = 0.5;

/** One template of all frames; `face-model-unknown`, `face-frames-unfit` with what is wrong. */
export function checkFrames(
  { model, version, frames }: Pick<FaceEnrolmentRequest, 'model' | 'version' | 'frames'>,
  distanceMax: number,
): Result<Uint8Array, Failure> {
  if (!isSameModel({ model, version }, faceModel))
    return err({
      type: 'face-model-unknown',
      detail: `Gates compare templates of model ${faceModel.model}, version ${faceModel.version}.`,
    });
  const templates: Uint8Array[] = [];
  for (const [index, { template, quality }] of frames.entries()) {
    const fault = faultOf(quality, enrolmentLimits);
    if (fault !== undefined) return unfit(`Frame ${index + 1}: ${faultTexts[fault.type]}.`);
    const bytes = base64ToBytes(template);
    if (bytes?.length !== faceTemplateBytes) return unfit(`Frame ${index + 1} is not a template in canonical Base64.`);
    if (faceDistance(bytes, new Uint8Array(faceTemplateBytes)) < lengthMin)
      return unfit(`Frame ${index + 1} has no face in it.`);
    templates.push(bytes);
  }
  for (const [index, one] of templates.entries())
    for (const other of templates.slice(index + 1))
      if (faceDistance(one, other) > distanceMax) return unfit('The frames do not show the same person.');
  return ok(meanOf(templates));
}

const unfit = (detail: string): Result<never, Failure> => err({ type: 'face-frames-unfit', detail });

const faultTexts: Readonly<Record<FaceFault['type'], string>> = {
  'no-face': 'there is no face',
  'several-faces': 'there are several faces',
  'face-too-small': 'the face is too small',
  'face-turned': 'the face looks away, or lies',
  'face-blurred': 'the picture is not sharp',
  'face-badly-lit': 'it is too dark, or too bright',
};

function meanOf(templates: readonly Uint8Array[]): Uint8Array {
  const mean = new Int8Array(faceTemplateBytes);
  const signed = templates.map((bytes) => new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length));
  for (let index = 0; index < faceTemplateBytes; index++)
    mean[index] = Math.round(signed.reduce((sum, bytes) => sum + (bytes[index] ?? 0), 0) / signed.length);
  return new Uint8Array(mean.buffer);
}
