// Proves that a packed application is whole: everything that its code imports loads from the packed tree alone.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** No name of a package has a blank, or is put together: what stands between two quoted words of another text may be. */
const imported = /(?:\bfrom|\bimport|\bimport\()\s*['"]([^'"\s.$][^'"\s$]*)['"]/g;
const resolved = /\brequire\.resolve\(\s*['"]([^'"]+)['"]/g;

/** Runs inside the application's folder, so that bare names mean what they mean to the code there. */
const loader = `
const { imports, files } = JSON.parse(process.argv[1]);
const { createRequire } = await import('node:module');
for (const name of imports) await import(name);
for (const name of files) createRequire(process.cwd() + '/').resolve(name);
process.exit(0);
`;

/** Throws with Node's own words when a package or a file that the application names cannot be loaded. */
export function checkImports(application) {
  const code = ['dist', 'node_modules/@postern'].flatMap((folder) => javaScriptIn(join(application, folder)));
  const named = (pattern) => [...new Set(code.flatMap((text) => [...text.matchAll(pattern)].map((match) => match[1])))];
  const imports = named(imported).filter((name) => !name.startsWith('node:') && !isLeftOut(application, name));
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', loader, JSON.stringify({ imports, files: named(resolved) })],
    { cwd: application, encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`what is packed in ${application} does not load\n${stderr}`);
}

/** Drivers of devices are optional: one that could not be compiled on this machine is not in the package, and `doctor` says so. */
function isLeftOut(application, name) {
  const { optionalDependencies = {} } = JSON.parse(readFileSync(join(application, 'package.json'), 'utf8'));
  return name in optionalDependencies && !existsSync(join(application, 'node_modules', name));
}

/** The texts of the JavaScript files under a folder, without those for browsers. */
function javaScriptIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(
      (entry) =>
        entry.isFile() &&
        entry.name.endsWith('.js') &&
        !/\/assets$|\/node_modules\/(?!@postern\/)/.test(entry.parentPath),
    )
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
}
