// Faces for tests: an event that may have them, templates of made-up persons, and frames as a phone sends them.
import { faceModel, faceTemplateBytes, type FaceEnrolmentRequest } from '@postern/shared';
import type { CloudAccess, TestCloud } from './cloud.ts';

export const consentText =
  'I agree that the gate compares my face with the one that I enrol. Any other way in is as good.';
export const readySetup = {
  consent: {
    version: '2026-1',
    texts: { en: consentText, de: 'Ich willige ein, dass das Tor mein Gesicht vergleicht.' },
  },
  dpia: 'DPIA-7',
  ageMin: 16,
  keepHours: 24,
} as const;

/** Hours from the start of virtual time until the event ends. */
const endsInMs = 12 * 3_600_000;

/** Says everything that has to be said before anybody may enrol; answers with the event's end. */
export async function allowFaces(test: TestCloud, event = 1): Promise<number> {
  const endsAtMs = test.time.clock.wallMs() + endsInMs;
  await test.json('PUT', `/api/events/${event}/deadlines`, { endsAtMs });
  await test.json('PUT', `/api/events/${event}/face`, readySetup);
  return endsAtMs;
}

/** A person's face as a template; `wobble` makes another picture of the same person. */
export function someTemplate(person: number, wobble = 0): Uint8Array {
  const template = new Int8Array(faceTemplateBytes);
  let state = person * 7_919 + 1;
  for (let index = 0; index < faceTemplateBytes; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    template[index] = ((state >>> 24) % 61) - 30 + (index % 7 === 0 ? wobble : 0);
  }
  return new Uint8Array(template.buffer);
}

const goodQuality = { sidePx: 240, turn: 0.02, tiltDegrees: 1, sharpness: 0.12, luma: 120 } as const;

export const enrolmentOf = (person: number, changes: Partial<FaceEnrolmentRequest> = {}): FaceEnrolmentRequest => ({
  ...faceModel,
  frames: [0, 1, 2].map((wobble) => ({
    template: Buffer.from(someTemplate(person, wobble)).toString('base64'),
    quality: goodQuality,
  })),
  consent: { version: readySetup.consent.version, language: 'en', agreed: true, ageConfirmed: true },
  ...changes,
});

/** What `enrolmentOf` comes to: the middle of three pictures. */
export const enrolledTemplate = (person: number): Uint8Array => someTemplate(person, 1);

export interface Visitor {
  readonly token: string;
  readonly request: (method: string, path: string, body?: unknown) => Promise<Response>;
}

/** Somebody with nothing but a link, as staff or a holder has made it. */
export async function openLink(cloud: CloudAccess, ticket: string): Promise<Visitor> {
  const { url } = await cloud.json<{ url: string }>('POST', `/api/tickets/${ticket}/face/links`, {});
  return visitorOf(cloud, url.split('#')[1] ?? '');
}

export const visitorOf = (cloud: CloudAccess, token: string): Visitor => ({
  token,
  request: (method, path, body) =>
    cloud.request(path, {
      method,
      headers: {
        Authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
});

/** Every way in which somebody could have written these bytes down, also in the middle of something else. */
export function writtenForms(bytes: Uint8Array): readonly Buffer[] {
  const raw = Buffer.from(bytes);
  const signed = [...new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length)];
  const numbers = signed.map((value) => value / 200);
  return [
    raw,
    Buffer.from(Float32Array.from(numbers).buffer),
    Buffer.from(Float64Array.from(numbers).buffer),
    ...[0, 1, 2].flatMap((offset) => {
      const part = raw.subarray(offset);
      return [part.toString('base64'), part.toString('base64url')].map((text) => Buffer.from(text));
    }),
    ...[
      raw.toString('hex'),
      raw.toString('hex').toUpperCase(),
      ...[signed, [...raw], numbers].flatMap((list) => [list.join(','), list.join(', '), list.join(' ')]),
    ].map((text) => Buffer.from(text)),
  ].map((form) => form.subarray(0, 40));
}
