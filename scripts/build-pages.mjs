// Builds the pages (scripts/lib/pages/pages.mjs), those of them that exist, and says how much of each crosses the network.
//   node scripts/build-pages.mjs [--if-needed | --watch]
// With --if-needed only the ones whose sources are newer than their build; with --watch again whenever they change.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkBudgets } from './lib/page-sizes.mjs';
import { builtName, entryOf, pages } from './lib/pages/pages.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Changes here make every build stale: what builds, the packages, and what pages import of ours. */
const commonSources = ['scripts/build-pages.mjs', 'scripts/lib/pages', 'package-lock.json', 'shared/src'];

const ifNeeded = process.argv.includes('--if-needed');
const watch = process.argv.includes('--watch') ? {} : null;
const existing = pages.filter((page) => existsSync(join(root, page.source, entryOf(page))));
const stale = existing.filter((page) => !ifNeeded || isStale(page));
// Where somebody else has set it, as test runners do, a page would be built for development, with paths of this machine in it.
if (watch === null) process.env.NODE_ENV = 'production';
if (stale.length > 0) await buildAll();
if (watch === null) {
  const problems = checkBudgets(root, stale.length > 0 ? console.log : () => undefined);
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
}

async function buildAll() {
  // Vite takes a second to load.
  const { buildPage } = await import('./lib/pages/build.mjs');
  for (const page of stale) {
    const started = performance.now();
    await buildPage(page, root, watch);
    console.log(`built ${page.output} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  }
}

function isStale(page) {
  const { source, further = [], output } = page;
  const built = join(root, output, builtName(page));
  if (!existsSync(built)) return true;
  const builtMs = statSync(built).mtimeMs;
  return [source, ...further, ...commonSources].some((path) => newestMs(join(root, path)) > builtMs);
}

/** The latest modification time in milliseconds of a file or of anything in a folder. */
function newestMs(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newestMs(join(path, name))));
}
