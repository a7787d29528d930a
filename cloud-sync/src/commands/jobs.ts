// `cloud-sync jobs`: shows the kinds of background work and how they fare, runs one now, cancels a run, also while the service runs. Whoever
// is quicker runs it, this command or the service; either way its progress and its result are shown here.
import { setTimeout } from 'node:timers/promises';
import type { JobKindView, JobRun, Result } from '@postern/shared';
import { defineCommand, type CommandDef } from 'citty';
import type { SingleBar } from 'cli-progress';
import { systemActor, type AuditRecord } from '../services/audit.ts';
import type { Jobs } from '../services/jobs/jobs.ts';
import type { Failure } from '../services/problems.ts';
import { placeArguments, timeText, type CommandTools } from './command-tools.ts';

/** What the command needs of an opened service. */
interface JobCloud {
  readonly jobs: Jobs;
  readonly recordAlone: (entry: AuditRecord) => Promise<void>;
}

const jobArguments = {
  run: { type: 'string', description: 'Run this kind now, and wait for it', valueHint: 'KIND' },
  event: { type: 'string', description: 'The event it is about, for kinds about one', valueHint: 'N' },
  cancel: { type: 'string', description: 'Cancel this run', valueHint: 'RUN' },
  ...placeArguments,
} as const;

export interface JobsTools extends Omit<CommandTools<JobCloud>, 'fail'> {
  /** A bar on a terminal, nothing elsewhere. */
  readonly startProgress: (total: number, what: string) => SingleBar;
}

export const createJobsCommand = ({
  withCloud,
  eventNumber,
  orExit,
  startProgress,
}: JobsTools): CommandDef<typeof jobArguments> =>
  defineCommand({
    meta: { name: 'jobs', description: 'Show background work, run some of it now, or cancel it' },
    args: jobArguments,
    run: async ({ args }) => {
      await withCloud(args, async ({ jobs, recordAlone }) => {
        if (args.cancel !== undefined) {
          const run = orExit(await jobs.cancel(args.cancel));
          await recordAlone({ action: 'job-cancelled', actor: systemActor, subject: run.id, reason: run.kind });
          console.log(describeRun(run));
        } else if (args.run !== undefined) {
          const event = args.event === undefined ? 0 : eventNumber(args.event);
          const run = orExit(await jobs.runNow(args.run, event, { by: systemActor }));
          await recordAlone({
            action: 'job-started',
            actor: systemActor,
            subject: run.id,
            reason: run.kind,
            ...(event === 0 ? {} : { event }),
          });
          const ended = orExit(await followRun(jobs, run.id, startProgress(0, 'done')));
          console.log(describeRun(ended));
          if (ended.state !== 'done') process.exitCode = 1;
        } else for (const kind of await jobs.kinds()) console.log(describeKind(kind));
      });
    },
  });

/** Between two looks at a run. */
const lookEveryMs = 200;

/** Runs it here unless the service is quicker, and waits for its end, whoever runs it. */
export async function followRun(jobs: Jobs, id: string, bar: SingleBar): Promise<Result<JobRun, Failure>> {
  const performing = jobs.perform(id);
  for (;;) {
    const found = await jobs.find(id);
    if (found.ok && found.value.progress !== undefined) {
      const { done, total } = found.value.progress;
      if (total !== undefined) bar.setTotal(total);
      bar.update(done);
    }
    if (!found.ok || found.value.endedAtMs !== undefined) {
      await performing;
      bar.stop();
      return found;
    }
    await setTimeout(lookEveryMs);
  }
}

export const describeRun = ({ id, state, result, event, endedAtMs, startedAtMs, dueAtMs }: JobRun): string =>
  [
    id,
    state,
    timeText(endedAtMs ?? startedAtMs ?? dueAtMs),
    ...(event === undefined ? [] : [`event ${event}`]),
    ...(result === undefined ? [] : [result.summary]),
  ].join('  ');

function describeKind({ name, title, schedule, nextDueAtMs, last, running }: JobKindView): string {
  const lines = [
    ...running.map((run) => `running  ${describeRun(run)}${describeProgress(run)}`),
    ...(last === undefined ? [] : [`last     ${describeRun(last)}`]),
    ...(nextDueAtMs === undefined ? [] : [`next     ${timeText(nextDueAtMs)}`]),
  ];
  return [`${name}: ${title}${schedule === undefined ? '' : ` (${schedule})`}`, ...lines].join('\n  ');
}

const describeProgress = ({ progress }: JobRun): string =>
  progress === undefined ? '' : `  ${progress.done}${progress.total === undefined ? '' : ` of ${progress.total}`}`;
