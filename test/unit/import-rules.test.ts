// Who may import whom, and what may stand in which file, asserted from the real sources.
import { builtinModules } from 'node:module';
import { describe, expect, test } from 'vitest';
import { parseSource, readSources, type SourceFile } from '../support/sources.ts';

const shared = readSources('shared/src');
const agent = readSources('gate-agent/src');
const cloud = readSources('cloud-sync/src');
const scripts = readSources('scripts');
const workspaces = [...shared, ...agent, ...cloud];
const everything = [...workspaces, ...scripts, ...readSources('test')];

/** Native or heavy packages, each behind one file of a workspace, so that it can be replaced there. */
const onePlacePackages = [
  '@stoprocent/noble',
  '@vladmandic/face-api',
  'automerge',
  'better-sqlite3',
  'better-sqlite3-multiple-ciphers',
  'bonjour-service',
  'cborg',
  'jose',
  'libsodium-wrappers',
  'node-hid',
  'nfc-pcsc',
  'openid-client',
  'pg',
  'prom-client',
  'viem',
  'zxing-wasm',
];

/** Modules of a gate that talk to one kind of device each; only their folder's `open.ts` knows them all. */
const devices =
  /^gate-agent\/src\/(readers|actuators)\/(ble|camera|gpio|hid|hid-relay|nfc|none|serial|simulated|stdin)\.ts$/;

const isOurs = (specifier: string): boolean => specifier.startsWith('@postern/') || isPath(specifier);
const isPath = (specifier: string): boolean => /^(shared|gate-agent|cloud-sync|scripts|test)\//.test(specifier);
const isNode = (specifier: string): boolean => specifier.startsWith('node:') || builtinModules.includes(specifier);
const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
/** Its index; and what is built into the file of whoever imports it: the models for faces, and what screens are made of. */
const isShared = (specifier: string): boolean =>
  /^@postern\/shared(\/face-engine|\/ui(\/[a-z]+\.css)?)?$/.test(specifier);
/** What runs in a browser and draws. */
const isScreen = (path: string): boolean =>
  /^(shared\/src\/ui|gate-agent\/src\/(display|desk|handheld)|cloud-sync\/src\/(dashboard|face|my-ticket)|scripts\/demo\/page)\//.test(
    path,
  );
const folderOf = (path: string): string => path.split('/').slice(0, 3).join('/');

/** `file -> import` for every import that `isForbidden` says must not be. */
const forbidden = (
  files: readonly SourceFile[],
  isForbidden: (specifier: string, path: string, typeOnly: boolean) => boolean,
): string[] =>
  files.flatMap(({ path, imports, typeImports }) =>
    imports
      .filter((specifier) => isForbidden(specifier, path, typeImports.includes(specifier)))
      .map((specifier) => `${path} -> ${specifier}`),
  );

/** Files whose code matches, but for those that may. */
const saying = (files: readonly SourceFile[], pattern: RegExp, mayIn: RegExp): string[] =>
  files.filter(({ path, code }) => pattern.test(code) && !mayIn.test(path)).map(({ path }) => path);

