// What a page's budget counts: all that the first view needs, and nothing that is loaded later.
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { measurePage } from '../../../scripts/lib/page-sizes.mjs';

it('counts what the page names, what that imports, and the parts of the first view with their styles', () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-page-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'assets'));
  // Nothing compresses these, so that each kind of part can be told from the sum.
  const noise = (bytes: number): string => `/*${randomBytes(bytes / 2).toString('hex')}*/`;
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  write('index.html', '<script type="module" src="./assets/index-1.js"></script>');
  write('assets/index-1.js', `import{a}from"./shared-1.js";const b=()=>import("./later-1.js");${noise(4_000)}`);
  write('assets/shared-1.js', noise(8_000));
  write('assets/later-1.js', noise(100_000));
  write('assets/live-page-1.js', noise(16_000));
  write('assets/live-page-1.css', noise(32_000));

  const without = measurePage(folder);
  const withLive = measurePage(folder, ['live-page']);
  if (without === undefined || withLive === undefined) throw new Error('not measured');
  // Hexadecimal digits compress to half.
  const half = (bytes: number): [number, number] => [bytes * 0.45, bytes * 0.6];
  const within = (bytes: number, [least, most]: [number, number]): void => {
    expect(bytes).toBeGreaterThan(least);
    expect(bytes).toBeLessThan(most);
  };
  within(without.firstBytes, half(12_200));
  within(withLive.firstBytes - without.firstBytes, half(48_200));
  expect(withLive.allBytes).toBe(without.allBytes);
  expect(withLive.allBytes).toBeGreaterThan(withLive.firstBytes + 45_000);
  expect(withLive.parts[0]?.name).toBe('assets/later-1.js');
});

it('says nothing of a page that is not built', () => {
  expect(measurePage(join(tmpdir(), 'postern-no-such-page'))).toBeUndefined();
});
