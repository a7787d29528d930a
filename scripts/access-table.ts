// `npm run access-table`: writes the table of endpoints and roles into cloud-sync/README.md from the authorisation table. With
// `--check` it only compares, and exits with 1 when the README says something else.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { accessTable, type AccessRow } from '../cloud-sync/src/routes/access.ts';

const begin = '<!-- access-table: written by npm run access-table -->';
const end = '<!-- access-table: end -->';

/** The README with its table brought up to date; undefined when it has no place for one. */
export function withAccessTable(readme: string, table: readonly AccessRow[] = accessTable): string | undefined {
  const from = readme.indexOf(begin);
  const to = readme.indexOf(end);
  if (from < 0 || to < from) return undefined;
  return `${readme.slice(0, from + begin.length)}\n\n${renderTable(table)}\n\n${readme.slice(to)}`;
}

function renderTable(table: readonly AccessRow[]): string {
  const lines = [['endpoint', 'who', 'event', 'scope'], ['---', '---', '---', '---'], ...table.map(cells)];
  return lines.map((line) => `| ${line.join(' | ')} |`).join('\n');
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

function main(): void {
  const path = fileURLToPath(new URL('../cloud-sync/README.md', import.meta.url));
  const readme = readFileSync(path, 'utf8');
  const wanted = withAccessTable(readme);
  if (wanted === undefined) throw new Error(`${path} has no ${begin}`);
  if (wanted === readme) return;
  if (process.argv.includes('--check')) {
    console.error('cloud-sync/README.md: the table of endpoints and roles is stale. Run: npm run access-table');
    process.exitCode = 1;
    return;
  }
  writeFileSync(path, wanted);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
