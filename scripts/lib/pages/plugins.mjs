// What Vite does for our pages that it does not do by itself: Automerge only where ledgers are, zod without what no page uses of it, and what
// face-api asks for and does not declare.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** face-api imports packages that it does not declare: the sources of its engine have what it needs of them. */
export const faceAliases = [
  { find: /^@tensorflow\/tfjs\/dist\/index\.js$/, replacement: join(root, 'shared/src/face-engine/tfjs.ts') },
  {
    find: /^@tensorflow\/tfjs-backend-webgl\/dist\/index\.js$/,
    replacement: join(root, 'shared/src/face-engine/webgl.ts'),
  },
];

/**
 * No page works on ledgers but in a Web Worker, and what of shared it does not use falls away; but the WebAssembly of automerge would be put
 * beside it all the same. A page that did use it would not build.
 */
const withoutLedgers = {
  name: 'without-ledgers',
  enforce: 'pre',
  resolveId: (id) => (id === 'automerge' ? '\0without-ledgers' : null),
  load: (id) => (id === '\0without-ledgers' ? 'export {};' : null),
};

/**
 * Pages check by schemas and describe none: what would make JSON Schema of them, a tenth of the dashboard, is left out. What a schema says of
 * its own bounds stays, which zod keeps in the same file.
 */
const withoutJsonSchemas = {
  name: 'without-json-schemas',
  enforce: 'pre',
  resolveId: {
    filter: { id: /\/(?:to-json-schema|json-schema-processors)\.js$/ },
    async handler(id, importer = '') {
      if (!/[\\/]zod[\\/]v4[\\/]classic[\\/]schemas\.js$/.test(importer)) return null;
      const real = await this.resolve(id, importer, { skipSelf: true });
      return real === null ? null : `\0without:${real.id}`;
    },
  },
  load(id) {
    if (!id.startsWith('\0without:')) return null;
    const real = id.slice('\0without:'.length);
    const names = [...readFileSync(real, 'utf8').matchAll(/^export (?:const|function) (\w+)/gm)].map(
      ([, name]) => name,
    );
    return names
      .map((name) =>
        name === 'aggregateChecks'
          ? `export { ${name} } from ${JSON.stringify(real)};`
          : `export const ${name} = () => undefined;`,
      )
      .join('\n');
  },
};

/** The rules of our pages forbid to make code of texts, which zod tries wherever it is not told before its first schema. */
const withoutMakingCode = {
  name: 'without-making-code',
  transform(code, id) {
    if (!/[\\/]zod[\\/]v4[\\/]core[\\/]core\.js$/.test(id)) return null;
    return { code: `${code}\nglobalConfig.jitless = true;\n`, map: null };
  },
};

/**
 * What shared does when it is loaded is to make schemas, which a bundler cannot know to change nothing: without this, a page that takes one
 * list out of a file gets every schema in it, and zod.
 */
const withoutUnusedSchemas = {
  name: 'without-unused-schemas',
  transform: {
    filter: { id: /[\\/]shared[\\/]src[\\/][^?]*\.ts$/, code: /from ['"]zod['"]/ },
    handler(code) {
      const made = this.parse(code)
        .body.map((statement) => statement.declaration ?? statement)
        .flatMap(({ declarations = [] }) => declarations.map(({ init }) => init))
        .filter((init) => init?.type === 'CallExpression' || init?.type === 'ObjectExpression')
        .toReversed();
      for (const { start, end } of made)
        code = `${code.slice(0, start)}/* @__PURE__ */ (() => (${code.slice(start, end)}))()${code.slice(end)}`;
      return { code, map: null };
    },
  },
};

/** Automerge with its WebAssembly as a file of its own, fetched once: as text inside the code it would be a third larger. */
const withLedgers = {
  name: 'with-ledgers',
  enforce: 'pre',
  resolveId: (id) => (id === 'automerge' ? '\0with-ledgers' : null),
  load: (id) =>
    id === '\0with-ledgers'
      ? `import { initializeWasm } from 'automerge/slim';
         import wasm from ${JSON.stringify(join(root, 'node_modules/automerge/dist/automerge.wasm?url'))};
         await initializeWasm(wasm);
         export * from 'automerge/slim';`
      : null,
};

/** Of every page. */
export const pagePlugins = [withoutLedgers, withoutUnusedSchemas, withoutJsonSchemas, withoutMakingCode];

/** Of a Web Worker that works on ledgers. */
export const ledgerPlugins = [withLedgers, withoutUnusedSchemas, withoutJsonSchemas, withoutMakingCode];
