// Runs of background work, the newest first, with their progress and result; what is under way can be cancelled.
import { jobStates, type JobRun, type JobState, type JobPage } from '@postern/shared';
import { Panel, Progress, SelectField, StatusMark, type Column, type Tone } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useListOf, useRepeated } from '../asking.ts';
import { ask } from '../cloud.ts';
import { count } from '../format.ts';
import { say } from '../language.ts';
import { AskingButton } from '../parts/acts.tsx';
import { orProblem } from '../parts/problem.tsx';
import { When } from '../parts/when.tsx';
import { PagedTable } from '../parts/paged-table.tsx';
import { cancelText, cancelTitle, cancelWaitingText, jobStateTexts, kindText, labels } from './messages.ts';

const everyMs = 2_000;

export const tones: Readonly<Record<JobState, Tone>> = {
  waiting: 'plain',
  running: 'busy',
  done: 'good',
  failed: 'bad',
  cancelled: 'warn',
};

export interface RunsProps {
  /** `/admin/jobs/runs`, or the one of an event. */
  readonly path: string;
  readonly timeZone: string;
}

export function Runs({ path, timeZone }: RunsProps): JSX.Element {
  const [state, setState] = useState<JobState | ''>('');
  const pages = useListOf(path, { state }, ({ runs }: JobPage) => runs);
  useRepeated(pages.isFirstPage ? everyMs : undefined, pages.reload);
  return (
    <Panel title={say(labels.runs)}>
      <div class="filters">
        <SelectField
          label={say(labels.state)}
          value={state}
          choices={[
            { value: '', label: say(labels.any) },
            ...jobStates.map((value) => ({ value, label: say(jobStateTexts[value]) })),
          ]}
          onValue={setState}
        />
      </div>
      <PagedTable
        pages={pages}
        caption={say(labels.runs)}
        captionUnseen
        columns={columnsOf(path, timeZone, pages.reload)}
        rowKey={({ id }) => id}
        empty={say(labels.noRuns)}
      />
    </Panel>
  );
}

function columnsOf(path: string, timeZone: string, reload: () => Promise<void>): readonly Column<JobRun>[] {
  const when = (atMs: number | undefined): JSX.Element => <When atMs={atMs} timeZone={timeZone} />;
  return [
    { title: say(labels.kind), heads: true, cell: ({ kind }) => say(kindText(kind)) },
    { title: say(labels.state), cell: (run) => <RunState run={run} /> },
    { title: say(labels.began), cell: ({ startedAtMs, createdAtMs }) => when(startedAtMs ?? createdAtMs) },
    { title: say(labels.ended), cell: ({ endedAtMs }) => when(endedAtMs) },
    {
      title: say(labels.by),
      cell: ({ startedBy }) => (startedBy === undefined ? say(labels.schedule) : <code>{startedBy.id}</code>),
    },
    {
      title: say(labels.came),
      cell: (run) =>
        run.state === 'waiting' || run.state === 'running' ? (
          <CancelButton path={`${path}/${run.id}`} run={run} reload={reload} />
        ) : (
          (run.result?.summary ?? run.failure ?? '–')
        ),
    },
  ];
}

export function RunState({ run: { state, progress } }: { readonly run: JobRun }): JSX.Element {
  const said = progress === undefined ? undefined : progressOf(progress);
  if (state === 'running')
    return (
      <Progress
        label={say(jobStateTexts.running)}
        {...(said === undefined ? {} : { said })}
        {...(progress?.total === undefined ? {} : { value: progress.done, max: Math.max(1, progress.total) })}
      />
    );
  return <StatusMark tone={tones[state]}>{say(jobStateTexts[state])}</StatusMark>;
}

const progressOf = ({ done, total }: NonNullable<JobRun['progress']>): string =>
  total === undefined ? count(done) : `${count(done)} / ${count(total)}`;

export const CancelButton = ({
  path,
  run: { kind, progress, state },
  reload,
}: {
  readonly path: string;
  readonly run: JobRun;
  readonly reload: () => Promise<void>;
}): JSX.Element => (
  <AskingButton
    kind="quiet"
    label={say(labels.cancel)}
    about={say(kindText(kind))}
    title={say(cancelTitle(kindText(kind)))}
    consequence={say(
      state === 'waiting' ? cancelWaitingText : cancelText(progress === undefined ? undefined : progressOf(progress)),
    )}
    act={say(labels.cancelRun)}
    leave={say(labels.keepOn)}
    onConfirm={async () => orProblem(await ask<JobRun>('POST', `${path}/cancel`), () => void reload())}
  />
);
