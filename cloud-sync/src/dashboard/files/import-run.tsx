// An import under way, as the cloud does it: how far it is, a way to stop it, and at its end what came of it.
import type { EventResponse, JobRun, TicketImportView } from '@postern/shared';
import { Banner, Button, Progress } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useAsked } from '../asking.ts';
import { ask } from '../cloud.ts';
import { count } from '../format.ts';
import { fill, say } from '../language.ts';
import { AskingButton } from '../parts/acts.tsx';
import { orProblem, ProblemBanner } from '../parts/problem.tsx';
import { addressOf } from '../route.ts';
import { labels } from './messages.ts';
import { ReportView } from './report.tsx';

const everyMs = 1_000;

export interface ImportRunProps {
  readonly event: EventResponse;
  readonly run: string;
  readonly onEnded: () => void;
  readonly onAnother: () => void;
}

export function ImportRun({ event, run, onEnded, onAnother }: ImportRunProps): JSX.Element {
  const [isOver, setIsOver] = useState(false);
  const path = `/api/events/${event.event}/tickets/imports/${run}`;
  const read = useAsked<TicketImportView>(path, isOver ? undefined : everyMs);
  const view = read.value;
  const state = view?.run.state;
  useEffect(() => {
    if (state !== 'done' && state !== 'failed' && state !== 'cancelled') return;
    setIsOver(true);
    onEnded();
  }, [state]);
  const cancel = async (): Promise<string | undefined> => {
    const answer = await ask<JobRun>('POST', `/api/events/${event.event}/jobs/${run}/cancel`);
    const problem = orProblem(answer, () => undefined);
    await read.reload();
    return problem;
  };
  const { done, total } = view?.run.progress ?? {};
  return (
    <div class="import-run">
      <ProblemBanner problem={read.problem} onAgain={() => void read.reload()} />
      {!isOver && (
        <>
          <Progress
            label={say(state === 'running' ? labels.importing : labels.waiting)}
            {...(done === undefined
              ? {}
              : { said: total === undefined ? count(done) : `${count(done)} / ${count(total)}` })}
            {...(done === undefined || total === undefined ? {} : { value: done, max: Math.max(total, 1) })}
          />
          <p class="muted">{say(labels.goesOn)}</p>
          <AskingButton
            label={say(labels.cancelImport)}
            title={say(labels.cancelTitle)}
            consequence={say(labels.cancelConsequence)}
            act={say(labels.cancelImport)}
            leave={say(labels.keepOn)}
            onConfirm={cancel}
          />
        </>
      )}
      {state === 'cancelled' && <Banner tone="warn">{say(labels.cancelled)}</Banner>}
      {state === 'failed' && (
        <Banner tone="bad">{fill(labels.failed, { why: view?.run.result?.summary ?? view?.run.failure ?? '' })}</Banner>
      )}
      {view?.report !== undefined && <ReportView report={view.report} stopped={state === 'cancelled'} />}
      {isOver && (
        <p class="actions-row">
          <Button onClick={onAnother}>{say(labels.another)}</Button>
          <a class="button primary" href={addressOf({ event: event.event, section: 'tickets' })}>
            {say(labels.toTickets)}
          </a>
        </p>
      )}
    </div>
  );
}