describe('workspaces', () => {
  test('there are sources to judge', () => {
    for (const files of [shared, agent, cloud, scripts]) expect(files.length).toBeGreaterThan(3);
    expect(workspaces.flatMap(({ imports }) => imports).filter(isPath).length).toBeGreaterThan(50);
  });

  test('shared imports nothing of ours and nothing of Node', () => {
    const isForeign = (specifier: string): boolean =>
      isNode(specifier) || (isOurs(specifier) && !specifier.startsWith('shared/src/'));
    expect(forbidden(shared, isForeign)).toEqual([]);
  });

  test('gate-agent and cloud-sync import only the index of shared, and never each other', () => {
    const leaves = (specifier: string, path: string): boolean =>
      isOurs(specifier) && !isShared(specifier) && !specifier.startsWith(`${path.split('/')[0]}/src/`);
    expect(forbidden([...agent, ...cloud], leaves)).toEqual([]);
  });

  test('what runs in a phone reaches nothing of Node, in whichever folder it lies', () => {
    const byPath = new Map(agent.map((file) => [file.path, file]));
    const reached = new Set(
      agent.map(({ path }) => path).filter((path) => path.startsWith('gate-agent/src/handheld/')),
    );
    for (const path of reached) {
      const { imports = [], typeImports = [] } = byPath.get(path) ?? {};
      for (const specifier of imports)
        if (byPath.has(specifier) && !typeImports.includes(specifier)) reached.add(specifier);
    }
    expect([...reached].some((path) => path.startsWith('gate-agent/src/peers/'))).toBe(true);
    const files = [...reached].flatMap((path) => byPath.get(path) ?? []);
    expect(forbidden(files, (specifier, _, typeOnly) => isNode(specifier) && !typeOnly)).toEqual([]);
  });

  test('no source depends on a script or a test', () => {
    expect(forbidden(workspaces, (specifier) => /^(scripts|test)\//.test(specifier))).toEqual([]);
    expect(forbidden(scripts, (specifier) => specifier.startsWith('test/'))).toEqual([]);
  });

  test('a unit test starts no program and no thread', () => {
    const startsProcess = (specifier: string): boolean =>
      /^node:(child_process|worker_threads|cluster)$/.test(specifier);
    const starters = workspaces.filter(({ imports }) => imports.some(startsProcess)).map(({ path }) => path);
    expect(starters.length).toBeGreaterThan(0);
    const starts = (specifier: string, _: string, typeOnly: boolean): boolean =>
      !typeOnly && (startsProcess(specifier) || starters.includes(specifier));
    expect(forbidden(readSources('test/unit'), starts)).toEqual([]);
  });

  test('relative imports name the file with its ending', () => {
    expect(
      forbidden(
        everything,
        (specifier) => isPath(specifier) && !/\.(ts|tsx|mjs|js|css|json|svg|html|png)$|\/$/.test(specifier),
      ),
    ).toEqual([]);
  });
});

describe('adapters', () => {
  test('one device never imports another', () => {
    expect(
      forbidden(
        agent.filter(({ path }) => devices.test(path)),
        (specifier) => devices.test(specifier),
      ),
    ).toEqual([]);
  });

  test('an adapter folder of the gate imports no other, but the database driver, and pages the types of the API and the display’s parts', () => {
    const isAdapter = /^gate-agent\/src\/(readers|actuators|store|replication|local-api|display|desk|handheld)\//;
    // The replication thread has databases and a composition root of its own.
    const isThreadRoot = (path: string): boolean => path === 'gate-agent/src/replication/engine.ts';
    const isPage = /^gate-agent\/src\/(display|desk|handheld)\//;
    // Every page keeps the same contact with its gate and draws the same symbols.
    const isPagePart = /^gate-agent\/src\/display\/(connection|symbols)\.tsx?$/;
    // The handheld is a gate: it reads codes and words what happens at its lane by the same pure code.
    const isPurePart = /^gate-agent\/src\/(readers\/read-codes|local-api\/display-view)\.ts$/;
    const crosses = (specifier: string, path: string, typeOnly: boolean): boolean =>
      isAdapter.test(specifier) &&
      folderOf(specifier) !== folderOf(path) &&
      specifier !== 'gate-agent/src/store/database.ts' &&
      !(isPage.test(path) && isPagePart.test(specifier)) &&
      !(path.startsWith('gate-agent/src/handheld/page/') && isPurePart.test(specifier)) &&
      !(typeOnly && isPage.test(path) && specifier.startsWith('gate-agent/src/local-api/'));
    expect(
      forbidden(
        agent.filter(({ path }) => isAdapter.test(path) && !isThreadRoot(path)),
        crosses,
      ),
    ).toEqual([]);
  });

  test('the composition root is imported by the command line only', () => {
    const isRoot = /^(gate-agent|cloud-sync)\/src\/(main|cli|composition\/[^/]+)\.ts$/;
    const isCommandLine = /^(gate-agent|cloud-sync)\/src\/(cli|commands\/run)\.ts$/;
    expect(
      forbidden(
        workspaces.filter(({ path }) => !isRoot.test(path) && !isCommandLine.test(path)),
        (specifier) => isRoot.test(specifier),
      ),
    ).toEqual([]);
  });

  test('in the cloud, the store knows no service and neither knows a route', () => {
    const rank = (path: string): number => ['store', 'services', 'routes'].indexOf(path.split('/')[2] ?? '');
    const climbs = (specifier: string, path: string): boolean =>
      specifier.startsWith('cloud-sync/src/') && rank(specifier) > rank(path);
    expect(
      forbidden(
        cloud.filter(({ path }) => rank(path) >= 0),
        climbs,
      ),
    ).toEqual([]);
  });
});

describe('packages', () => {
  test.each(onePlacePackages)('%s appears in at most one file of a workspace', (name) => {
    for (const files of [shared, agent, cloud]) {
      const users = files.filter(({ imports }) => imports.some((specifier) => packageOf(specifier) === name));
      expect(users.map(({ path }) => path).slice(1)).toEqual([]);
    }
  });

  test('automerge stays in the ledger and libsodium in crypto', () => {
    const users = (name: string): string[] =>
      workspaces
        .filter(({ imports }) => imports.some((specifier) => packageOf(specifier) === name))
        .map(({ path }) => path);
    expect(users('automerge')).toEqual(['shared/src/ledger.ts']);
    expect(users('libsodium-wrappers')).toEqual(['shared/src/crypto.ts']);
  });

  test('preact draws screens and is in nothing else, and the index of shared reaches no screen', () => {
    const isPreact = (specifier: string): boolean => /^(preact$|preact\/|@preact\/signals)/.test(specifier);
    expect(forbidden(workspaces, (specifier, path) => isPreact(specifier) && !isScreen(path))).toEqual([]);
    expect(forbidden([...workspaces, ...scripts], isPreact).length).toBeGreaterThan(20);
    const isUi = (specifier: string): boolean => /^(shared\/src|@postern\/shared)\/ui(\/|$)/.test(specifier);
    expect(forbidden(everything, (specifier, path) => isUi(specifier) && !isScreen(path))).toEqual([]);
  });
});

describe('surroundings', () => {
  test('the environment is read in config files only', () => {
    expect(saying(workspaces, /\bprocess\.env\b/, /\/config(-[a-z]+)?\.ts$/)).toEqual([]);
  });

  test('time and chance are read only where a Clock or a Random is constructed', () => {
    const clockOrChance =
      /\bDate\.now\b|\bnew Date\(\s*\)|\bMath\.random\b|\bperformance\.now\b|\bhrtime\b|\brandom(?:UUID|Bytes|Int)\b|\bgetRandomValues\b/;
    expect(
      saying(
        workspaces,
        clockOrChance,
        /^(gate-agent|cloud-sync)\/src\/(system\.ts|handheld\/core\/browser-system\.ts|(display|desk|handheld|dashboard|my-ticket)\/main\.tsx)$/,
      ),
    ).toEqual([]);
  });

  test('no source names a path of one machine', () => {
    expect(saying(everything, /['"`](?:file:\/\/)?\/(?:tmp|root|home|work|mnt)\/[\w.]/, /^$/)).toEqual([]);
  });

  test('no error is silenced', () => {
    expect(saying(everything, /\bas any\b/, /import-rules\.test\.ts$/)).toEqual([]);
    const silenced = new RegExp(['@ts-', '(ignore|nocheck)'].join(''));
    expect(saying(everything, silenced, /^$/)).toEqual([]);
  });
});

describe('the rules themselves', () => {
  test('find every way of importing and ignore comments', () => {
    const { imports, typeImports } = parseSource(
      'gate-agent/src/readers/a.ts',
      [
        "import { a } from './b.ts';",
        "export type {\n  C,\n} from '../c.ts';",
        "import 'd';",
        "const e = await import('e/f');",
        "new Worker(new URL('./g.ts', import.meta.url));",
        "// import h from 'h';",
        "/* import i from 'i'; */ const url = 'http://j';",
        "import type { K } from 'd';",
      ].join('\n'),
    );
    expect(typeImports).toEqual(['gate-agent/src/c.ts']);
    expect(imports).toEqual([
      'gate-agent/src/readers/b.ts',
      'gate-agent/src/c.ts',
      'd',
      'd',
      'e/f',
      'gate-agent/src/readers/g.ts',
    ]);
  });
});
