// Which npm packages a workspace needs to run, read from package-lock.json alone and resolved as Node does: a folder's own
// node_modules first, then its parents'. The answer does not depend on what else is installed.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Needed to install or to type-check a dependency, never to run it. */
const isNeverLoaded = (name) =>
  name.startsWith('@types/') ||
  ['nan', 'node-addon-api', 'patch-package', 'prebuild-install', 'type-fest', 'usb'].includes(name);

/**
 * The packages under a workspace, as `{name, version, license, source, destination}` sorted by destination: `source` is the folder
 * in the repository, `destination` the folder in a tree whose top is the workspace. Our own workspaces are among them. Throws when
 * node_modules is not what the lock file says.
 */
export function listNpmPackages(root, workspace) {
  const locked = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const found = new Map();
  const waiting = [{ folder: workspace, destination: '' }];
  for (let from = waiting.pop(); from; from = waiting.pop()) {
    for (const { name, required } of dependenciesOf(locked[from.folder])) {
      const entry = resolve(locked, from.folder, name);
      if (entry === undefined || !isInstalled(root, locked, entry)) {
        if (required) throw new Error(`${name}, which ${from.folder} needs, is not installed: run npm ci`);
        continue;
      }
      const source = locked[entry].resolved && locked[entry].link ? locked[entry].resolved : entry;
      if (found.has(source)) continue;
      const destination = destinationOf({ locked, workspace, source, name });
      found.set(source, {
        name,
        version: locked[source].version,
        license: locked[source].license,
        source,
        destination,
      });
      waiting.push({ folder: source, destination });
    }
  }
  return withoutClashes([...found.values()]);
}

function dependenciesOf({
  dependencies = {},
  optionalDependencies = {},
  peerDependencies = {},
  peerDependenciesMeta = {},
}) {
  const peers = Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional);
  const names = new Set([...Object.keys(dependencies), ...Object.keys(optionalDependencies), ...peers]);
  return [...names]
    .filter((name) => !isNeverLoaded(name))
    .map((name) => ({ name, required: !(name in optionalDependencies) }));
}

/** The lock's entry that `name` means when it is imported from `folder`. */
function resolve(locked, folder, name) {
  for (let at = folder; ; at = parentOf(at)) {
    const entry = join(at, 'node_modules', name);
    if (entry in locked) return entry;
    if (at === '') return undefined;
  }
}

/** `a/node_modules/b` lies in `a`; a workspace and a package at the top lie in the root, the empty path. */
const parentOf = (folder) => folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')));

function isInstalled(root, locked, entry) {
  const { link, version, optional } = locked[entry];
  if (link) return true;
  const installed = versionIn(join(root, entry));
  if (installed === version || (installed === undefined && optional)) return installed !== undefined;
  throw new Error(`${entry} is ${installed ?? 'missing'} and not ${version} as in package-lock.json: run npm ci`);
}

function versionIn(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version;
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** What lies in a workspace goes with that workspace; what lies at the root goes to the top of the packed tree. */
function destinationOf({ locked, workspace, source, name }) {
  if (source.startsWith('node_modules/')) return source;
  if (source.startsWith(`${workspace}/`)) return source.slice(workspace.length + 1);
  const owner = source.split('/node_modules/')[0];
  if (source === owner) return join('node_modules', name);
  return join('node_modules', locked[owner].name, source.slice(owner.length + 1));
}

function withoutClashes(found) {
  const byDestination = new Map();
  for (const entry of found) {
    const other = byDestination.get(entry.destination);
    if (other) throw new Error(`${entry.source} and ${other.source} both belong at ${entry.destination}`);
    byDestination.set(entry.destination, entry);
  }
  return found.toSorted((a, b) => (a.destination < b.destination ? -1 : 1));
}
