// Reads the workspaces' sources as text: which files there are, what each imports and what it says outside of comments.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface SourceFile {
  /** From the root of the repository, as `gate-agent/src/main.ts`. */
  readonly path: string;
  /** The text with comments blanked out. */
  readonly code: string;
  /** Every module named by an import, an export from, a dynamic import or a worker's URL; relative ones as paths from the root. */
  readonly imports: readonly string[];
  /** Those of `imports` that vanish when compiled. */
  readonly typeImports: readonly string[];
}

/** All TypeScript sources under a folder of the repository. */
export function readSources(folder: string): readonly SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => /\.tsx?$/.test(path) && !/(^|\/)(node_modules|dist)\//.test(path))
    .toSorted()
    .map((path) => parseSource(path, readFileSync(join(root, path), 'utf8')));
}

/** Parses one file's text; exported so that the rules' own test can show that they find what they look for. */
export function parseSource(path: string, text: string): SourceFile {
  const code = withoutComments(text);
  const named = (...patterns: readonly RegExp[]): string[] =>
    patterns
      .flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[1] ?? ''))
      .map((specifier) => fromRoot(path, specifier));
  const imports = named(...importPatterns);
  const times = (specifiers: readonly string[], specifier: string): number =>
    specifiers.filter((other) => other === specifier).length;
  const typeImports = named(typeImportPattern);
  return {
    path,
    code,
    imports,
    typeImports: typeImports.filter((specifier) => times(typeImports, specifier) === times(imports, specifier)),
  };
}

const typeImportPattern = /^\s*(?:import|export)\s+type\s[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/gm;
const importPatterns = [
  /^\s*(?:import|export)\s[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/gm,
  /^\s*import\s*['"]([^'"]+)['"]/gm,
  /\bimport\(\s*['"`]([^'"`]+)['"`]/g,
  /\brequire(?:\.resolve)?\(\s*['"`]([^'"`]+)['"`]/g,
  /\bnew URL\(\s*['"`](\.[^'"`]+\.[jt]s)['"`]\s*,\s*import\.meta\.url/g,
];

const fromRoot = (path: string, specifier: string): string =>
  specifier.startsWith('.') ? relative('.', join(dirname(path), specifier)) : specifier;

/** Blanks comments and keeps strings and template literals, so that neither `//` in a URL nor a commented import confuses. */
function withoutComments(text: string): string {
  const token = /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|\/\*[\s\S]*?\*\/|(?<![\\/[(])\/\/[^\n]*/g;
  return text.replace(token, (match, literal: string | undefined) => literal ?? match.replace(/[^\n]/g, ' '));
}
