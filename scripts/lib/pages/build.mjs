// Builds one page by Vite, with all that lies beside it: copied files, its service worker, and every file once more compressed.
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import preactPreset from '@preact/preset-vite';
import { build } from 'vite';
import { compressPage } from './compress.mjs';
import { builtName, copiedOf, entryOf } from './pages.mjs';
import { faceAliases, ledgerPlugins, pagePlugins } from './plugins.mjs';
import { buildWorker } from './worker.mjs';

/** `watch` of Vite, or null: while a page is worked on, it is built again whenever it changes, and nothing of it is kept or compressed. */
export async function buildPage(page, root, watch) {
  const { worker, thread, ledgers = false, into = '' } = page;
  const source = join(root, page.source);
  const output = join(root, page.output);
  // A half-written build must not look fresh.
  rmSync(join(output, builtName(page)), { force: true });
  await build({
    root: source,
    configFile: false,
    base: './',
    logLevel: 'warn',
    plugins: thread === undefined ? [preactPreset(), ...pagePlugins] : [],
    ...(ledgers ? { worker: { format: 'es', plugins: () => ledgerPlugins } } : {}),
    resolve: {
      conditions: ['source', 'module', ...(thread === undefined ? ['browser'] : []), 'development|production'],
      alias: faceAliases,
    },
    build: {
      outDir: output,
      emptyOutDir: true,
      target: 'es2022',
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      // The models' engine has half a megabyte.
      chunkSizeWarningLimit: 1_000,
      watch,
      ...library(page, join(source, entryOf(page))),
    },
  });
  mkdirSync(join(output, into), { recursive: true });
  for (const { from, as } of copiedOf(page)) copyFileSync(join(root, from), join(output, into, as));
  if (watch !== null) return;
  if (worker !== undefined) await buildWorker(source, output, worker);
  // Nobody fetches a thread.
  if (thread === undefined) await compressPage(output, join(root, '.cache/compressed'));
}

/** What is no page. */
function library({ module, thread }, entry) {
  if (module !== undefined) return { lib: { entry, formats: ['es'], fileName: module } };
  if (thread === undefined) return {};
  return {
    // CommonJS: what Emscripten has put into TensorFlow's WASM asks for `require` where it finds Node.
    lib: { entry, formats: ['cjs'], fileName: thread },
    rollupOptions: { external: [/^node:/, ...builtinModules] },
  };
}
