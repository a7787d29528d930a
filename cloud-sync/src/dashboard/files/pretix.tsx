// The pretix server that sells tickets of the event: connected or not, what came in, what went back, and what did not.
import type { EventResponse, PretixView, JobRun, PretixRetry } from '@postern/shared';
import { Banner, Button, Panel, Progress, showToast, StatusMark, Table } from '@postern/shared/ui';
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useAsked } from '../asking.ts';
import { ask, tell } from '../cloud.ts';
import { count, dateAndTime } from '../format.ts';
import { fill, say } from '../language.ts';
import { ActButton, AskingButton } from '../parts/acts.tsx';
import { Name } from '../parts/names.tsx';
import { orProblem, ProblemBanner } from '../parts/problem.tsx';
import { PretixForm } from './pretix-form.tsx';
import { FailedCheckIns } from './pretix-check-ins.tsx';
import { pretixLabels as labels, problemTexts } from './pretix-messages.ts';

const everyMs = 5_000;

export function Pretix({ event }: { readonly event: EventResponse }): JSX.Element {
  const path = `/api/events/${event.event}/pretix`;
  const [isUnconnected, setIsUnconnected] = useState(false);
  // What is not there does not come by itself.
  const read = useAsked<PretixView>(path, isUnconnected ? undefined : everyMs);
  const [editing, setEditing] = useState(false);
  const isNoneThere = read.problem?.type === 'pretix-unconnected';
  useEffect(() => setIsUnconnected(isNoneThere), [isNoneThere]);
  const view = isUnconnected ? undefined : read.value;
  const disconnect = async (): Promise<string | undefined> => {
    const problem = orProblem(await tell('DELETE', path), () => undefined);
    await read.reload();
    return problem;
  };
  return (
    <Panel
      title={say(labels.title)}
      class="pretix"
      actions={
        !editing && (
          <>
            {(isUnconnected || view !== undefined) && (
              <Button onClick={() => setEditing(true)}>
                {say(isUnconnected ? labels.connectMore : labels.change)}
              </Button>
            )}
            {view !== undefined && (
              <AskingButton
                label={say(labels.disconnect)}
                title={say(labels.disconnectTitle)}
                consequence={say(labels.disconnectConsequence)}
                act={say(labels.disconnectAct)}
                onConfirm={disconnect}
              />
            )}
          </>
        )
      }
    >
      <p class="muted">{say(labels.explained)}</p>
      {!isUnconnected && <ProblemBanner problem={read.problem} onAgain={() => void read.reload()} />}
      {editing ? (
        <PretixForm
          path={path}
          view={view}
          onCancel={() => setEditing(false)}
          onDone={() => {
            setEditing(false);
            showToast('good', say(labels.connected));
            void read.reload();
          }}
        />
      ) : (
        view !== undefined && <Connected event={event} view={view} onChange={read.reload} />
      )}
    </Panel>
  );
}

const Fact = ({ label, children }: { readonly label: string; readonly children: ComponentChildren }): JSX.Element => (
  <div>
    <dt>{label}</dt>
    <dd>{children}</dd>
  </div>
);

function Connected({
  event,
  view,
  onChange,
}: {
  readonly event: EventResponse;
  readonly view: PretixView;
  readonly onChange: () => Promise<void>;
}): JSX.Element {
  const { timeZone, types } = event.policy;
  const { checkIns, lastError } = view;
  const start = async (full: boolean): ReturnType<typeof ask> => {
    const started = await ask<JobRun>('POST', `/api/events/${event.event}/pretix/import`, { body: { full } });
    if (started.ok) showToast('good', say(labels.started));
    await onChange();
    return started;
  };
  const retry = async (): ReturnType<typeof ask> => {
    const path = `/api/events/${event.event}/pretix/check-ins/retry`;
    const retried = await ask<PretixRetry>('POST', path, { body: {} });
    if (retried.ok) showToast('good', fill(labels.retried, { n: count(retried.value.checkIns) }));
    await onChange();
    return retried;
  };
  return (
    <>
      {lastError !== undefined && (
        <Banner tone="bad">{fill(labels.lastError, { why: lastError.detail ?? lastError.type })}</Banner>
      )}
      {view.warnings.map((warning) => (
        <Banner key={warning} tone="warn">
          {warning}
        </Banner>
      ))}
      {view.running && <Progress label={say(labels.reading)} />}
      <dl class="facts">
        <Fact label={say(labels.server)}>
          <Name>{`${view.server} / ${view.organizer} / ${view.slug}`}</Name>
        </Fact>
        <Fact label={say(labels.tickets)}>
          {count(view.tickets)}{' '}
          <StatusMark tone={view.complete ? 'good' : 'busy'}>
            {say(view.complete ? labels.complete : labels.incomplete)}
          </StatusMark>
        </Fact>
        <Fact label={say(labels.lastGood)}>
          {view.lastGoodAtMs === undefined ? say(labels.never) : dateAndTime(view.lastGoodAtMs, timeZone)}
        </Fact>
        <Fact label={say(labels.sent)}>
          {count(checkIns.sent)}
          {checkIns.waiting > 0 && ` (${count(checkIns.waiting)} ${say(labels.waiting)})`}
        </Fact>
      </dl>
      <p class="actions-row">
        <ActButton act={() => start(false)}>{say(labels.import)}</ActButton>
        <ActButton kind="quiet" act={() => start(true)}>
          {say(labels.importAll)}
        </ActButton>
        {checkIns.failed > 0 && <ActButton act={retry}>{fill(labels.retry, { n: count(checkIns.failed) })}</ActButton>}
      </p>
      <Table
        caption={say(labels.items)}
        columns={[
          { title: say(labels.item), heads: true, cell: ({ name }) => <Name>{name}</Name> },
          {
            title: say(labels.type),
            cell: ({ type }) =>
              type === null ? (
                <span class="muted">{say(labels.opensNothing)}</span>
              ) : (
                <Name>{types.find(({ id }) => id === type)?.name ?? `#${type}`}</Name>
              ),
          },
        ]}
        rows={view.items}
        rowKey={({ item, variation }) => `${item}/${variation ?? 0}`}
        empty="–"
      />
      {view.problemCount > 0 && (
        <Table
          caption={`${say(labels.problems)} (${count(view.problemCount)})`}
          columns={[
            { title: say(labels.order), heads: true, cell: ({ order }) => <Name>{order}</Name> },
            {
              title: say(labels.problem),
              cell: ({ problem }) => {
                const known = problemTexts[problem];
                return known === undefined ? problem : say(known);
              },
            },
          ]}
          rows={view.problems}
          rowKey={({ order, position, problem }) => `${order} ${position ?? ''} ${problem}`}
          empty={say(labels.problemsNone)}
        />
      )}
      {checkIns.failed > 0 && <FailedCheckIns key={checkIns.failed} event={event} />}
    </>
  );
}
