// What compiled addons demand of the machine, read from the symbols they name: the C and C++ libraries they were linked against,
// and, unless they use Node-API, the one major version of Node that they were compiled for.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Symbol versions of libstdc++ and the release of GCC that brought them: gcc.gnu.org, libstdc++ manual, "ABI policy". */
const gccReleases = { 29: 11, 30: 12, 31: 13, 32: 13, 33: 14, 34: 15 };

/** Debian dependencies for Node and for the addons under `application`; `minimum` is the lowest Node release for our own code. */
export function nativeDependencies(application, minimum) {
  const addons = readdirSync(application, { recursive: true })
    .filter((path) => path.endsWith('.node'))
    .map((path) => readFileSync(join(application, path), 'latin1'));
  const libc = highest(addons, /\bGLIBC_2\.(\d+)/g);
  const libstdcxx = highest(addons, /\bGLIBCXX_3\.4\.(\d+)/g);
  return [
    ...nodeDependencies(addons, minimum),
    ...(libc === undefined ? [] : [`libc6 (>= 2.${libc})`]),
    ...(libstdcxx === undefined
      ? []
      : [libstdcxx in gccReleases ? `libstdc++6 (>= ${gccReleases[libstdcxx]})` : 'libstdc++6']),
  ];
}

function nodeDependencies(addons, minimum) {
  const abi = highest(addons, /\bnode_register_module_v(\d+)/g);
  if (abi === undefined) return [`nodejs (>= ${minimum})`];
  if (abi !== Number(process.versions.modules)) {
    throw new Error(
      `an addon was compiled for another Node (ABI ${abi}, this one is ${process.versions.modules}): run npm rebuild`,
    );
  }
  const major = Number(process.versions.node.split('.')[0]);
  const from = major > Number(minimum.split('.')[0]) ? `${major}` : minimum;
  return [`nodejs (>= ${from})`, `nodejs (<< ${major + 1}~)`];
}

/** The highest number that a pattern finds in any of the texts. */
function highest(texts, pattern) {
  const numbers = texts.flatMap((text) => [...text.matchAll(pattern)].map((match) => Number(match[1])));
  return numbers.length === 0 ? undefined : Math.max(...numbers);
}
