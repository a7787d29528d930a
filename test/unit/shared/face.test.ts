// Templates, their seal, and the two files of the feed: what goes in comes out, and nothing else opens.
import {
  encodeFaceKeys,
  encodeFaceTemplates,
  faceDistance,
  faceTemplate,
  faceTemplateBytes,
  openFace,
  readFaceKeys,
  readFaceTemplates,
  ready,
  sealFace,
  sealedFaceBytes,
  type FaceBinding,
} from '@postern/shared';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';

beforeAll(() => ready);

const component = fc.double({ min: -0.635, max: 0.635, noNaN: true });
const descriptor = fc.array(component, { minLength: faceTemplateBytes, maxLength: faceTemplateBytes });
const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
const ticketId = bytes(16).map((id) => Buffer.from(id).toString('hex'));
const euclidean = (a: readonly number[], b: readonly number[]): number =>
  Math.hypot(...a.map((value, index) => value - (b[index] ?? 0)));

describe('a template', () => {
  it('keeps the distance of two descriptors to within the stated error', () => {
    fc.assert(
      fc.property(descriptor, descriptor, (a, b) => {
        const [left, right] = [faceTemplate([a]), faceTemplate([b])];
        if (left === undefined || right === undefined) return false;
        return Math.abs(faceDistance(left, right) - euclidean(a, b)) <= (2 * Math.sqrt(128)) / 400 + 1e-9;
      }),
    );
  });

  it('of several frames is their mean', () => {
    const of = (value: number): number[] => Array.from({ length: faceTemplateBytes }, () => value);
    expect(faceTemplate([of(0.1), of(0.2), of(0.3)])).toEqual(faceTemplate([of(0.2)]));
  });

  it('is not made of anything but 128 finite numbers', () => {
    const fine = Array.from({ length: faceTemplateBytes }, () => 0.1);
    expect(faceTemplate([])).toBeUndefined();
    expect(faceTemplate([fine.slice(1)])).toBeUndefined();
    expect(faceTemplate([fine, [...fine, 0]])).toBeUndefined();
    expect(faceTemplate([fine.with(7, Number.NaN)])).toBeUndefined();
    expect(faceTemplate([fine.with(7, Number.POSITIVE_INFINITY)])).toBeUndefined();
    expect(faceTemplate([fine])).toHaveLength(faceTemplateBytes);
  });
});

const binding: FaceBinding = { event: 7, ticketId: '0a'.repeat(16), epoch: 0, model: 1, version: 1 };
const [key, nonce] = [new Uint8Array(32).fill(3), new Uint8Array(24).fill(4)];
const template = Uint8Array.from({ length: faceTemplateBytes }, (_, index) => index);

describe('a sealed template', () => {
  it('opens with its key for its binding', () => {
    const sealed = sealFace(template, binding, key, nonce);
    expect(sealed).toHaveLength(sealedFaceBytes);
    expect(openFace(sealed, binding, key)).toEqual(template);
  });

  it('does not open for another event, ticket, epoch, model or version', () => {
    const sealed = sealFace(template, binding, key, nonce);
    const others: Partial<FaceBinding>[] = [{ event: 8 }, { ticketId: '0b'.repeat(16) }, { epoch: 1 }, { model: 2 }];
    for (const other of [...others, { version: 2 }])
      expect(openFace(sealed, { ...binding, ...other }, key)).toBeUndefined();
  });

  it('does not open with another key, altered in any byte, or cut', () => {
    const sealed = sealFace(template, binding, key, nonce);
    expect(openFace(sealed, binding, new Uint8Array(32))).toBeUndefined();
    expect(openFace(sealed, binding, key.subarray(1))).toBeUndefined();
    for (let index = 0; index < sealed.length; index++) {
      expect(openFace(sealed.with(index, (sealed[index] ?? 0) ^ 1), binding, key)).toBeUndefined();
      expect(openFace(sealed.subarray(0, index), binding, key)).toBeUndefined();
    }
  });
});

describe('the files of the feed', () => {
  const sealedFace = fc.record({
    ticketId,
    epoch: fc.integer({ min: 0, max: 0xffff_ffff }),
    model: fc.integer({ min: 0, max: 0xffff }),
    version: fc.integer({ min: 0, max: 0xffff }),
    sealed: bytes(sealedFaceBytes),
  });
  const faceKey = fc.record({ ticketId, key: bytes(32) });
  const unique = { selector: (record: { readonly ticketId: string }) => record.ticketId, maxLength: 40 };

  it('give back each ticket what was put in for it, and others nothing', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(sealedFace, unique),
        fc.uniqueArray(faceKey, unique),
        ticketId,
        (faces, keys, other) => {
          const readFaces = readFaceTemplates(encodeFaceTemplates(7, faces), 7);
          const readKeys = readFaceKeys(encodeFaceKeys(7, keys), 7);
          if (!readFaces.ok || !readKeys.ok) throw new Error('a file does not read');
          expect([readFaces.value.count, readKeys.value.count]).toEqual([faces.length, keys.length]);
          for (const face of faces) expect(readFaces.value.find(face.ticketId)).toEqual(face);
          for (const one of keys) expect(readKeys.value.find(one.ticketId)).toEqual(one.key);
          if (faces.every((face) => face.ticketId !== other)) expect(readFaces.value.find(other)).toBeUndefined();
          expect(readFaces.value.find('no ticket')).toBeUndefined();
        },
      ),
    );
  });

  it('are refused for another event, as each other, cut, out of order and with a ticket twice', () => {
    const keys = [1, 2].map((number) => ({ ticketId: `0${number}`.repeat(16), key }));
    const file = encodeFaceKeys(7, keys);
    const [first, second] = [file.subarray(8, 56), file.subarray(56)];
    expect(readFaceKeys(file, 7).ok).toBe(true);
    const join = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
    const bad = [join(file.subarray(0, 8), second, first), join(file.subarray(0, 8), first, first), file.subarray(1)];
    for (const one of [...bad, file.subarray(0, 7), new Uint8Array(0), encodeFaceTemplates(7, [])])
      expect(readFaceKeys(one, 7)).toMatchObject({ ok: false, error: { type: 'face-file-malformed' } });
    expect(readFaceKeys(file, 8)).toMatchObject({ ok: false, error: { type: 'face-file-malformed' } });
    expect(readFaceTemplates(encodeFaceKeys(7, []), 7)).toMatchObject({ ok: false });
  });
});
