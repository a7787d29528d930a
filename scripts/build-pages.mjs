// Builds the pages with Vite: the gate's display and band desk, the cloud's dashboard, the one for faces and the one of tickets on phones, and
// the demo's page, those of them that exist; and the SDK for other people's pages, one file; and the thread in which a gate looks at faces,
// one file with its models beside it.
//   node scripts/build-pages.mjs [--if-needed | --watch]
// With --if-needed only the ones whose sources are newer than their build; with --watch again whenever they change.
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { builtinModules } from 'node:module';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';
import { checkBudgets } from './lib/page-sizes.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

const faceModels = ['tiny_face_detector', 'face_landmark_68', 'face_recognition'];
/** What the face engine opens beside its code, out of the packages that it comes from, and their licences; `as` where the names clash. */
const faceFiles = [
  ...faceModels.flatMap((model) => [
    { from: `node_modules/@vladmandic/face-api/model/${model}_model.bin` },
    { from: `node_modules/@vladmandic/face-api/model/${model}_model-weights_manifest.json` },
  ]),
  { from: 'node_modules/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm' },
  { from: 'node_modules/@vladmandic/face-api/LICENSE', as: 'LICENSE.face-api' },
  { from: 'gate-agent/src/face-engine/NOTICE' },
];

/**
 * `further`: what else of ours its sources import; `worker`: its service worker, which is told the files of the build; `module`: it is no
 * page, but this one file for others to import; `thread`: this one file for Node to run; `copied`: files that lie beside it, or in the folder
 * `into`; `ledgers`: a Web Worker of it works on ledgers.
 */
const pages = [
  { source: 'gate-agent/src/display', output: 'gate-agent/dist/display' },
  { source: 'gate-agent/src/desk', further: ['gate-agent/src/display'], output: 'gate-agent/dist/desk' },
  {
    source: 'gate-agent/src/handheld/page',
    further: ['gate-agent/src'],
    worker: 'worker',
    ledgers: true,
    output: 'cloud-sync/dist/handheld',
    copied: [{ from: 'node_modules/zxing-wasm/dist/reader/zxing_reader.wasm' }],
  },
  { source: 'cloud-sync/src/dashboard', output: 'cloud-sync/dist/dashboard' },
  { source: 'cloud-sync/src/face', output: 'cloud-sync/dist/face', copied: faceFiles, into: 'models' },
  { source: 'cloud-sync/src/my-ticket', worker: 'worker', output: 'cloud-sync/dist/my-ticket' },
  { source: 'cloud-sync/src/sdk', module: 'geofence', output: 'cloud-sync/dist/sdk' },
  { source: 'cloud-sync/src/sdk', module: 'wallet', output: 'cloud-sync/dist/wallet-sdk' },
  { source: 'gate-agent/src/face-engine', thread: 'thread', output: 'gate-agent/dist/face-engine', copied: faceFiles },
  { source: 'scripts/demo/page', output: '.cache/demo-page' },
  { source: 'scripts/bench/handheld-page', further: ['gate-agent/src'], ledgers: true, output: '.cache/handheld-page' },
];
/** face-api imports packages that it does not declare: the sources of its engine have what it needs of them. */
const faceAliases = [
  { find: /^@tensorflow\/tfjs\/dist\/index\.js$/, replacement: join(root, 'shared/src/face-engine/tfjs.ts') },
  {
    find: /^@tensorflow\/tfjs-backend-webgl\/dist\/index\.js$/,
    replacement: join(root, 'shared/src/face-engine/webgl.ts'),
  },
];
/** Changes here make every build stale: this script, the packages, and what pages import of ours. */
const commonSources = ['scripts/build-pages.mjs', 'package-lock.json', 'shared/src'];

const entryOf = ({ module, thread }) => ((module ?? thread) === undefined ? 'index.html' : `${module ?? thread}.ts`);
const builtOf = ({ output, module, thread }) =>
  join(root, output, thread !== undefined ? `${thread}.cjs` : module !== undefined ? `${module}.js` : 'index.html');

/**
 * No page works on ledgers but in a Web Worker, and what of shared it does not use falls away; but the WebAssembly of automerge would be put
 * beside it all the same. A page that did use it would not build.
 */
const withoutLedgers = {
  name: 'without-ledgers',
  enforce: 'pre',
  resolveId: (id) => (id === 'automerge' ? '\0without-ledgers' : null),
  load: (id) => (id === '\0without-ledgers' ? 'export {};' : null),
};

/**
 * Pages check by schemas and describe none: what would make JSON Schema of them, a tenth of the dashboard, is left out. What a schema says of
 * its own bounds stays, which zod keeps in the same file.
 */
const withoutJsonSchemas = {
  name: 'without-json-schemas',
  enforce: 'pre',
  resolveId: {
    filter: { id: /\/(?:to-json-schema|json-schema-processors)\.js$/ },
    async handler(id, importer = '') {
      if (!/[\\/]zod[\\/]v4[\\/]classic[\\/]schemas\.js$/.test(importer)) return null;
      const real = await this.resolve(id, importer, { skipSelf: true });
      return real === null ? null : `\0without:${real.id}`;
    },
  },
  load(id) {
    if (!id.startsWith('\0without:')) return null;
    const real = id.slice('\0without:'.length);
    const names = [...readFileSync(real, 'utf8').matchAll(/^export (?:const|function) (\w+)/gm)].map(
      ([, name]) => name,
    );
    return names
      .map((name) =>
        name === 'aggregateChecks'
          ? `export { ${name} } from ${JSON.stringify(real)};`
          : `export const ${name} = () => undefined;`,
      )
      .join('\n');
  },
};

