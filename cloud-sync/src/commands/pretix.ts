// `cloud-sync pretix connect | import | status | disconnect`: tickets that a pretix server sells, also while the service runs. The token comes out
// of a file or standard input: lists of processes show flags.
import { readFileSync } from 'node:fs';
import { pretixConnectSchema, type PretixView } from '@postern/shared';
import { defineCommand, type CommandDef } from 'citty';
import type { SingleBar } from 'cli-progress';
import { z } from 'zod';
import { systemActor, type AuditRecord } from '../services/audit.ts';
import type { Jobs } from '../services/jobs/jobs.ts';
import type { Pretix } from '../services/pretix/service.ts';
import { pretixImportKind } from '../services/pretix/work.ts';
import { describeRun, followRun } from './jobs.ts';
import { placeArguments, timeText, type CommandTools } from './command-tools.ts';

/** What the command needs of an opened service. */
interface PretixCloud {
  readonly pretix: Pretix;
  readonly jobs: Jobs;
  readonly recordAlone: (entry: AuditRecord) => Promise<void>;
}

const commonArguments = {
  event: { type: 'string', required: true, description: 'Number of the event here', valueHint: 'N' },
  ...placeArguments,
} as const;

export interface PretixTools extends CommandTools<PretixCloud> {
  /** A bar on a terminal, nothing elsewhere. */
  readonly startProgress: (total: number, what: string) => SingleBar;
}

export const createPretixCommand = (tools: PretixTools): CommandDef =>
  defineCommand({
    meta: { name: 'pretix', description: 'Tickets that a pretix server sells: connect, import, status, disconnect' },
    subCommands: {
      connect: createConnect(tools),
      import: createImport(tools),
      status: createStatus(tools),
      disconnect: createDisconnect(tools),
    },
  });

const connectArguments = {
  ...commonArguments,
  server: { type: 'string', required: true, description: 'Address, as https://pretix.eu', valueHint: 'URL' },
  organizer: { type: 'string', required: true, description: 'Short form of the organizer there', valueHint: 'SLUG' },
  slug: { type: 'string', required: true, description: 'Short form of the event there', valueHint: 'SLUG' },
  list: {
    type: 'string',
    required: true,
    description: 'Number of the check-in list; of several, each for a zone: 12,13:backstage',
    valueHint: 'N[:ZONE],…',
  },
  'token-file': {
    type: 'string',
    description: 'File with the API token, - for standard input; without it the token that is there',
    valueHint: 'FILE',
  },
  names: { type: 'boolean', description: 'Take over names and addresses of attendees, too' },
  'allow-http': { type: 'boolean', description: 'Send the token without encryption' },
} as const;

const createConnect = ({ withCloud, eventNumber, orExit, fail }: PretixTools): CommandDef<typeof connectArguments> =>
  defineCommand({
    meta: { name: 'connect', description: 'Connect an event with one of a pretix server' },
    args: connectArguments,
    run: async ({ args }) => {
      const event = eventNumber(args.event);
      const file = args['token-file'];
      const request = pretixConnectSchema.safeParse({
        server: args.server,
        organizer: args.organizer,
        slug: args.slug,
        lists: args.list.split(',').map(toList),
        names: args.names === true,
        allowHttp: args['allow-http'] === true,
        ...(file === undefined ? {} : { token: readToken(file, fail) }),
      });
      if (!request.success) return fail(`this does not fit:\n${z.prettifyError(request.error)}`);
      return withCloud(args, async ({ pretix, recordAlone }) => {
        const { signal } = new AbortController();
        const view = orExit(await pretix.connect(event, request.data, { signal, anywhere: true }));
        const { server, organizer, slug, names } = view;
        await recordAlone({
          action: 'pretix-connected',
          actor: systemActor,
          event,
          details: { server, organizer, slug, names },
        });
        for (const line of describeView(view)) console.log(line);
      });
    },
  });

const importArguments = {
  ...commonArguments,
  full: { type: 'boolean', description: 'Read everything again, not only what has changed' },
} as const;

