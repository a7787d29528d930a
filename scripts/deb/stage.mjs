// Lays out one package's files in an empty folder as they will lie on the machine: the application under /usr/lib/postern, its
// command, its units, users, folders and device rules. Every file gets its mode here, whatever the umask or the checkout had.
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { listNpmPackages } from './npm-packages.mjs';
import { isKept } from './pruning.mjs';

/** Fills `folder` and returns the application's folder in it and the npm packages that went along. */
export function stage({ root, folder, target }) {
  chmodSync(folder, 0o755);
  const application = join(folder, 'usr/lib/postern', target.workspace);
  const command = join('bin', target.workspace);
  copyWorkspace(join(root, target.workspace), application);
  copy(join(root, target.workspace, command), join(application, command), 0o755);
  makeFolder(join(folder, 'usr/bin'));
  symlinkSync(join('../lib/postern', target.workspace, command), join(folder, 'usr/bin', target.workspace));

  const npmPackages = listNpmPackages(root, target.workspace);
  for (const { name, source, destination } of npmPackages) {
    if (isOurs(source)) copyWorkspace(join(root, source), join(application, destination));
    else copyNpmPackage(name, join(root, source), join(application, destination));
  }
  copySystemFiles(join(root, 'systemd'), folder, target);
  return { application, bundled: npmPackages.filter(({ source }) => !isOurs(source)) };
}

const isOurs = (source) => !source.includes('node_modules/');

/** The file that Vite makes of a whole folder of sources, by the source that it begins at. */
const bundles = { 'index.html': 'index.html', 'thread.ts': 'thread.cjs' };
/** Sources whose build is a folder of its own, by the source. */
const ownFolders = { 'sdk/wallet.ts': 'wallet-sdk/wallet.js' };
/** Sources that are only built into bundles of others. */
const onlyBundled = ['shared/src/face-engine', 'shared/src/ui', 'gate-agent/src/handheld'];
/** Pages that a workspace serves and another one has the sources of. */
const pagesOfOthers = { 'cloud-sync': ['handheld'] };

/**
 * A workspace's manifest and build: the JavaScript of every source there is, nothing left over from older ones, its pages, the files of
 * threads that are one file, and contracts for a chain.
 */
function copyWorkspace(from, to) {
  copy(join(from, 'package.json'), join(to, 'package.json'));
  const contracts = join(from, 'contracts');
  if (existsSync(contracts))
    for (const path of filesIn(contracts).filter((file) => file.endsWith('.json')))
      copy(join(contracts, path), join(to, 'contracts', path));
  const bundled = new Map();
  for (const path of filesIn(join(from, 'src'))) {
    const folder = path.slice(0, path.indexOf('/'));
    const entry = Object.keys(bundles).find((name) => existsSync(join(from, 'src', folder, name)));
    if (onlyBundled.some((sources) => join(from, 'src', path).includes(`${sources}/`))) continue;
    if (entry !== undefined) bundled.set(folder, bundles[entry]);
    else if (/(?<!\.d)\.tsx?$/.test(path))
      copyBuilt(from, to, join('dist', ownFolders[path] ?? path.replace(/\.tsx?$/, '.js')));
  }
  for (const folder of pagesOfOthers[basename(from)] ?? []) bundled.set(folder, 'index.html');
  for (const [folder, built] of bundled) {
    copyBuilt(from, to, join('dist', folder, built));
    for (const path of filesIn(join(from, 'dist', folder))) copyBuilt(from, to, join('dist', folder, path));
  }
}

function copyBuilt(from, to, path) {
  if (!existsSync(join(from, path))) throw new Error(`${join(from, path)} has not been built: run npm run build`);
  copy(join(from, path), join(to, path));
}

function copyNpmPackage(name, from, to) {
  for (const path of filesIn(from)) if (isKept(name, path)) copy(join(from, path), join(to, path));
}

function copySystemFiles(from, folder, { name, units, udevRules, examples, users }) {
  for (const unit of units) {
    copy(join(from, unit), join(folder, 'usr/lib/systemd/system', unit));
    for (const [path] of readFileSync(join(from, unit), 'utf8').matchAll(/\/usr\/lib\/postern\/\S+/g)) {
      if (!existsSync(join(folder, path))) throw new Error(`${unit} names ${path}, which ${name} does not have`);
    }
  }
  for (const rules of udevRules) copy(join(from, rules), join(folder, 'usr/lib/udev/rules.d', rules));
  for (const example of examples) copy(join(from, example), join(folder, 'usr/share/doc', name, 'examples', example));
  // Both packages may be on one machine: each brings its own users and folders only.
  for (const kind of ['sysusers', 'tmpfiles']) {
    const lines = readFileSync(join(from, `postern.${kind}.conf`), 'utf8').split('\n');
    const own = lines.filter((line) =>
      users.some((user) => line.split(/\s+/).includes(kind === 'sysusers' ? user : `/var/lib/${user}`)),
    );
    if (own.length !== users.length)
      throw new Error(`postern.${kind}.conf has ${own.length} of the ${users.length} users of ${name}`);
    const path = join(folder, `usr/lib/${kind}.d/${name}.conf`);
    makeFolder(dirname(path));
    writeFile(path, `${own.join('\n')}\n`);
  }
}

/** Files under a folder as relative paths, sorted; what nested node_modules hold belongs to other packages. */
function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => !/(^|\/)node_modules\//.test(path))
    .toSorted();
}

export function writeFile(path, text, mode = 0o644) {
  writeFileSync(path, text);
  chmodSync(path, mode);
}

export function makeFolder(path) {
  const created = mkdirSync(path, { recursive: true });
  if (created === undefined) return;
  for (let at = path; at.length >= created.length; at = dirname(at)) chmodSync(at, 0o755);
}

function copy(from, to, mode = 0o644) {
  makeFolder(dirname(to));
  copyFileSync(from, to);
  chmodSync(to, mode);
}
