// A lane that holds a ticket for a face, on a bench: the real lane, rule and method, virtual time, and models that see what the test says.
import {
  err,
  faceKeyBytes,
  faceMethod,
  faceModel,
  faceRulesSchema,
  faceTemplate,
  ok,
  ready,
  sealFace,
  type Claim,
  type FaceBox,
  type FaceFault,
  type FaceLookups,
  type FaceModel,
  type GreyPicture,
  type Result,
  type SealedFace,
  type VerificationMethod,
} from '@postern/shared';
import { beforeAll, describe, expect, test } from 'vitest';
import type { FaceCamera } from '../../../gate-agent/src/face/face-cameras.ts';
import type { FaceThreadError } from '../../../gate-agent/src/face/face-thread.ts';
import { createFaceWatch, type FaceWatch } from '../../../gate-agent/src/face/face-watch.ts';
import type { FaceLook } from '../../../gate-agent/src/face/messages.ts';
import { createRig, rigEvent, rigHoldTimeoutMs, silentLogger, ticketId, type Rig } from '../../support/lane-rig.ts';
import { virtualStartMs } from '../../support/virtual-time.ts';

beforeAll(() => ready);

/** Ticket 10 asks for a signed proof and a face. */
const holder = ticketId(10);
const key = new Uint8Array(faceKeyBytes).fill(7);
const untilS = virtualStartMs / 1_000 + 86_400;
const lookS = 10;
const box: FaceBox = { x: 10, y: 10, width: 60, height: 60 };
/** A descriptor that is `off` away from the enrolled one. */
const descriptor = (off: number): number[] => Array.from({ length: 128 }, (_, index) => (index === 0 ? off : 0.1));
const face = (off: number): FaceLook => ({
  type: 'face',
  descriptor: descriptor(off),
  box,
  quality: { sidePx: 120, turn: 0, tiltDegrees: 0, sharpness: 0.1, luma: 120 },
});
const enrolledTemplate = faceTemplate([descriptor(0)]) ?? new Uint8Array(0);

interface Enrolled extends FaceModel {
  readonly epoch: number;
  readonly ticketId: string;
  readonly sealedFor: string;
  readonly key: Uint8Array | undefined;
}

function lookupsOf(changed: Partial<Enrolled> = {}, rulesUntilS = untilS): FaceLookups {
  const enrolled: Enrolled = { epoch: 0, ...faceModel, ticketId: holder, sealedFor: holder, key, ...changed };
  const { epoch, model, version, sealedFor } = enrolled;
  const binding = { event: rigEvent, ticketId: sealedFor, epoch, model, version };
  const sealed: SealedFace = {
    ticketId: enrolled.ticketId,
    epoch,
    model,
    version,
    sealed: sealFace(enrolledTemplate, binding, key, new Uint8Array(24).fill(1)),
  };
  return {
    rules: faceRulesSchema.parse({ untilS: rulesUntilS, lookS }),
    find: (asked) => (asked === enrolled.ticketId ? { face: sealed, key: enrolled.key } : undefined),
  };
}

/** Ticket n as `Tn`, signed. */
const signed: VerificationMethod = {
  id: 'signed',
  assurance: 'signed',
  generates: false,
  accepts: ({ text }) => /^T\d+$/.test(text),
  verify: async ({ text }) => {
    const claim: Claim = {
      method: 'signed',
      event: rigEvent,
      ticketId: ticketId(Number(text.slice(1))),
      epoch: 0,
      assurance: 'signed',
    };
    return ok(claim);
  },
  generate: async () => err({ type: 'nothing-to-generate' }),
};

interface Bench {
  readonly rig: Rig;
  readonly watch: FaceWatch;
  /** Whether the camera is asked for frames. */
  readonly isLooking: () => boolean;
  /** Pictures that the models were given. */
  readonly looked: () => number;
}

interface BenchOptions {
  readonly faces?: FaceLookups;
  /** False where the event's rules say nothing of faces. */
  readonly hasFaces?: boolean;
  /** What the models see in the nth frame, counted from 1. */
  readonly sees: (n: number) => FaceLook | FaceFault | FaceThreadError['type'] | 'hang';
  /** Every frame the same, as of a picture that lies there. */
  readonly still?: boolean;
  readonly camera?: 'none' | 'breaks';
}

const frameEveryMs = 200;

