#!/usr/bin/env node
// The command line of the service: serve | migrate | move | token | event | issue | import | export | import-bands | import-sealed | pretix |
// nft | feed | rotate-keys | audit | jobs | backup | restore. Everything but `serve` works on the data folder directly, also while the service runs.
import { mkdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventRequestSchema, ticketRequestSchema, type Result } from '@postern/shared';
import { defineCommand, runMain } from 'citty';
import { Presets, SingleBar } from 'cli-progress';
import pino from 'pino';
import { z } from 'zod';
import { createAuditCommand } from './commands/audit.ts';
import { eventArgument, placeArguments } from './commands/command-tools.ts';
import { createBackupCommand, createRestoreCommand } from './commands/backup.ts';
import { createExportTicketsCommand } from './commands/export-tickets.ts';
import { createImportBandsCommand } from './commands/import-bands.ts';
import { createImportSealedCommand } from './commands/import-sealed.ts';
import { createImportTicketsCommand } from './commands/import-tickets.ts';
import { createJobsCommand } from './commands/jobs.ts';
import { moveCommand } from './commands/move.ts';
import { createNftCommand } from './commands/nft.ts';
import { watchOutput } from './commands/output.ts';
import { createPretixCommand } from './commands/pretix.ts';
import { createRotateKeysCommand } from './commands/rotate-keys.ts';
import { explainUnknownOption } from './commands/unknown-option.ts';
import { readConfig, type Config, type ConfigError } from './config.ts';
import type { OpenError } from './composition/foundation.ts';
import { openCloud, type Cloud } from './main.ts';
import { serve, type ListenError } from './server.ts';
import { systemActor } from './services/audit.ts';
import type { Failure } from './services/problems.ts';
import { problemTitle } from './services/problems.ts';
import { renderQrPng, renderQrSvg } from './services/qr.ts';
import { explainMissing, migrate, openDatabase } from './store/database.ts';
import { createSystem } from './system.ts';

const ticketsAtOnceMax = 1_000_000;
const ticketsPerTransactionMax = 10_000;

/** Should one ever be handed to the log, at the top or one level down. */
const secretFields = ['code', 'token', 'pin', 'secret', 'password', 'authorization', 'cookie'].flatMap((name) => [
  name,
  `*.${name}`,
]);

const output = watchOutput();
const serveCommand = defineCommand({
  meta: { name: 'serve', description: 'Run the service' },
  args: {
    ...placeArguments,
    port: { type: 'string', description: 'Port (default 8080; 0: any free one)', valueHint: 'N' },
    host: { type: 'string', description: 'Address to listen on (default 127.0.0.1)', valueHint: 'ADDRESS' },
    'public-url': {
      type: 'string',
      description: 'Base URL that gates and people use (default: http://HOST:PORT)',
      valueHint: 'URL',
    },
    'log-level': { type: 'string', description: 'debug, info, warn, error or silent', valueHint: 'LEVEL' },
  },
  run: async ({ args }) => {
    const config = orExit(readConfig({ ...args, publicUrl: args['public-url'], logLevel: args['log-level'] }));
    const cloud = orExit(await open(config));
    const first = await cloud.users.createFirst();
    const listening = orExit(await serve(cloud, config));
    if (first !== undefined) printFirstRun(listening.url, first.token);
    console.log(`cloud-sync is ready: ${listening.url}`);
    await untilTold();
    await listening.stop();
  },
});

const migrateCommand = defineCommand({
  meta: { name: 'migrate', description: 'Bring the database up to date' },
  args: placeArguments,
  run: async ({ args }) => {
    const database = orExit(openDatabase(orExit(readConfig(args)).database));
    const applied = orExit(await migrate(database));
    console.log(applied.length === 0 ? 'The database is up to date.' : `Applied: ${applied.join(', ')}`);
    await database.destroy();
  },
});

const tokenCommand = defineCommand({
  meta: { name: 'token', description: "Replace the administrator's token, for when it was lost" },
  args: placeArguments,
  run: async ({ args }) => {
    await withCloud(args, async (cloud) => {
      const first = await cloud.users.createFirst();
      const token = first?.token ?? (await cloud.users.resetAdministrator());
      if (token === undefined) return fail('there is no administrator.');
      await cloud.recordAlone({ action: 'user-changed', actor: systemActor, details: { what: 'token' } });
      console.log(token);
      if (first === undefined)
        console.error(
          'cloud-sync: this token replaces the one before, which no longer works; its sessions have ended.',
        );
    });
  },
});

