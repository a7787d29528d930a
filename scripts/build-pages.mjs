// Builds the pages with Vite: the gate's display and band desk, the cloud's live page and the demo's page, those of them that exist; and the
// SDK for other people's pages, one file.
//   node scripts/build-pages.mjs [--if-needed | --watch]
// With --if-needed only the ones whose sources are newer than their build; with --watch again whenever they change.
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** `further`: what else of ours its sources import; `module`: it is no page, but this one file for others to import. */
const pages = [
  { source: 'gate-agent/src/display', output: 'gate-agent/dist/display' },
  { source: 'gate-agent/src/desk', further: ['gate-agent/src/display'], output: 'gate-agent/dist/desk' },
  { source: 'cloud-sync/src/live', output: 'cloud-sync/dist/live' },
  { source: 'cloud-sync/src/sdk', module: 'geofence', output: 'cloud-sync/dist/sdk' },
  { source: 'scripts/demo/page', output: '.cache/demo-page' },
];
/** Changes here make every build stale: this script, the packages, and what pages import of ours. */
const commonSources = ['scripts/build-pages.mjs', 'package-lock.json', 'shared/src'];

const entryOf = (module) => (module === undefined ? 'index.html' : `${module}.ts`);
const builtOf = ({ output, module }) => join(root, output, module === undefined ? 'index.html' : `${module}.js`);

const ifNeeded = process.argv.includes('--if-needed');
const watch = process.argv.includes('--watch') ? {} : null;
const existing = pages.filter(({ source, module }) => existsSync(join(root, source, entryOf(module))));
const stale = existing.filter((page) => !ifNeeded || isStale(page));
// Where somebody else has set it, as test runners do, a page would be built for development, with paths of this machine in it.
if (watch === null) process.env.NODE_ENV = 'production';
if (stale.length > 0) await buildAll(stale);

function isStale({ source, further = [], output, module }) {
  const built = builtOf({ output, module });
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

async function buildAll(stalePages) {
  const [{ build }, { default: preact }] = await Promise.all([import('vite'), import('@preact/preset-vite')]);
  for (const { source, output, module } of stalePages) {
    const started = performance.now();
    // A half-written build must not look fresh.
    rmSync(builtOf({ output, module }), { force: true });
    await build({
      root: join(root, source),
      configFile: false,
      base: './',
      logLevel: 'warn',
      plugins: [preact()],
      resolve: { conditions: ['source', 'module', 'browser', 'development|production'] },
      build: {
        outDir: join(root, output),
        emptyOutDir: true,
        target: 'es2022',
        reportCompressedSize: false,
        watch,
        ...(module === undefined
          ? {}
          : { lib: { entry: join(root, source, entryOf(module)), formats: ['es'], fileName: module } }),
      },
    });
    console.log(`built ${output} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  }
}