async function createBench(options: BenchOptions): Promise<Bench> {
  const { sees, still = false, camera: state, hasFaces = true } = options;
  const faces = hasFaces ? (options.faces ?? lookupsOf()) : undefined;
  const followers: FaceWatch['follow'][] = [];
  let watching = 0;
  let looked = 0;
  const rig = await createRig({
    methods: [signed, faceMethod],
    lookups: { face: () => faces },
    listener: (event) => event.type === 'state' && followers.forEach((follow) => follow(event.state)),
  });
  const camera: FaceCamera = {
    id: 'camera',
    watch: (offer, signal) =>
      new Promise((resolve, reject) => {
        if (state === 'none') return reject(new Error('there is no camera'));
        watching++;
        let frame = 0;
        const show = (): void => {
          if (signal.aborted) return;
          if (state === 'breaks' && frame > 2) return reject(new Error('the camera ended'));
          offer(pictureOf(still ? 0 : frame++));
          if (still) frame++;
          rig.time.timer.after(frameEveryMs, show);
        };
        show();
        signal.addEventListener('abort', () => {
          watching--;
          resolve();
        });
      }),
  };
  const watch = createFaceWatch({
    lane: { id: rig.lane.id, prove: (holdId, seen) => rig.lane.prove(holdId, seen) },
    camera,
    engine: {
      look: async (): Promise<Result<FaceLook, FaceThreadError>> => {
        const seen = sees(++looked);
        if (seen === 'hang') return new Promise(() => undefined);
        return typeof seen === 'string' ? err({ type: seen } as FaceThreadError) : ok(seen);
      },
    },
    policyOf: () => rig.context.policy(),
    facesOf: () => faces,
    time: rig.context.time,
    monotonicMs: rig.time.clock.monotonicMs,
    timer: rig.time.timer,
    logger: silentLogger,
    changed: () => undefined,
  });
  followers.push(watch.follow);
  return { rig, watch, isLooking: () => watching > 0, looked: () => looked };
}

/** A bright edge that wanders. */
function pictureOf(frame: number): GreyPicture {
  const [width, height] = [80, 80];
  const grey = new Uint8Array(width * height).map((_, index) => (((index % width) + frame * 3) % 40 < 20 ? 200 : 60));
  return { width, height, grey };
}

describe('a ticket that asks for a face', () => {
  test('goes in when the person looks at the camera, and the mark names both proofs and nothing of the face', async () => {
    const bench = await createBench({ sees: (n) => (n < 3 ? { type: 'face-too-small', sidePx: 40 } : face(0.2)) });
    await bench.rig.scan('T10', frameEveryMs + 50);
    expect(bench.rig.state()).toBe('held');
    expect(bench.watch.hint()).toEqual({ type: 'face-too-small' });
    await bench.rig.time.advance(2_000);
    expect(bench.rig.marks()).toMatchObject([{ kind: 'admitted', ticketId: holder, method: 'signed+face' }]);
    expect(JSON.stringify(bench.rig.events)).not.toMatch(/template|descriptor/);
    expect(bench.isLooking()).toBe(false);
    expect(bench.watch.hint()).toBeUndefined();
  });

  test('somebody else is held for a person, told nothing, and nothing is recorded against anybody', async () => {
    const bench = await createBench({ sees: () => face(0.9) });
    await bench.rig.scan('T10', lookS * 1_000 + 500);
    expect(bench.rig.state()).toBe('held');
    expect(bench.watch.hint()).toEqual({ type: 'over', why: 'face-unproven' });
    expect(bench.rig.marks()).toEqual([]);
    expect(bench.rig.answers()).toEqual(['hold']);
    expect(bench.isLooking()).toBe(false);
    // Another way in: a steward who has seen an identity card.
    const state = bench.rig.lane.state();
    if (state.name !== 'held') throw new Error(state.name);
    const accepting = bench.rig.lane.accept(state.holdId, { operator: 'steward01', role: 'steward' });
    await bench.rig.time.advance(1_000);
    expect(await accepting).toMatchObject({ ok: true, value: { kind: 'admit' } });
    expect(bench.rig.marks()).toMatchObject([{ kind: 'admitted', method: 'signed', approved: 'second-factor' }]);
  });

  test.each<FaceFault>([
    { type: 'no-face' },
    { type: 'several-faces', faces: 2 },
    { type: 'face-turned', turn: 0.6, tiltDegrees: 0 },
    { type: 'face-too-small', sidePx: 20 },
    { type: 'face-blurred', sharpness: 0.01 },
  ])('$type: the screen says what would help, and then a person decides', async (fault) => {
    const bench = await createBench({ sees: () => fault });
    await bench.rig.scan('T10', 1_000);
    expect(bench.watch.hint()).toEqual({ type: fault.type });
    await bench.rig.time.advance(lookS * 1_000);
    expect(bench.watch.hint()).toEqual({ type: 'over', why: 'face-unproven' });
    expect(bench.rig.state()).toBe('held');
  });

  test('a picture that lies before the camera never moves and lets nobody in', async () => {
    const bench = await createBench({ sees: () => face(0.05), still: true });
    await bench.rig.scan('T10', lookS * 1_000 + 500);
    expect(bench.looked()).toBeGreaterThan(10);
    expect(bench.rig.marks()).toEqual([]);
    expect(bench.watch.hint()).toEqual({ type: 'over', why: 'face-unproven' });
  });

  test.each([
    ['not enrolled, or withdrawn', lookupsOf({ ticketId: ticketId(11) }), 'face-unknown'],
    ['erased: the data key is gone', lookupsOf({ key: undefined }), 'face-erased'],
    ['past the time that was promised', lookupsOf({}, virtualStartMs / 1_000), 'face-erased'],
    ['of another model', lookupsOf({ model: 2 }), 'face-other-model'],
    ['of another version of the model', lookupsOf({ version: 2 }), 'face-other-model'],
    ['moved here from another ticket', lookupsOf({ sealedFor: ticketId(11) }), 'face-invalid'],
    ['opened with the key of somebody else', lookupsOf({ key: new Uint8Array(faceKeyBytes) }), 'face-invalid'],
    ['of the ticket before its transfer', lookupsOf({ epoch: 3 }), 'face-unknown'],
  ] as const)('%s: nobody is looked at, and a person decides', async (_name, faces, why) => {
    const bench = await createBench({ faces, sees: () => face(0) });
    await bench.rig.scan('T10', 500);
    expect(bench.looked()).toBe(0);
    expect(bench.isLooking()).toBe(false);
    expect(bench.rig.state()).toBe('held');
    expect(bench.watch.hint()).toEqual({ type: 'over', why });
  });
});

