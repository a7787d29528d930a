// Goal: files of faces that are not what the signed list names are never used, and take those of before with them.
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import {
  admissionPolicySchema,
  bytesToHex,
  encodeFaceKeys,
  encodeFaceTemplates,
  faceKeysBytesMax,
  faceModel,
  ready,
  sealedFaceBytes,
  sha256,
  type FileReference,
  type Manifest,
} from '@postern/shared';
import { openFaceCache, type FaceCache } from '../../../../gate-agent/src/store/face-cache.ts';
import { temporaryFolder } from '../../../support/gate-store-harness.ts';

const event = 7;
const untilS = 1_000;
const ticketId = 'ab'.repeat(16);
const nameOf = (bytes: Uint8Array): FileReference => ({ sha256: bytesToHex(sha256(bytes)), bytes: bytes.length });

type Listed = Pick<Manifest, 'event' | 'faces' | 'policy'>;
const listed = (
  templates: Uint8Array,
  keys: Uint8Array,
  face: { untilS: number } | undefined = { untilS },
): Listed => ({
  event,
  faces: { templates: nameOf(templates), keys: nameOf(keys) },
  policy: admissionPolicySchema.parse({ event, name: 'Night', types: [], zones: [], ...(face && { face }) }),
});
const filesOf = (...files: readonly Uint8Array[]): ReadonlyMap<string, Uint8Array> =>
  new Map(files.map((bytes) => [nameOf(bytes).sha256, bytes]));

let nowMs: number;
let cache: FaceCache;
let templates: Uint8Array;
let keys: Uint8Array;
beforeEach(async () => {
  await ready;
  nowMs = 0;
  const key = { folder: temporaryFolder(), key: '5e'.repeat(32), nowMs: () => nowMs };
  cache = openFaceCache(key);
  onTestFinished(() => cache.close());
  templates = encodeFaceTemplates(event, [
    { ticketId, epoch: 0, ...faceModel, sealed: new Uint8Array(sealedFaceBytes).fill(3) },
  ]);
  keys = encodeFaceKeys(event, [{ ticketId, key: new Uint8Array(32).fill(4) }]);
  expect(cache.take(listed(templates, keys), filesOf(templates, keys)).ok).toBe(true);
  expect(cache.find(ticketId)?.key).toEqual(new Uint8Array(32).fill(4));
});

it('asks for what it lacks and nothing else, and for nothing that is too large or over', () => {
  expect(cache.lacks(listed(templates, keys))).toEqual({ ok: true, value: [] });
  const others = encodeFaceKeys(event, [{ ticketId, key: new Uint8Array(32).fill(5) }]);
  expect(cache.lacks(listed(templates, others))).toEqual({ ok: true, value: [nameOf(others)] });
  const huge = {
    ...listed(templates, keys),
    faces: { templates: nameOf(templates), keys: { ...nameOf(others), bytes: faceKeysBytesMax + 1 } },
  };
  expect(cache.lacks(huge)).toMatchObject({ ok: false, error: { type: 'feed-too-large', what: 'faces' } });
  nowMs = untilS * 1_000;
  expect(cache.lacks(huge)).toEqual({ ok: true, value: [] });
});

it('has no faces where files are cut, altered, of another event or not there', () => {
  const elsewhere = encodeFaceKeys(event + 1, [{ ticketId, key: new Uint8Array(32) }]);
  const altered = Uint8Array.from(keys, (byte, index) => (index === keys.length - 1 ? byte ^ 1 : byte));
  const wrong: readonly (readonly [Listed, ReadonlyMap<string, Uint8Array>, string])[] = [
    [listed(templates, keys), new Map([...filesOf(templates), [nameOf(keys).sha256, altered]]), 'feed-hash-mismatch'],
    [listed(templates, keys), new Map([...filesOf(templates), [nameOf(keys).sha256, keys.slice(1)]]), 'feed-cut-off'],
    [listed(templates, elsewhere), filesOf(templates, elsewhere), 'face-file-malformed'],
    [listed(keys, keys), filesOf(keys), 'face-file-malformed'],
    [listed(templates, altered), filesOf(templates), 'feed-cut-off'],
  ];
  for (const [manifest, files, type] of wrong) {
    expect(cache.take(listed(templates, keys), filesOf(templates, keys)).ok).toBe(true);
    expect(cache.find(ticketId)).toBeDefined();
    expect(cache.take(manifest, files)).toMatchObject({ ok: false, error: { type } });
    expect(cache.find(ticketId)).toBeUndefined();
    expect(cache.count()).toBe(0);
  }
});

it('has none where the list names none', () => {
  const { faces: _faces, ...without } = listed(templates, keys);
  expect(cache.take(without, new Map()).ok).toBe(true);
  expect(cache.find(ticketId)).toBeUndefined();
  expect(cache.lacks(listed(templates, keys))).toEqual({ ok: true, value: [nameOf(templates), nameOf(keys)] });
});
