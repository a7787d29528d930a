// `cloud-sync move`: takes a SQLite deployment to PostgreSQL, with the files of its feed, and shows the proof that nothing was lost.
import { dirname, join } from 'node:path';
import { defineCommand } from 'citty';
import { Presets, SingleBar } from 'cli-progress';
import { readConfig } from '../config.ts';
import { createFeedFiles } from '../services/feed-files.ts';
import { explainMissing, isPostgresUrl, openDatabase, redactUrl, type Database } from '../store/database.ts';
import { createFeedParts } from '../store/feed-parts.ts';
import { moveDatabase, type Moved, type MoveError, type MoveProgress } from '../store/move.ts';
import { createSystem } from '../system.ts';

export const moveCommand = defineCommand({
  meta: { name: 'move', description: 'Move a deployment from SQLite to PostgreSQL, and prove that both are equal' },
  args: {
    from: {
      type: 'string',
      required: true,
      description: 'The deployment to move; stop it first',
      valueHint: 'sqlite:FILE',
    },
    database: {
      type: 'string',
      description: 'An empty database to move to (default: POSTERN_CLOUD_DATABASE, which no list of processes shows)',
      valueHint: 'postgres://USER:PASSWORD@HOST/DATABASE',
    },
    data: { type: 'string', description: 'Folder of its feed files (default: beside the database)', valueHint: 'DIR' },
  },
  run: async ({ args }) => {
    const config = readConfig({ database: args.database });
    if (!config.ok) fail(config.error.problems.join('\n'));
    const to = config.value.database;
    if (!/^sqlite:./.test(args.from) || !isPostgresUrl(to))
      fail('moves --from sqlite:FILE to --database postgres://USER:PASSWORD@HOST/DATABASE.');
    const absent = explainMissing(args.from);
    if (absent !== undefined) fail(absent);
    const source = open(args.from);
    const target = open(to);
    const shown = showProgress();
    const moved = await moveDatabase(source, target, shown.progress);
    shown.stop();
    if (!moved.ok) fail(`${explain(moved.error)} Nothing was moved to ${redactUrl(to)}.`);
    const folder = args.data ?? dirname(args.from.slice('sqlite:'.length));
    const missing = await shareFeedFiles(target, folder);
    await Promise.all([source.destroy(), target.destroy()]);
    print(moved.value);
    if (missing > 0)
      console.log(
        `${missing} files of the feed are not in ${folder}: publish each event anew with feed publish --snapshot.`,
      );
    console.log(
      `Everything of ${args.from} is in ${redactUrl(to)}. Give its processes the key in ${join(folder, 'master.key')}.`,
    );
  },
});

function open(url: string): Database {
  const opened = openDatabase(url);
  return opened.ok ? opened.value : fail(`cannot use ${redactUrl(url)}: ${JSON.stringify(opened.error)}`);
}

/** Files that gates may still fetch go into the database, where every process finds them; answers how many are not there. */
async function shareFeedFiles(target: Database, folder: string): Promise<number> {
  const files = createFeedFiles(join(folder, 'feed'), createSystem().random, createFeedParts(target));
  let missing = 0;
  for (const { sha256 } of await target.selectFrom('feed_file').select('sha256').execute())
    if (!(await files.share(sha256))) missing += 1;
  return missing;
}

function print({ tables, histories }: Moved): void {
  for (const { table, rows, hash } of tables) console.log(`${table}\t${rows} rows\t${hash}`);
  for (const [event, hash] of histories) console.log(`history of event ${event}\t${hash}`);
}

/** A bar on a terminal, nothing elsewhere. */
function showProgress(): { readonly progress: MoveProgress; readonly stop: () => void } {
  const bar = new SingleBar(
    { format: '{bar} {table} {value}/{total} rows', noTTYOutput: false },
    Presets.shades_classic,
  );
  if (process.stderr.isTTY) bar.start(0, 0, { table: '' });
  return {
    progress: (table, rows, total) => {
      bar.setTotal(total);
      bar.update(rows, { table });
    },
    stop: () => bar.stop(),
  };
}

function explain(error: MoveError): string {
  switch (error.type) {
    case 'source-outdated':
      return `The source is older than this program: run cloud-sync migrate on it first (${error.migrations.join(', ')}).`;
    case 'target-not-empty':
      return `The target is not empty (table ${error.table}): take a new database.`;
    case 'not-equal':
      return `The copy is not equal: ${error.what}.`;
    case 'database-newer':
      return `A newer cloud-sync has changed a database (${error.migrations.join(', ')}): install that version.`;
    case 'database-unusable':
      return `A database failed: ${error.cause}.`;
  }
}

function fail(message: string): never {
  console.error(`cloud-sync: ${message}`);
  process.exit(2);
}