describe('what can fail', () => {
  test('a thread that dies once is forgiven, one that keeps dying is a person’s turn', async () => {
    const once = await createBench({ sees: (n) => (n === 1 ? 'crashed' : face(0.1)) });
    await once.rig.scan('T10', 3_000);
    expect(once.rig.kinds()).toEqual(['admitted']);
    const always = await createBench({ sees: () => 'crashed' });
    await always.rig.scan('T10', 3_000);
    expect(always.watch.hint()).toEqual({ type: 'over', why: 'engine' });
    expect([always.rig.state(), always.looked()]).toEqual(['held', 3]);
  });

  test('a thread that is busy with other lanes is asked again with the next frames', async () => {
    const bench = await createBench({ sees: (n) => (n <= 8 ? 'busy' : face(0.1)) });
    await bench.rig.scan('T10', 5_000);
    expect(bench.rig.kinds()).toEqual(['admitted']);
    const always = await createBench({ sees: () => 'busy' });
    await always.rig.scan('T10', lookS * 1_000 + 500);
    expect(always.watch.hint()).toEqual({ type: 'over', why: 'face-unproven' });
  });

  test('models that hang hold nobody longer than the look lasts', async () => {
    const bench = await createBench({ sees: () => 'hang' });
    await bench.rig.scan('T10', lookS * 1_000 + 100);
    expect(bench.isLooking()).toBe(false);
    expect(bench.watch.hint()).toEqual({ type: 'over', why: 'face-unproven' });
    expect(bench.rig.state()).toBe('held');
    await bench.rig.time.advance(rigHoldTimeoutMs);
    expect(bench.rig.answers()).toEqual(['hold', 'hold-timed-out']);
  });

  test.each(['none', 'breaks'] as const)('a camera that is not there, or ends (%s)', async (camera) => {
    const bench = await createBench({ sees: () => ({ type: 'no-face' }), camera });
    await bench.rig.scan('T10', 3_000);
    expect(bench.rig.state()).toBe('held');
    expect(bench.watch.hint()).toEqual({ type: 'over', why: 'camera' });
  });

  test('what comes after the hold is over proves nothing', async () => {
    const bench = await createBench({ sees: () => face(0.9) });
    await bench.rig.scan('T10', 500);
    const state = bench.rig.lane.state();
    if (state.name !== 'held') throw new Error(state.name);
    expect(bench.rig.lane.decline(state.holdId, { operator: 'steward01', role: 'steward' }, 'other').ok).toBe(true);
    await bench.rig.time.advance(100);
    expect(bench.isLooking()).toBe(false);
    const late = await bench.rig.lane.prove(state.holdId, {
      medium: 'face',
      text: 'face:',
      ticketId: holder,
      template: enrolledTemplate,
      readerId: 'camera',
      seenAtMs: 0,
    });
    expect(late).toMatchObject({ ok: false, error: { type: 'hold-gone' } });
    expect(bench.rig.marks().map(({ kind }) => kind)).not.toContain('admitted');
  });
});

describe('where no face is asked for', () => {
  test('no frame is taken: ordinary tickets, events without faces, another proof that is missing', async () => {
    const bench = await createBench({ sees: () => face(0) });
    await bench.rig.scan('T1', 3_000);
    await bench.rig.scan('T9', 3_000);
    expect([bench.looked(), bench.watch.hint()]).toEqual([0, undefined]);
    const without = await createBench({ hasFaces: false, sees: () => face(0) });
    await without.rig.scan('T10', 3_000);
    expect([without.looked(), without.watch.hint(), without.rig.state()]).toEqual([0, undefined, 'held']);
  });
});
