// Whether the audit log is as it was written: when it was proved last and what came of it, until when it is signed, and proving it now.
import type { JobKindView, JobKindList, JobRun } from '@postern/shared';
import { Banner, Panel, Progress } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useAsked } from '../asking.ts';
import { ask } from '../cloud.ts';
import { count, dateAndTime } from '../format.ts';
import { say } from '../language.ts';
import { ActButton } from '../parts/acts.tsx';
import { browserZone } from '../parts/browser-zone.ts';
import { ProblemBanner } from '../parts/problem.tsx';
import { flawedText, labels, provedText } from './messages.ts';

/** Kinds of background work. */
const proves = 'audit-verify';
const signs = 'audit-heads';
const everyMs = 2_000;

export function Proof(): JSX.Element {
  const { value, problem, reload } = useAsked<JobKindList>('/admin/jobs', everyMs);
  const [proving, signing] = [proves, signs].map((name) => value?.kinds.find((kind) => kind.name === name));
  const run = proving?.running[0];
  const start = async (): ReturnType<typeof ask> => {
    const answer = await ask<JobRun>('POST', '/admin/jobs/runs', { body: { kind: proves } });
    await reload();
    return answer;
  };
  const signedAtMs = signing?.last?.endedAtMs;
  return (
    <Panel
      title={say(labels.proof)}
      actions={
        <ActButton disabled={run !== undefined} act={start}>
          {say(labels.proveNow)}
        </ActButton>
      }
    >
      <p class="muted">{say(labels.proofText)}</p>
      <ProblemBanner problem={problem} onAgain={() => void reload()} />
      {run === undefined ? (
        proving !== undefined && <Outcome last={proving.last} />
      ) : (
        <Progress
          label={say(labels.proving)}
          {...(run.progress?.total === undefined
            ? {}
            : {
                value: run.progress.done,
                max: Math.max(1, run.progress.total),
                said: `${count(run.progress.done)} / ${count(run.progress.total)}`,
              })}
        />
      )}
      <p class="muted">
        {signedAtMs === undefined
          ? say(labels.neverSigned)
          : `${say(labels.lastSigned)}: ${dateAndTime(signedAtMs, browserZone())}`}
      </p>
    </Panel>
  );
}

function Outcome({ last }: { readonly last: JobKindView['last'] }): JSX.Element {
  if (last?.endedAtMs === undefined) return <Banner tone="plain">{say(labels.neverProved)}</Banner>;
  const at = dateAndTime(last.endedAtMs, browserZone());
  if (last.state === 'done')
    return <Banner tone="good">{say(provedText(count(last.result?.counts['entries'] ?? 0), at))}</Banner>;
  return (
    <Banner tone="bad" role="alert">
      <p>
        <strong>{say(flawedText(at))}</strong>
      </p>
      <p>{last.result?.summary ?? last.failure}</p>
    </Banner>
  );
}
