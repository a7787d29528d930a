import { describe, expect, test } from 'vitest';
import { awakeMs, createMotionGate, idleLookMs } from '../../../../gate-agent/src/readers/motion-gate.ts';
import { renderNoisyFrames } from '../../../../scripts/bench/decoding.ts';
import { renderCodeFrame, renderEmptyFrame, type GreyFrame } from '../../../../scripts/lib/render-code-frame.ts';

const frameMs = 1_000 / 15;
/** One scene, as a camera with this much noise sees it frame after frame. */
const still = (noiseSd: number): readonly GreyFrame[] =>
  Array.from({ length: 6 }, (_, seed) => renderEmptyFrame(640, 480, noiseSd, seed + 1));

/** A camera at 15 frames a second; `looks` counts how many of them were worth one. */
function createCamera() {
  const gate = createMotionGate();
  let nowMs = 0;
  let misses = 0;
  return {
    show: (frame: GreyFrame, found = false): boolean => {
      nowMs += frameMs;
      const worth = gate.isWorthALook(frame, misses, nowMs);
      if (worth) misses = found ? 0 : misses + 1;
      return worth;
    },
    watch: (frames: readonly GreyFrame[], forMs: number): number => {
      let looks = 0;
      for (let shown = 0; shown * frameMs < forMs; shown++) {
        nowMs += frameMs;
        const frame = frames[shown % frames.length];
        if (frame !== undefined && gate.isWorthALook(frame, misses, nowMs)) {
          looks++;
          misses++;
        }
      }
      return looks;
    },
  };
}

describe('a lane where nothing moves', () => {
  test.each([0, 4, 8, 12])('is looked at once a second, with camera noise of %i grey levels', (noiseSd) => {
    const camera = createCamera();
    const scene = still(noiseSd);
    camera.watch(scene, awakeMs + 5_000);
    const looks = camera.watch(scene, 60_000);
    expect(looks).toBeGreaterThanOrEqual(50_000 / idleLookMs);
    expect(looks).toBeLessThanOrEqual(60_000 / idleLookMs + 1);
  });

  test('while the light changes slowly, too', () => {
    const camera = createCamera();
    const [scene] = still(0);
    if (scene === undefined) throw new Error('there is a scene');
    camera.watch([scene], awakeMs + 1_000);
    let looks = 0;
    for (let step = 0; step < 20 * 15; step++) {
      const lighter = { ...scene, grey: scene.grey.map((level) => Math.min(255, level + Math.floor(step / 15))) };
      if (camera.show(lighter)) looks++;
    }
    expect(looks).toBeLessThanOrEqual(21);
  });
});

describe('a code that comes into view', () => {
  test('is looked at in its first frame, whatever its size and however it is held', () => {
    const scene = still(8);
    const unseen: number[] = [];
    for (const [index, frame] of renderNoisyFrames(7).entries()) {
      if (index % 5 !== 0) continue;
      const camera = createCamera();
      camera.watch(scene, awakeMs + 4_000);
      // Between two of the looks that it gets anyhow.
      while (!camera.show(scene[0] ?? frame));
      if (!camera.show(frame)) unseen.push(index);
    }
    expect(unseen).toEqual([]);
  });

  test('is looked at in every frame while it is read, and for a while after it has gone', () => {
    const camera = createCamera();
    const scene = still(8);
    camera.watch(scene, awakeMs + 2_000);
    const code = renderCodeFrame({ text: 'PN1:TICKET', version: 6, modulePx: 3, noiseSd: 8 });
    for (let shown = 0; shown < 100; shown++) expect(camera.show(code, true)).toBe(true);
    expect(camera.watch(scene, awakeMs)).toBeGreaterThanOrEqual(Math.floor(awakeMs / frameMs) - 1);
  });
});

test('a camera that changes its format is looked at', () => {
  const camera = createCamera();
  camera.watch(still(0), awakeMs + 2_000);
  expect(camera.show(renderEmptyFrame(320, 240, 0, 1))).toBe(true);
});
