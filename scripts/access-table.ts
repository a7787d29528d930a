// `npm run access-table`: writes the tables of endpoints and roles, and of limits, into cloud-sync/README.md from the code. With `--check`
// it only compares, and exits with 1 when the README says something else.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { accessTable, type AccessRow } from '../cloud-sync/src/routes/access.ts';
import { rateLimits, type RateLimit } from '../cloud-sync/src/services/rate-limits.ts';

/** The README with its table of endpoints brought up to date; undefined when it has no place for one. */
export const withAccessTable = (readme: string, table: readonly AccessRow[] = accessTable): string | undefined =>
  withTable(readme, 'access-table', [['endpoint', 'who', 'event', 'scope'], ...table.map(cells)]);

/** The same with its table of limits. */
export const withLimitsTable = (readme: string): string | undefined =>
  withTable(readme, 'limits-table', [
    ['limit', 'number', 'of', 'by', 'counted by', 'why'],
    ...Object.entries(rateLimits).map(limitCells),
  ]);

function withTable(
  readme: string,
  name: string,
  [head = [], ...rows]: readonly (readonly string[])[],
): string | undefined {
  const begin = `<!-- ${name}: written by npm run access-table -->`;
  const from = readme.indexOf(begin);
  const to = readme.indexOf(`<!-- ${name}: end -->`);
  if (from < 0 || to < from) return undefined;
  const lines = [head, head.map(() => '---'), ...rows].map((line) => `| ${line.join(' | ')} |`);
  return `${readme.slice(0, from + begin.length)}\n\n${lines.join('\n')}\n\n${readme.slice(to)}`;
}

function cells({ method, path, who, event, scope }: AccessRow): readonly string[] {
  const isAboutTicket = path.includes('/:ticket');
  const admitted = typeof who === 'string' ? who : who.join(', ').replace('steward, supervisor', 'staff');
  return [
    `\`${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}\``,
    isAboutTicket ? admitted.replace('attendee', 'attendee (own ticket)') : admitted,
    event === 'any' ? '' : 'own',
    scope === undefined ? '' : `\`${scope}\``,
  ];
}

function limitCells([name, limit]: [string, RateLimit]): readonly string[] {
  const number =
    'windowMs' in limit
      ? `${limit.max.toLocaleString('en')} a ${limit.windowMs === 60_000 ? 'minute' : `${limit.windowMs / 1_000} s`}`
      : `${limit.freeTries}, then waits from ${limit.firstWaitMs / 1_000} s to ${limit.longestWaitMs / 60_000} min`;
  return [`\`${name}\``, number, limit.counts, limit.by, limit.shared ? 'all processes' : 'each process', limit.why];
}

function main(): void {
  const path = fileURLToPath(new URL('../cloud-sync/README.md', import.meta.url));
  const readme = readFileSync(path, 'utf8');
  const wanted = withLimitsTable(withAccessTable(readme) ?? '');
  if (wanted === undefined) throw new Error(`${path} has no place for a table`);
  if (wanted === readme) return;
  if (process.argv.includes('--check')) {
    console.error('cloud-sync/README.md: a table is stale. Run: npm run access-table');
    process.exitCode = 1;
    return;
  }
  writeFileSync(path, wanted);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
