// Everything that the cloud does by itself: when it runs, what came of it last, run now; all runs; and whether the service is well.
import type { JobKindView, Problem, Result, JobKindList, JobRun } from '@postern/shared';
import { showToast, StatusMark, Table, type Column } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useAsked } from '../asking.ts';
import { ask } from '../cloud.ts';
import { say } from '../language.ts';
import { ActButton, AskingButton } from '../parts/acts.tsx';
import { browserZone } from '../parts/browser-zone.ts';
import { ProblemBanner, problemText } from '../parts/problem.tsx';
import { When } from '../parts/when.tsx';
import { Health } from './health.tsx';
import { eraseText, eraseTitle, jobStateTexts, kindText, labels, scheduleText } from './messages.ts';
import { RunState, Runs, tones } from './runs.tsx';

const everyMs = 2_000;
/** What cannot be taken back asks first. */
const erasing: ReadonlySet<string> = new Set(['erase-visitors', 'erase-faces']);

export function Work(): JSX.Element {
  const { value, problem, reload } = useAsked<JobKindList>('/admin/jobs', everyMs);
  const start = async (kind: string): Promise<Result<unknown, Problem>> => {
    const answer = await ask<JobRun>('POST', '/admin/jobs/runs', { body: { kind } });
    if (answer.ok) showToast('good', say(labels.started));
    await reload();
    return answer;
  };
  return (
    <>
      <div class="page-head">
        <h1>{say(labels.title)}</h1>
      </div>
      <Health />
      <ProblemBanner problem={problem} onAgain={() => void reload()} />
      {value !== undefined && (
        <Table
          caption={say(labels.kinds)}
          columns={columnsOf(start)}
          rows={value.kinds}
          rowKey={({ name }) => name}
          empty=""
        />
      )}
      <Runs path="/admin/jobs/runs" timeZone={browserZone()} />
    </>
  );
}

function columnsOf(start: (kind: string) => Promise<Result<unknown, Problem>>): readonly Column<JobKindView>[] {
  const when = (atMs: number | undefined): JSX.Element => <When atMs={atMs} timeZone={browserZone()} />;
  return [
    { title: say(labels.kind), heads: true, cell: ({ name, title }) => say(kindText(name, title)) },
    {
      title: say(labels.when),
      cell: ({ schedule }) => (schedule === undefined ? say(labels.onRequest) : say(scheduleText(schedule))),
    },
    { title: say(labels.next), cell: ({ nextDueAtMs }) => when(nextDueAtMs) },
    {
      title: say(labels.last),
      cell: ({ last }) =>
        last === undefined ? (
          <span class="muted">{say(labels.never)}</span>
        ) : (
          <>
            <StatusMark tone={tones[last.state]}>{say(jobStateTexts[last.state])}</StatusMark>{' '}
            <small>{when(last.endedAtMs)}</small>
            <p class="muted">{last.result?.summary ?? last.failure}</p>
          </>
        ),
    },
    {
      title: say(labels.now),
      cell: ({ name, title, running, runNow, about }) => {
        const [run] = running;
        if (run !== undefined) return <RunState run={run} />;
        if (!runNow || about === 'event') return null;
        return <RunNow kind={name} said={say(kindText(name, title))} start={() => start(name)} />;
      },
    },
  ];
}

const RunNow = ({
  kind,
  said,
  start,
}: {
  readonly kind: string;
  readonly said: string;
  readonly start: () => Promise<Result<unknown, Problem>>;
}): JSX.Element =>
  erasing.has(kind) ? (
    <AskingButton
      kind="quiet"
      label={say(labels.run)}
      about={said}
      title={say(eraseTitle)}
      consequence={say(eraseText)}
      act={said}
      onConfirm={async () => {
        const answer = await start();
        return answer.ok ? undefined : problemText(answer.error);
      }}
    />
  ) : (
    <ActButton kind="quiet" about={said} act={start}>
      {say(labels.run)}
    </ActButton>
  );