/** The rules of our pages forbid to make code of texts, which zod tries wherever it is not told before its first schema. */
const withoutMakingCode = {
  name: 'without-making-code',
  transform(code, id) {
    if (!/[\\/]zod[\\/]v4[\\/]core[\\/]core\.js$/.test(id)) return null;
    return { code: `${code}\nglobalConfig.jitless = true;\n`, map: null };
  },
};

/** Automerge with its WebAssembly as a file of its own, fetched once: as text inside the code it would be a third larger. */
const withLedgers = {
  name: 'with-ledgers',
  enforce: 'pre',
  resolveId: (id) => (id === 'automerge' ? '\0with-ledgers' : null),
  load: (id) =>
    id === '\0with-ledgers'
      ? `import { initializeWasm } from 'automerge/slim';
         import wasm from ${JSON.stringify(join(root, 'node_modules/automerge/dist/automerge.wasm?url'))};
         await initializeWasm(wasm);
         export * from 'automerge/slim';`
      : null,
};

const ifNeeded = process.argv.includes('--if-needed');
const watch = process.argv.includes('--watch') ? {} : null;
const existing = pages.filter((page) => existsSync(join(root, page.source, entryOf(page))));
const stale = existing.filter((page) => !ifNeeded || isStale(page));
// Where somebody else has set it, as test runners do, a page would be built for development, with paths of this machine in it.
if (watch === null) process.env.NODE_ENV = 'production';
if (stale.length > 0) await buildAll(stale);
if (watch === null) {
  const problems = checkBudgets(root, stale.length > 0 ? console.log : () => undefined);
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
}

function isStale(page) {
  const { source, further = [] } = page;
  const built = builtOf(page);
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
  for (const page of stalePages) {
    const { source, output, worker, module, thread, ledgers = false, copied = [], into = '' } = page;
    const started = performance.now();
    // A half-written build must not look fresh.
    rmSync(builtOf(page), { force: true });
    await build({
      root: join(root, source),
      configFile: false,
      base: './',
      logLevel: 'warn',
      plugins: thread === undefined ? [preact(), withoutLedgers, withoutJsonSchemas, withoutMakingCode] : [],
      ...(ledgers
        ? { worker: { format: 'es', plugins: () => [withLedgers, withoutJsonSchemas, withoutMakingCode] } }
        : {}),
      resolve: {
        conditions: ['source', 'module', ...(thread === undefined ? ['browser'] : []), 'development|production'],
        alias: faceAliases,
      },
      build: {
        outDir: join(root, output),
        emptyOutDir: true,
        target: 'es2022',
        modulePreload: { polyfill: false },
        reportCompressedSize: false,
        // The models' engine has half a megabyte.
        chunkSizeWarningLimit: 1_000,
        watch,
        ...(module === undefined
          ? {}
          : { lib: { entry: join(root, source, entryOf(page)), formats: ['es'], fileName: module } }),
        // CommonJS: what Emscripten has put into TensorFlow's WASM asks for `require` where it finds Node.
        ...(thread === undefined
          ? {}
          : {
              lib: { entry: join(root, source, entryOf(page)), formats: ['cjs'], fileName: thread },
              rollupOptions: { external: [/^node:/, ...builtinModules] },
            }),
      },
    });
    mkdirSync(join(root, output, into), { recursive: true });
    for (const { from, as = basename(from) } of copied) copyFileSync(join(root, from), join(root, output, into, as));
    if (ledgers) compressWasm(join(root, output));
    // While it is worked on, nothing is kept.
    if (worker !== undefined && watch === null) await buildWorker(build, source, output, worker);
    console.log(`built ${output} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  }
}

/** WebAssembly is most of a handheld, and gzip leaves a quarter more of it. */
function compressWasm(folder) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_LGWIN]: 22 };
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name);
    if (name.endsWith('.wasm')) writeFileSync(`${path}.br`, brotliCompressSync(readFileSync(path), { params }));
  }
}

/** One plain script beside the page's index.html, with the list of what the page consists of, and a name for just that. */
async function buildWorker(build, source, output, worker) {
  const folder = join(root, output);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => statSync(join(folder, name)).isFile() && name !== `${worker}.js` && !name.endsWith('.br'))
    .toSorted();
  const hash = createHash('sha256');
  for (const name of files) hash.update(`${name}\0`).update(readFileSync(join(folder, name)));
  await build({
    root: join(root, source),
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    define: {
      // The page itself is asked for by its folder.
      precached: JSON.stringify(files.map((name) => (name === 'index.html' ? './' : `./${name}`))),
      version: JSON.stringify(hash.digest('hex').slice(0, 16)),
    },
    build: {
      outDir: folder,
      emptyOutDir: false,
      target: 'es2022',
      reportCompressedSize: false,
      lib: {
        entry: join(root, source, `${worker}.ts`),
        formats: ['iife'],
        name: 'worker',
        fileName: () => `${worker}.js`,
      },
    },
  });
}
