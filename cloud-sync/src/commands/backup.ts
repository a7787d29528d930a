// `cloud-sync backup FILE` copies the database as it is now, also while the service runs; `cloud-sync restore FILE` makes a deployment of such
// a copy on a machine that has none. Both say what to do when they cannot.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Result } from '@postern/shared';
import { defineCommand, type CommandDef } from 'citty';
import type { SingleBar } from 'cli-progress';
import type { Config } from '../config.ts';
import { systemActor, type AuditRecord } from '../services/audit.ts';
import type { FaceSetups } from '../services/face-setup.ts';
import type { Feed } from '../services/feed.ts';
import { backupSqlite, restoreSqlite, type BackupError } from '../store/backup.ts';
import { explainMissing, isPostgresUrl } from '../store/database.ts';
import { placeArguments } from './command-tools.ts';

/** A gate takes no version of the feed below the one it has: so many may have been published after the backup, one a second for eleven days. */
export const versionsSkipped = 1_000_000;

/** What a restored deployment is asked for. */
interface RestoredCloud {
  readonly feed: Pick<Feed, 'publishAll'>;
  readonly recordAlone: (entry: AuditRecord) => Promise<void>;
  readonly faceSetups: Pick<FaceSetups, 'endAfterRestore'>;
  readonly close: () => Promise<void>;
}

export interface BackupTools<E extends { readonly type: string }> {
  readonly open: (config: Config) => Promise<Result<RestoredCloud, E>>;
  /** The value, or a message and exit code 2. */
  readonly readSettings: (args: {
    readonly data?: string | undefined;
    readonly database?: string | undefined;
  }) => Config;
  readonly explain: (error: E) => string;
  /** A message and exit code 2. */
  readonly fail: (message: string) => never;
  /** A bar on a terminal, nothing elsewhere. */
  readonly startProgress: (total: number, what: string) => SingleBar;
}

const sharedArguments = {
  data: placeArguments.data,
  database: { type: 'string', description: 'sqlite:FILE (default: cloud.db in the data folder)', valueHint: 'URL' },
} as const;
const backupArguments = {
  file: { type: 'positional', required: true, description: 'The backup; must not exist', valueHint: 'FILE' },
  ...sharedArguments,
} as const;
const restoreArguments = {
  file: { type: 'positional', required: true, description: 'The backup', valueHint: 'FILE' },
  ...sharedArguments,
} as const;

export const createBackupCommand = <E extends { readonly type: string }>({
  readSettings,
  fail,
  startProgress,
}: BackupTools<E>): CommandDef<typeof backupArguments> =>
  defineCommand({
    meta: { name: 'backup', description: 'Copy the database as it is now, also while the service runs' },
    args: backupArguments,
    run: async ({ args }) => {
      const { database } = readSettings(args);
      if (isPostgresUrl(database)) fail(postgresText('backup', 'pg_dump --format=custom --file=FILE URL'));
      const missing = explainMissing(database);
      if (missing !== undefined) fail(missing);
      const bar = startProgress(0, 'pages');
      const made = await backupSqlite(pathOf(database), args.file, (done, total) => {
        bar.setTotal(total);
        bar.update(done);
      });
      bar.stop();
      if (!made.ok) return fail(explainBackup(made.error, 'Name another file.'));
      console.log(`${made.value.file}\t${made.value.bytes} bytes, checked`);
      console.error('cloud-sync: keep master.key too, but apart from it: together they sign tickets.');
    },
  });

export const createRestoreCommand = <E extends { readonly type: string }>({
  open,
  readSettings,
  explain,
  fail,
}: BackupTools<E>): CommandDef<typeof restoreArguments> =>
  defineCommand({
    meta: { name: 'restore', description: 'Make a deployment of a backup, where there is none' },
    args: restoreArguments,
    run: async ({ args }) => {
      const config = readSettings(args);
      if (isPostgresUrl(config.database))
        fail(postgresText('restored', 'createdb, then pg_restore --no-owner --dbname=URL FILE'));
      const hasKey =
        config.masterKey !== undefined ||
        config.masterKeyFile !== undefined ||
        existsSync(join(config.data, 'master.key'));
      if (!hasKey)
        fail(
          `there is no master key. Bring back the one that belongs to the backup, as ${join(config.data, 'master.key')} or by POSTERN_CLOUD_MASTER_KEY_FILE: without it the keys in the backup open for nobody.`,
        );
      let published: readonly number[] = [];
      let faces = 0;
      const restored = await restoreSqlite<E>(args.file, pathOf(config.database), async (partial) => {
        const opened = await open({ ...config, database: `sqlite:${partial}` });
        if (!opened.ok) return opened.error;
        const { feed, recordAlone, faceSetups, close } = opened.value;
        faces = await faceSetups.endAfterRestore();
        const details = faces === 0 ? {} : { faces };
        await recordAlone({ action: 'backup-restored', actor: systemActor, details });
        published = await feed.publishAll({ snapshot: true, skipping: versionsSkipped });
        await close();
        return undefined;
      });
      if (!restored.ok) {
        const { error } = restored;
        if (!isBackupError(error)) return fail(explain(error));
        const elsewhere = `To restore in its place, stop the service and move ${dirname(pathOf(config.database))} away first.`;
        return fail(explainBackup(error, elsewhere));
      }
      console.log(`${restored.value.file}\t${restored.value.bytes} bytes`);
      const events = published.length === 0 ? 'No event had a feed.' : `Published event ${published.join(', ')} anew.`;
      if (faces > 0)
        console.log(
          `Erased ${faces} faces: who has withdrawn since the backup must not come back. People enrol again.`,
        );
      console.log(`${events} Start the service; gates follow, and bring what they have seen since the backup.`);
    },
  });

const pathOf = (database: string): string => database.slice('sqlite:'.length);
const postgresText = (what: string, command: string): string =>
  `a PostgreSQL database is ${what === 'backup' ? 'backed up' : what} with its own tools: ${command}; see "Backup" in the README.`;

const backupErrorTypes: readonly string[] = [
  'file-exists',
  'folder-missing',
  'disk-full',
  'copy-damaged',
  'not-a-backup',
  'backup-newer',
  'backup-failed',
] satisfies readonly BackupError['type'][];
const isBackupError = (error: { readonly type: string }): error is BackupError => backupErrorTypes.includes(error.type);

/** `whereItExists` says what to do where a file has the name already. */
function explainBackup(error: BackupError, whereItExists: string): string {
  switch (error.type) {
    case 'file-exists':
      return `${error.file} exists, and nothing is ever written over it. ${whereItExists}`;
    case 'folder-missing':
      return `there is no folder ${error.folder}.`;
    case 'disk-full':
      return `the disk of ${error.folder} is full. Nothing was left there; make room, or name a file on another disk.`;
    case 'copy-damaged':
      return `the copy does not prove: ${error.cause}. Nothing was kept of it. Try again on another disk; if that fails too, the database itself is damaged.`;
    case 'not-a-backup':
      return `${error.file} is no whole backup of a cloud-sync: ${error.cause}.`;
    case 'backup-newer':
      return `a newer cloud-sync has made this backup (${error.migrations.join(', ')}). Install that version or a later one, and restore with it; databases are never changed back.`;
    case 'backup-failed':
      return `it did not work: ${error.cause}.`;
  }
}