const createImport = ({
  withCloud,
  eventNumber,
  orExit,
  startProgress,
}: PretixTools): CommandDef<typeof importArguments> =>
  defineCommand({
    meta: { name: 'import', description: 'Read what is new now, and send admissions back' },
    args: importArguments,
    run: async ({ args }) => {
      const event = eventNumber(args.event);
      await withCloud(args, async ({ pretix, jobs, recordAlone }) => {
        orExit(await pretix.view(event));
        const run = orExit(
          await jobs.start(pretixImportKind, event, { full: args.full === true }, { by: systemActor }),
        );
        await recordAlone({ action: 'job-started', actor: systemActor, event, subject: run.id, reason: run.kind });
        const ended = orExit(await followRun(jobs, run.id, startProgress(0, 'orders')));
        console.log(describeRun(ended));
        for (const line of describeProblems(orExit(await pretix.view(event)))) console.error(line);
        if (ended.state !== 'done') process.exitCode = 1;
      });
    },
  });

const createStatus = ({ withCloud, eventNumber, orExit }: PretixTools): CommandDef<typeof commonArguments> =>
  defineCommand({
    meta: { name: 'status', description: 'How the connection of an event fares, and what did not go back' },
    args: commonArguments,
    run: async ({ args }) => {
      const event = eventNumber(args.event);
      await withCloud(args, async ({ pretix }) => {
        const view = orExit(await pretix.view(event));
        for (const line of [...describeView(view), ...describeProblems(view)]) console.log(line);
        const failed = orExit(await pretix.checkIns(event, { state: 'failed', limit: shownMax }));
        for (const { kind, order, ticket, atMs, reason } of failed.checkIns)
          console.log(`not taken: ${kind} of order ${order}, ticket ${ticket}, ${timeText(atMs)}: ${reason ?? ''}`);
        if (view.lastError !== undefined) process.exitCode = 1;
      });
    },
  });

const createDisconnect = ({ withCloud, eventNumber, orExit }: PretixTools): CommandDef<typeof commonArguments> =>
  defineCommand({
    meta: { name: 'disconnect', description: 'Forget token and settings; the tickets stay' },
    args: commonArguments,
    run: async ({ args }) => {
      const event = eventNumber(args.event);
      await withCloud(args, async ({ pretix, recordAlone }) => {
        orExit(await pretix.disconnect(event));
        await recordAlone({ action: 'pretix-disconnected', actor: systemActor, event });
        console.log('Disconnected; the tickets stay.');
      });
    },
  });

/** Refused check-ins shown; the API lists all. */
const shownMax = 20;

function toList(text: string): { readonly id: number; readonly zone?: string } {
  const [id = '', ...zone] = text.trim().split(':');
  return { id: Number(id), ...(zone.length === 0 ? {} : { zone: zone.join(':') }) };
}

function readToken(file: string, fail: (message: string) => never): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8').trim();
  } catch (cause) {
    return fail(`cannot read ${file}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function describeView(view: PretixView): readonly string[] {
  const { server, organizer, slug, lists, items, complete, tickets, checkIns, lastGoodAtMs, lastError } = view;
  return [
    `${server}/${organizer}/${slug}: ${tickets} tickets${complete ? '' : ', not all of them yet'}`,
    ...lists.map(({ id, name, zone }) => `check-in list ${id}, ${name}${zone === undefined ? '' : `, for ${zone}`}`),
    ...items.map(({ item, variation, name, type }) => {
      const product = variation === undefined ? `${item}` : `${item}/${variation}`;
      return `product ${product}, ${name}: ${type === null ? 'opens no gate' : `ticket type ${type}`}`;
    }),
    ...view.warnings,
    `went back: ${checkIns.sent}; waiting: ${checkIns.waiting}; refused: ${checkIns.failed}; never happened: ${checkIns.skipped}`,
    ...(lastGoodAtMs === undefined ? [] : [`all well: ${timeText(lastGoodAtMs)}`]),
    ...(lastError === undefined
      ? []
      : [`failed: ${timeText(lastError.atMs)}, ${lastError.type}. ${lastError.detail ?? ''}`]),
  ];
}

const describeProblems = ({ problems, problemCount }: PretixView): readonly string[] => [
  ...problems.map(({ order, position, problem }) =>
    position === undefined ? `order ${order}: ${problem}` : `order ${order}, position ${position}: ${problem}`,
  ),
  ...(problemCount > problems.length ? [`… and ${problemCount - problems.length} more`] : []),
];