const eventCommand = defineCommand({
  meta: { name: 'event', description: 'Make an event, or list the events' },
  args: {
    ...placeArguments,
    file: {
      type: 'string',
      description: 'JSON with name, types, zones and rules; without it, events are listed',
      valueHint: 'FILE',
    },
  },
  run: async ({ args }) => {
    if (args.file === undefined) return withCloud(args, listEvents);
    const request = readJson(args.file, eventRequestSchema);
    return withCloud(
      args,
      async (cloud) => {
        const event = orExit(await cloud.events.create(request));
        await cloud.recordAlone({ action: 'event-created', actor: systemActor, event: event.id });
        console.log(JSON.stringify({ event: event.id, name: event.policy.name }));
      },
      { makesDatabase: true },
    );
  },
});

async function listEvents({ events }: Cloud): Promise<void> {
  const all = await events.list();
  if (all.length === 0) console.error('cloud-sync: no events in this database yet; make one with --file FILE.');
  for (const event of all)
    console.log(`${event.id}\t${event.policy.name}\t${await events.ticketCount(event.id)} tickets`);
}

const issueCommand = defineCommand({
  meta: { name: 'issue', description: 'Issue tickets; one JSON line each with id, text and short code' },
  args: {
    ...placeArguments,
    ...eventArgument,
    type: { type: 'string', required: true, description: 'Number of the ticket type', valueHint: 'N' },
    count: { type: 'string', description: 'How many (default 1)', valueHint: 'N' },
    party: { type: 'string', description: 'Persons each code admits (default 1)', valueHint: 'N' },
    out: { type: 'string', description: 'Folder for a QR code of each, as SVG and PNG', valueHint: 'DIR' },
  },
  run: async ({ args }) => {
    const count = number(args.count ?? '1', 'count', 1, ticketsAtOnceMax);
    const event = eventNumber(args.event);
    const request = ticketRequestSchema.parse({
      type: number(args.type, 'type', 0, 65_535),
      party: number(args.party ?? '1', 'party', 1, 10_000),
    });
    await withCloud(args, async (cloud) => {
      // Whoever has a code goes in by it: for nobody else on this machine.
      if (args.out !== undefined) mkdirSync(args.out, { recursive: true, mode: 0o700 });
      const save = (name: string, picture: string | Uint8Array): Promise<void> =>
        writeFile(join(args.out ?? '', name), picture, { mode: 0o600 });
      const progress = startProgress(count);
      for (let done = 0; done < count && output.isRead(); done += ticketsPerTransactionMax) {
        const issued = orExit(
          await cloud.tickets.issue(
            event,
            Array<typeof request>(Math.min(ticketsPerTransactionMax, count - done)).fill(request),
          ),
        );
        await cloud.recordAlone({
          action: 'ticket-created',
          actor: systemActor,
          event,
          details: { tickets: issued.length },
        });
        const texts = await cloud.tickets.texts(issued);
        for (const [index, ticket] of issued.entries()) {
          const { text = '', shortCode = '' } = texts[index] ?? {};
          console.log(JSON.stringify({ id: ticket.id, text, shortCode }));
          if (args.out === undefined) continue;
          await save(`${ticket.id}.svg`, renderQrSvg({ text, caption: shortCode }));
          await save(`${ticket.id}.png`, renderQrPng({ text, caption: shortCode }));
        }
        progress.update(done + issued.length);
      }
      progress.stop();
    });
  },
});

const publishCommand = defineCommand({
  meta: { name: 'publish', description: 'Publish what has changed to the gates' },
  args: {
    ...placeArguments,
    ...eventArgument,
    snapshot: { type: 'boolean', description: 'Make a new snapshot in any case' },
    skip: { type: 'string', description: 'Versions to leave out, after a restore (default 0)', valueHint: 'N' },
  },
  run: async ({ args }) => {
    await withCloud(args, async (cloud) => {
      const event = eventNumber(args.event);
      const { manifest, ...publication } = orExit(
        await cloud.feed.publish(event, {
          snapshot: args.snapshot === true,
          skipping: number(args.skip ?? '0', 'skip', 0, 1_000_000_000),
        }),
      );
      await cloud.recordAlone({ action: 'feed-published', actor: systemActor, event });
      console.log(JSON.stringify({ ...publication, manifestBytes: manifest.length }));
    });
  },
});

