// Wristbands that two desks have given to two tickets, or too many for one party: which binding is right, a person says.
import type {
  BindingChoice,
  BindingConflictView,
  BindingView,
  EventResponse,
  BindingConflictList,
} from '@postern/shared';
import { Panel, showToast, Table } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useListOf } from '../asking.ts';
import { tell } from '../cloud.ts';
import { say } from '../language.ts';
import { AskingButton } from '../parts/acts.tsx';
import { useGateNames } from '../parts/gate-names.ts';
import { ticketLabel, uncertainty } from '../parts/marks.ts';
import { orProblem, ProblemBanner } from '../parts/problem.tsx';
import { When } from '../parts/when.tsx';
import { addressOf } from '../route.ts';
import { labels, settleText, settleTitle } from './messages.ts';

export function BandConflicts({ event }: { readonly event: EventResponse }): JSX.Element {
  const pages = useListOf(
    `/api/events/${event.event}/binding-conflicts`,
    {},
    ({ conflicts }: BindingConflictList) => conflicts,
  );
  const gateName = useGateNames(event.event);
  return (
    <>
      <p class="muted">{say(labels.conflictText)}</p>
      <ProblemBanner problem={pages.problem} onAgain={() => void pages.reload()} />
      {pages.items?.length === 0 && <p>{say(labels.noConflicts)}</p>}
      {pages.items?.map((conflict) => (
        <Conflict key={conflict.id} event={event} conflict={conflict} gateName={gateName} onDone={pages.reload} />
      ))}
    </>
  );
}

interface ConflictProps {
  readonly event: EventResponse;
  readonly conflict: BindingConflictView;
  readonly gateName: (id: string) => string;
  readonly onDone: () => Promise<void>;
}

function Conflict({ event, conflict, gateName, onDone }: ConflictProps): JSX.Element {
  const { id, kind, subject, bindings } = conflict;
  const settle = async (choose: BindingChoice['choose']): Promise<string | undefined> =>
    orProblem(
      await tell('POST', `/api/events/${event.event}/binding-conflicts/${id}/resolve`, { body: { choose } }),
      () => {
        showToast('good', say(labels.settled));
        void onDone();
      },
    );
  const isRight = (binding: BindingView): JSX.Element => (
    <AskingButton
      kind="plain"
      label={say(labels.thisOne)}
      about={`${gateName(binding.gate)}, ${ticketLabel(binding.ticket)}`}
      title={say(settleTitle)}
      consequence={say(
        settleText(binding.ticket === '' ? say(labels.nobody) : ticketLabel(binding.ticket), bindings.length),
      )}
      act={say(labels.thisOne)}
      onConfirm={() => settle({ gate: binding.gate, boot: binding.boot, sequence: binding.sequence })}
    />
  );
  return (
    <Panel
      title={`${say(kind === 'tag' ? labels.conflictTag : labels.conflictTicket)}: ${ticketLabel(subject)}`}
      actions={
        <AskingButton
          label={say(labels.noneOfThem)}
          about={ticketLabel(subject)}
          title={say(settleTitle)}
          consequence={say(settleText(undefined, bindings.length))}
          act={say(labels.noneOfThem)}
          onConfirm={() => settle('none')}
        />
      }
    >
      <Table
        caption={say(labels.bands)}
        captionUnseen
        columns={[
          {
            title: say(labels.ticket),
            heads: true,
            cell: ({ ticket }) =>
              ticket === '' ? (
                say(labels.nobody)
              ) : (
                <a class="code-text" href={addressOf({ event: event.event, section: 'tickets', rest: [ticket] })}>
                  {ticketLabel(ticket)}
                </a>
              ),
          },
          { title: say(labels.gate), cell: ({ gate }) => <bdi>{gateName(gate)}</bdi> },
          {
            title: say(labels.time),
            cell: ({ atMs, uncertaintyMs }) => (
              <>
                <When atMs={atMs} timeZone={event.policy.timeZone} /> <small>{uncertainty(uncertaintyMs)}</small>
              </>
            ),
          },
          { title: say(labels.operator), cell: ({ operator }) => operator ?? '–' },
          { title: say(labels.thisOne), cell: isRight },
        ]}
        rows={bindings}
        rowKey={({ gate, boot, sequence }) => `${gate} ${boot} ${sequence}`}
        empty=""
      />
    </Panel>
  );
}
