import { expect, test } from 'vitest';
import { renderCodeFrame, renderEmptyFrame, renderModules } from '../../../scripts/lib/render-code-frame.ts';

test('the same options give the same frame, another seed other noise', () => {
  const look = { text: 'PN1:A', rotationDeg: 9, blurPx: 0.7, noiseSd: 8, width: 200, height: 160 };
  expect(renderCodeFrame({ ...look, seed: 5 })).toEqual(renderCodeFrame({ ...look, seed: 5 }));
  expect(renderCodeFrame({ ...look, seed: 5 }).grey).not.toEqual(renderCodeFrame({ ...look, seed: 6 }).grey);
});

test('modules, quiet zone and surroundings have their levels, and the corners frame the modules', () => {
  const { grey, width, corners } = renderModules(['#.', '.#'], {
    modulePx: 10,
    quietModules: 1,
    width: 60,
    height: 60,
    dark: 10,
    light: 240,
    background: 120,
  });
  expect(corners).toEqual([
    { x: 20, y: 20 },
    { x: 40, y: 20 },
    { x: 40, y: 40 },
    { x: 20, y: 40 },
  ]);
  const at = (x: number, y: number): number | undefined => grey[y * width + x];
  expect([at(25, 25), at(35, 25), at(25, 35), at(35, 35)]).toEqual([10, 240, 240, 10]);
  expect([at(15, 15), at(5, 5)]).toEqual([240, 120]);
});

test('a pixel between two modules is their mean by area', () => {
  const { grey, width } = renderModules(['#.'], {
    modulePx: 10.5,
    quietModules: 0,
    width: 41,
    height: 20,
    dark: 0,
    light: 200,
  });
  expect(grey[10 * width + 20]).toBe(100);
});

test('noise has the standard deviation asked for', () => {
  const quiet = renderEmptyFrame(320, 240, 0).grey;
  const differences = renderEmptyFrame(320, 240, 8, 3).grey.map((level, index) => level - (quiet[index] ?? 0) + 128);
  const mean = differences.reduce((sum, value) => sum + value, 0) / differences.length;
  const deviation = Math.sqrt(differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) / differences.length);
  expect(mean).toBeCloseTo(128, 0);
  expect(deviation).toBeGreaterThan(7.5);
  expect(deviation).toBeLessThan(8.5);
});
