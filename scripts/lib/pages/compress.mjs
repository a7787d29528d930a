// Compresses a built page's files by brotli, as small as it goes, which takes too long for a service that is asked for one. Most of a handheld
// is WebAssembly of packages, which takes longest and hardly ever changes: what became of it is kept by its content.
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';

/** Pictures are as small as they get. */
const shrinking = new Set(['.html', '.js', '.css', '.svg', '.json', '.webmanifest', '.wasm', '.bin']);

/** Puts a `….br` beside each file in the folder that brotli makes smaller. */
export async function compressPage(folder, cache) {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    shrinking.has(extname(name)),
  );
  await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      if (extname(name) === '.wasm') return copyFileSync(await keptOf(path, cache), `${path}.br`);
      // Of models, which are numbers, the best would leave a thirtieth less and take half a minute.
      const quality = extname(name) === '.bin' ? 5 : constants.BROTLI_MAX_QUALITY;
      writeFileSync(`${path}.br`, await compressed(readFileSync(path), quality));
    }),
  );
}

async function keptOf(path, cache) {
  const bytes = readFileSync(path);
  const kept = join(cache, `${createHash('sha256').update(bytes).digest('hex')}.br`);
  if (existsSync(kept)) return kept;
  mkdirSync(cache, { recursive: true });
  // Whole or not at all, whoever else builds.
  const written = `${kept}.${process.pid}`;
  writeFileSync(written, await compressed(bytes, constants.BROTLI_MAX_QUALITY));
  renameSync(written, kept);
  return kept;
}

const compressed = (bytes, quality) =>
  promisify(brotliCompress)(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: quality,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
