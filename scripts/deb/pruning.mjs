// Which files of an npm package a running gate or cloud never opens. Rules by name are few and careful; the large packages say
// what to keep. `checkImports` afterwards loads every package from the pruned tree, so a rule that goes too far does not ship.

/** Folders at the top of a package that are for its developers. */
const developersFolders = /^(tests?|__tests__|fixtures|docs?|examples?|benchmarks?|coverage|man)\//;
/** Types, maps, texts and settings; licences stay, whatever they are called. */
const developersFiles =
  /(\.(map|[cm]?tsx?|md|markdown|flow|ya?ml|html|ico|sh|tsbuildinfo)|(^|\/)(tsconfig[^/]*\.json|[^/]+\.config\.[cm]?js|CNAME))$/i;
const licence = /^(licen[cs]e|copying|notice|copyright)/i;

/** What is kept of packages that carry C sources, or the same code once for every kind of bundler. */
const kept = {
  '@pokusew/pcsclite': /^(lib\/|build\/Release\/pcsclite\.node$)/,
  '@serialport/bindings-cpp': /^(dist\/|prebuilds\/linux-(arm|arm64|x64)\/)/,
  '@stoprocent/bluetooth-hci-socket': /^(index\.js|lib\/|prebuilds\/linux-(arm|arm64|x64)\/)/,
  '@stoprocent/noble': /^(index\.js$|lib\/.*\.js(on)?$)/,
  automerge: /^dist\/mjs\/(?!wasm_bindgen_output\/(?!nodejs\/|web\/automerge_wasm\.js$))/,
  'better-sqlite3': /^(lib\/|build\/Release\/better_sqlite3\.node$)/,
  'better-sqlite3-multiple-ciphers': /^(lib\/|build\/Release\/better_sqlite3\.node$)/,
  kysely: /^dist\/(?!cjs\/)/,
  libsodium: /^dist\/modules-esm\//,
  'libsodium-wrappers': /^dist\/modules-esm\//,
  'node-hid': /^(nodehid\.js|binding-options\.js|prebuilds\/HID_hidraw-linux-(arm|arm64|x64)\/)/,
  ox: /^_esm\//,
  'unix-dgram': /^(lib\/|build\/Release\/unix_dgram\.node$)/,
  viem: /^_esm\//,
  'zxing-wasm': /^dist\/(es\/(?!(full|writer)\/)|reader\/)/,
};

/** Whether `path`, relative to the folder of the package `name`, is packed. */
export function isKept(name, path) {
  const file = path.slice(path.lastIndexOf('/') + 1);
  if (path === 'package.json' || licence.test(file)) return true;
  if (path.split('/').some((part) => part.startsWith('.'))) return false;
  if (developersFolders.test(path) || developersFiles.test(path)) return false;
  return kept[name]?.test(path) ?? true;
}
