// Writes what dpkg wants to know about a staged tree: DEBIAN/control, md5sums, the maintainer scripts, and the copyright file.
import { createHash } from 'node:crypto';
import { copyFileSync, chmodSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nativeDependencies } from './native.mjs';
import { makeFolder, writeFile } from './stage.mjs';

const maintainer =
  process.env.DEBFULLNAME && process.env.DEBEMAIL
    ? `${process.env.DEBFULLNAME} <${process.env.DEBEMAIL}>`
    : 'Postern contributors <postern@localhost>';

export function writeControl({ folder, application, bundled, target, version, architecture }) {
  writeCopyright(folder, target, bundled);
  const files = entriesOf(folder);
  const engines = JSON.parse(readFileSync(join(application, 'package.json'), 'utf8')).engines.node;
  const depends = [...nativeDependencies(application, engines.replace('>=', '')), ...target.depends];
  const fields = [
    ['Package', target.name],
    ['Version', version],
    ['Architecture', architecture],
    ['Maintainer', maintainer],
    ['Installed-Size', installedKibibytes(folder, files)],
    ['Depends', depends.join(', ')],
    ['Recommends', target.recommends.join(', ')],
    ['Suggests', target.suggests.join(', ')],
    ['Section', 'misc'],
    ['Priority', 'optional'],
    ['Description', [target.summary, ...target.description].join('\n ')],
  ];
  makeFolder(join(folder, 'DEBIAN'));
  writeFile(
    join(folder, 'DEBIAN/control'),
    fields
      .filter(([, value]) => value !== '')
      .map(([name, value]) => `${name}: ${value}\n`)
      .join(''),
  );
  writeFile(join(folder, 'DEBIAN/md5sums'), checksums(folder, files));
  for (const script of ['postinst', 'prerm', 'postrm']) {
    copyFileSync(fileURLToPath(new URL(`${target.name}/${script}`, import.meta.url)), join(folder, 'DEBIAN', script));
    chmodSync(join(folder, 'DEBIAN', script), 0o755);
  }
}

function writeCopyright(folder, { name }, bundled) {
  makeFolder(join(folder, 'usr/share/doc', name));
  writeFile(
    join(folder, 'usr/share/doc', name, 'copyright'),
    [
      'Postern, Copyright its contributors, under the Apache License 2.0:',
      'see /usr/share/common-licenses/Apache-2.0.',
      '',
      'It brings these npm packages under their own licences, whose texts lie in',
      'their folders:',
      '',
      ...bundled.map((entry) => `${entry.name} ${entry.version} (${entry.license ?? 'see its package.json'})`),
      '',
    ].join('\n'),
  );
}

/** Everything under a folder but dpkg's own, sorted by path. */
function entriesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => ({ path: relative(folder, join(entry.parentPath, entry.name)), isFile: entry.isFile() }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

const checksums = (folder, entries) =>
  entries
    .filter(({ isFile }) => isFile)
    .map(
      ({ path }) =>
        `${createHash('md5')
          .update(readFileSync(join(folder, path)))
          .digest('hex')}  ${path}\n`,
    )
    .join('');

/** As dpkg-gencontrol counts: files in whole KiB, everything else as one. */
const installedKibibytes = (folder, entries) =>
  entries.reduce(
    (sum, { path, isFile }) => sum + (isFile ? Math.ceil(statSync(join(folder, path)).size / 1024) : 1),
    0,
  );
