// Builds a page's service worker: it keeps the page for when there is no network, so it is made when all else of the page is there.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';

/** One plain script beside the page's index.html, with the list of what the page consists of, and a name for just that. */
export async function buildWorker(source, folder, worker) {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => statSync(join(folder, name)).isFile() && name !== `${worker}.js`)
    .toSorted();
  const hash = createHash('sha256');
  for (const name of files) hash.update(`${name}\0`).update(readFileSync(join(folder, name)));
  await build({
    root: source,
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
        entry: join(source, `${worker}.ts`),
        formats: ['iife'],
        name: 'worker',
        fileName: () => `${worker}.js`,
      },
    },
  });
}