const auditCommand = createAuditCommand({
  withTools: (args, work) => withCloud(args, (cloud) => work(cloud.auditTools)),
  orExit,
  eventNumber,
  // Nothing is printed before it is done: the bar may have the terminal for itself.
  startProgress: (total) => startProgress(total, 'entries', process.stderr.isTTY),
  write: (line) => console.log(line),
  isRead: output.isRead,
});

const readSettings = (args: Parameters<typeof readConfig>[0]): Config =>
  orExit(readConfig({ ...args, logLevel: 'warn' }));

const backupTools = {
  open,
  readSettings,
  explain,
  fail,
  startProgress: (total: number, what: string) => startProgress(total, what, process.stderr.isTTY),
};

const main = defineCommand({
  meta: { name: 'cloud-sync', version: '0.1.0', description: 'Events, tickets, gates and the feed of Postern' },
  subCommands: {
    serve: serveCommand,
    migrate: migrateCommand,
    move: moveCommand,
    audit: auditCommand,
    token: tokenCommand,
    event: eventCommand,
    issue: issueCommand,
    import: createImportTicketsCommand({
      withCloud,
      eventNumber,
      orExit,
      fail,
      startProgress: (total, what) => (process.stderr.isTTY ? startProgress(total, what, true) : undefined),
      interrupted,
    }),
    export: createExportTicketsCommand({ withCloud, eventNumber, orExit, fail, write: output.write }),
    'import-bands': createImportBandsCommand({ withCloud, eventNumber, orExit, fail }),
    'import-sealed': createImportSealedCommand({ withCloud, fail, print: console.log }),
    feed: defineCommand({
      meta: { name: 'feed', description: 'The data that gates fetch' },
      subCommands: { publish: publishCommand },
    }),
    backup: createBackupCommand(backupTools),
    restore: createRestoreCommand(backupTools),
    jobs: createJobsCommand({
      withCloud,
      eventNumber,
      orExit,
      startProgress: (total, what) => startProgress(total, what, process.stderr.isTTY),
    }),
    pretix: createPretixCommand({
      withCloud,
      eventNumber,
      orExit,
      fail,
      startProgress: (total, what) => startProgress(total, what, process.stderr.isTTY),
    }),
    nft: createNftCommand({ withCloud, eventNumber, orExit, fail, readSettings, timer: createSystem().timer }),
    'rotate-keys': createRotateKeysCommand({ withCloud, orExit, print: console.log }),
  },
});

function open(config: Config): Promise<Result<Cloud, OpenError>> {
  return openCloud({ ...createSystem(), config, log: pinoLogger(config.logLevel) });
}

/** A database that is not there is an error, lest a typo makes an empty one, which says that all is well. */
async function withCloud(
  args: { readonly data?: string | undefined; readonly database?: string | undefined },
  work: (cloud: Cloud) => Promise<void>,
  { makesDatabase = false } = {},
): Promise<void> {
  const config = orExit(readConfig({ data: args.data, database: args.database, logLevel: 'warn' }));
  const missing = makesDatabase ? undefined : explainMissing(config.database);
  if (missing !== undefined) fail(missing);
  const cloud = orExit(await open(config));
  await work(cloud);
  await cloud.close();
}

function pinoLogger(level: Config['logLevel']): Parameters<typeof openCloud>[0]['log'] {
  const logger = pino({ level, base: null, redact: secretFields }, pino.destination(2));
  return {
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
  };
}

function printFirstRun(url: string, token: string): void {
  console.log(`
First run: keys and an administrator have been made.

  Sign in at   ${url}/
  with token   ${token}

The token is shown this once and kept only as a hash. Scripts send it as "Authorization: Bearer <token>".
Lost it? cloud-sync token makes a new one.
`);
}

