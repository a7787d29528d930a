// How much of a built page crosses the network, compressed as our servers send it: what its first view needs, and all there is. Every page has
// a budget for both; a build that exceeds one fails and says what is in it.
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { extname, join, posix } from 'node:path';
import { gzipSync } from 'node:zlib';

const kB = 1_000;

/**
 * `first`: parts that the first view loads by itself, by the beginning of their names. The limits are bytes; `all` of pages whose parts are
 * loaded when somebody goes there says that nothing grows unseen.
 */
export const budgets = [
  { output: 'cloud-sync/dist/dashboard', first: ['live-page'], firstMax: 65 * kB, allMax: 175 * kB },
  { output: 'gate-agent/dist/display', first: [], firstMax: 18 * kB, allMax: 18 * kB },
  { output: 'gate-agent/dist/desk', first: [], firstMax: 18 * kB, allMax: 18 * kB },
  { output: 'cloud-sync/dist/my-ticket', first: [], firstMax: 35 * kB, allMax: 48 * kB },
  { output: 'cloud-sync/dist/face', first: [], firstMax: 135 * kB, allMax: 4_750 * kB },
  { output: 'cloud-sync/dist/handheld', first: [], firstMax: 12 * kB, allMax: 1_650 * kB },
];

/** The parts of a page in the order of their size, and the sums; undefined where it has not been built. */
export function measurePage(folder, first = []) {
  if (!existsSync(join(folder, 'index.html'))) return undefined;
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => statSync(join(folder, name)).isFile() && !name.endsWith('.br'));
  const parts = names
    .map((name) => ({ name, bytes: compressedBytes(join(folder, name)) }))
    .toSorted((a, b) => b.bytes - a.bytes);
  const needed = neededNames(folder, names, first);
  const sum = (some) => some.reduce((total, { bytes }) => total + bytes, 0);
  return { parts, firstBytes: sum(parts.filter(({ name }) => needed.has(name))), allBytes: sum(parts) };
}

/** As the build has compressed it; texts that it has not by gzip; the rest as it is. */
function compressedBytes(path) {
  if (existsSync(`${path}.br`)) return statSync(`${path}.br`).size;
  const bytes = readFileSync(path);
  return /\.(html|js|css|svg|json|webmanifest|wasm)$/.test(extname(path))
    ? gzipSync(bytes, { level: 9 }).length
    : bytes.length;
}

/** index.html and what it names; what a part imports at once; and the styles that come with a part of the first view. */
function neededNames(folder, names, first) {
  const needed = new Set();
  const add = (name) => {
    if (needed.has(name) || !names.includes(name)) return;
    needed.add(name);
    if (!/\.(html|js)$/.test(name)) return;
    const text = readFileSync(join(folder, name), 'utf8');
    const named = name.endsWith('.html')
      ? [...text.matchAll(/<(?:script|link)[^>]+(?:src|href)="(\.\/[^"]+)"/g)]
      : [...text.matchAll(/(?:\bfrom|\bimport)\s*"(\.\/[^"]+)"/g)];
    for (const [, path] of named) add(posix.join(posix.dirname(name), path));
  };
  add('index.html');
  for (const name of names) if (first.some((beginning) => posix.basename(name).startsWith(`${beginning}-`))) add(name);
  return needed;
}

/** One line a page, and for each limit that is exceeded what takes the most; empty when none is. */
export function checkBudgets(root, log) {
  const problems = [];
  for (const { output, first, firstMax, allMax } of budgets) {
    const measured = measurePage(join(root, output), first);
    if (measured === undefined) continue;
    const { parts, firstBytes, allBytes } = measured;
    const inKb = (bytes) => `${(bytes / kB).toFixed(1)} kB`;
    log(`${output}: first view ${inKb(firstBytes)} of ${inKb(firstMax)}, all ${inKb(allBytes)} of ${inKb(allMax)}`);
    if (firstBytes <= firstMax && allBytes <= allMax) continue;
    const largest = parts.slice(0, 8).map(({ name, bytes }) => `  ${inKb(bytes).padStart(9)}  ${name}`);
    problems.push(`${output} is larger than its budget; the largest parts are\n${largest.join('\n')}`);
  }
  return problems;
}
