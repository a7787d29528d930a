// What happens on the page, step by step: reading what the link is for, agreeing, three good pictures of one face, sending their templates, and
// afterwards looking at what is kept and withdrawing. All state of the page is in the signals here.
import { signal } from '@preact/signals';
import type { FaceEnrolmentRequest, FaceFault, FaceSubject } from '@postern/shared';
import {
  enrolmentFramesMin,
  enrolmentLimits,
  faceDistance,
  faceModel,
  faceTemplate,
  type FaceEngine,
} from '@postern/shared/face-engine';
import { openCamera, type Camera } from './camera.ts';
import { loadEngine } from './models.ts';
import { enrol, keepToken, readExport, readSubject, withdraw } from './service.ts';

export type Step = 'loading' | 'failed' | 'consent' | 'preparing' | 'looking' | 'sending' | 'enrolled' | 'ended';
export const step = signal<Step>('loading');
export const subject = signal<FaceSubject | undefined>(undefined);
/** Code of the last thing that did not work. */
export const trouble = signal<string | undefined>(undefined);
export const hint = signal<FaceFault['type'] | 'another-face' | undefined>(undefined);
export const framesTaken = signal(0);
export const camera = signal<Camera | undefined>(undefined);
/** Just now, on this page: the address has become the subject's own. */
export const justEnrolled = signal(false);

/** Two pictures are never of the same moment. */
const betweenFramesMs = 400;
const betweenLooksMs = 80;

export async function start(): Promise<void> {
  const answer = await readSubject();
  if (!answer.ok) return fail(answer.type);
  subject.value = answer.value;
  if (answer.value.state === 'open' && answer.value.consent === undefined) return fail('face-not-ready');
  step.value = answer.value.state === 'open' ? 'consent' : answer.value.state;
}

const fail = (type: string): void => {
  trouble.value = type;
  step.value = 'failed';
};

/** From the ticked boxes to the end, or back to them with what went wrong. */
export async function enrolFace(language: string): Promise<void> {
  const consent = subject.value?.consent;
  if (consent === undefined) return;
  trouble.value = undefined;
  step.value = 'preparing';
  try {
    const opened = await openCamera().catch(() => undefined);
    if (opened === undefined) return backToConsent('camera-missing');
    camera.value = opened;
    const engine = await loadEngine().catch(() => undefined);
    if (engine === undefined) return backToConsent('models-missing');
    step.value = 'looking';
    const frames = await takeFrames(engine, opened);
    if (frames === undefined) return backToConsent(undefined);
    closeCamera();
    step.value = 'sending';
    const { version } = consent;
    const agreed = { version, language, agreed: true, ageConfirmed: true } as const;
    const answer = await enrol({ ...faceModel, frames, consent: agreed });
    if (!answer.ok) return backToConsent(answer.type);
    if (answer.value.token !== undefined) keepToken(answer.value.token);
    justEnrolled.value = true;
    await start();
  } finally {
    closeCamera();
  }
}

function backToConsent(type: string | undefined): void {
  trouble.value = type;
  step.value = 'consent';
}

export function closeCamera(): void {
  camera.value?.stop();
  camera.value = undefined;
  hint.value = undefined;
}

/** The video element, once it shows something. */
let shown: HTMLVideoElement | undefined;
export function showIn(video: HTMLVideoElement | null): void {
  shown = video ?? undefined;
  if (video === null || camera.value === undefined) return;
  video.srcObject = camera.value.stream;
}

/** Until there are enough good pictures of one face; undefined where somebody has closed the camera. */
async function takeFrames(engine: FaceEngine, from: Camera): Promise<FaceEnrolmentRequest['frames'] | undefined> {
  const frames: FaceEnrolmentRequest['frames'] = [];
  const templates: Uint8Array[] = [];
  framesTaken.value = 0;
  while (camera.value === from) {
    const picture = shown === undefined ? undefined : from.take(shown);
    const look = picture === undefined ? undefined : await engine.look(picture, enrolmentLimits);
    picture?.grey.fill(0);
    const template = look?.type === 'face' ? faceTemplate([look.descriptor]) : undefined;
    if (look?.type === 'face' && template !== undefined) {
      // Somebody else has taken the phone: what was there before is theirs no more.
      if (templates.some((one) => faceDistance(one, template) > (subject.value?.distanceMax ?? 0))) {
        frames.length = 0;
        templates.length = 0;
        hint.value = 'another-face';
      } else hint.value = undefined;
      templates.push(template);
      frames.push({ template: toBase64(template), quality: look.quality });
      framesTaken.value = frames.length;
      if (frames.length >= enrolmentFramesMin) return frames;
      await pause(betweenFramesMs);
    } else {
      hint.value = look === undefined || look.type === 'face' ? undefined : look.type;
      await pause(betweenLooksMs);
    }
  }
  return undefined;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));
const toBase64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

export async function withdrawFace(): Promise<void> {
  const answer = await withdraw();
  trouble.value = answer.ok ? undefined : answer.type;
  justEnrolled.value = false;
  if (answer.ok) await start();
}

/** Everything that is kept, as a file. */
export async function saveExport(): Promise<void> {
  const answer = await readExport();
  trouble.value = answer.ok ? undefined : answer.type;
  if (!answer.ok) return;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([JSON.stringify(answer.value, null, 2)], { type: 'application/json' }));
  link.download = 'my-face.json';
  link.click();
  URL.revokeObjectURL(link.href);
}