/** A bar on a terminal, nothing elsewhere. */
function startProgress(
  total: number,
  what = 'tickets',
  shown = process.stderr.isTTY && !process.stdout.isTTY,
): SingleBar {
  const bar = new SingleBar(
    { format: `{bar} {value}/{total} ${what}, {eta_formatted} left`, noTTYOutput: false },
    Presets.shades_classic,
  );
  if (shown) bar.start(total, 0);
  return bar;
}

/** Until SIGINT or SIGTERM. */
const untilTold = (): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });

/** Ends work that is done in steps after the step that it is at. */
function interrupted(): AbortSignal {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  return stop.signal;
}

type StartError = ConfigError | OpenError | ListenError;

/** The value, or one message that says what to do and exit code 2. */
function orExit<T>(result: Result<T, StartError | Failure>): T {
  return result.ok ? result.value : fail(explain(result.error));
}

function fail(message: string): never {
  console.error(`cloud-sync: ${message}`);
  process.exit(2);
}

function explain(error: StartError | Failure): string {
  switch (error.type) {
    case 'config-invalid':
      return `wrong settings\n${error.problems.map((line) => `  ${line}`).join('\n')}`;
    case 'port-in-use':
      return `port ${error.port} is in use. Stop whatever listens there, or choose another one with --port.`;
    case 'cannot-listen':
      return `cannot listen: ${error.cause}. Check --host and --port.`;
    case 'database-unusable':
      return `cannot use the database: ${error.cause}. Check --database and the rights on its folder.`;
    case 'database-newer':
      return `a newer cloud-sync has changed this database (${error.migrations.join(', ')}). Install that version or a later one; databases are never changed back.`;
    case 'vault-unreadable':
      return `${error.cause}. Bring back the master key that belongs to this database: master.key in the data folder, or what POSTERN_CLOUD_MASTER_KEY or POSTERN_CLOUD_MASTER_KEY_FILE names.`;
    case 'wallet-files-unfit':
      return `passes for wallets: ${error.cause}. Check POSTERN_CLOUD_APPLE_…, POSTERN_CLOUD_GOOGLE_… and POSTERN_CLOUD_PASS_IMAGES.`;
    case 'nft-key-unreadable':
      return `${error.cause}. Check POSTERN_CLOUD_NFT_KEY_FILE, or systemd's credential nft.key.`;
    case 'event-unknown':
      return `${error.detail ?? problemTitle(error.type)} in this database. Those it has: cloud-sync event; another database: --database.`;
    case 'next-key-too-young':
      return `${error.detail ?? problemTitle(error.type)} If that must be: --force.`;
    case 'key-unknown':
    case 'key-already-revoked':
      return `${problemTitle(error.type)}. To see the keys: cloud-sync rotate-keys --list`;
    case 'pretix-answer-wrong':
    case 'pretix-busy':
    case 'pretix-refused':
    case 'pretix-unknown':
    case 'pretix-unreachable':
    case 'pretix-url-forbidden':
      return `${problemTitle(error.type)}. ${error.detail ?? ''}`.trim();
    default:
      return error.detail ?? problemTitle(error.type);
  }
}

function number(text: string, name: string, min: number, max: number): number {
  const value = Number(text);
  if (/^[0-9]+$/.test(text) && value >= min && value <= max) return value;
  return fail(`--${name} must be a whole number from ${min} to ${max}, not "${text}".`);
}

function eventNumber(text: string): number {
  return number(text, 'event', 1, 4_294_967_295);
}

function readJson<S extends z.ZodType>(path: string, schema: S): z.infer<S> {
  try {
    const parsed = schema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    if (parsed.success) return parsed.data;
    console.error(`cloud-sync: ${path} does not fit:\n${z.prettifyError(parsed.error)}`);
  } catch (cause) {
    console.error(`cloud-sync: cannot read ${path}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  process.exit(2);
}

const aliveEveryMs = 60_000;
const unknown = await explainUnknownOption(main, process.argv.slice(2));
if (unknown !== undefined) fail(unknown);
// The service's timers keep no process alive: a command that waits for one, for a chain or a server that is busy, lives until it is done.
const alive = setInterval(() => undefined, aliveEveryMs);
await runMain(main);
clearInterval(alive);
