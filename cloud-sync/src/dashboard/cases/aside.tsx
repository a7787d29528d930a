// Marks that were put aside, by chunk as their gate signed them, and letting in what somebody believes after all.
import type { EventResponse, QuarantinedChunk, QuarantinePage, ReleaseResponse } from '@postern/shared';
import { showToast, StatusMark } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useListOf } from '../asking.ts';
import { ask } from '../cloud.ts';
import { dateAndTime } from '../format.ts';
import { say } from '../language.ts';
import { AskingButton } from '../parts/acts.tsx';
import { useGateNames } from '../parts/gate-names.ts';
import { orProblem } from '../parts/problem.tsx';
import { When } from '../parts/when.tsx';
import { PagedTable } from '../parts/paged-table.tsx';
import { labels, releasedText, releaseText, releaseTitle } from './messages.ts';

export function Aside({
  event,
  mayRelease,
}: {
  readonly event: EventResponse;
  readonly mayRelease: boolean;
}): JSX.Element {
  const path = `/api/events/${event.event}/quarantine`;
  const pages = useListOf(path, {}, ({ chunks }: QuarantinePage) => chunks);
  const gateName = useGateNames(event.event);
  const { timeZone } = event.policy;
  const release = (chunk: QuarantinedChunk): JSX.Element => (
    <AskingButton
      label={say(labels.release)}
      about={`${gateName(chunk.gate)}, ${chunk.marks}`}
      title={say(releaseTitle(chunk.marks, gateName(chunk.gate)))}
      consequence={say(releaseText(chunk.marks))}
      act={say(labels.release)}
      onConfirm={async () =>
        orProblem(await ask<ReleaseResponse>('POST', `${path}/${chunk.id}/release`), ({ marks }) => {
          showToast('good', say(releasedText(marks)));
          void pages.reload();
        })
      }
    />
  );
  return (
    <>
      <p class="muted">{say(labels.asideText)}</p>
      <PagedTable
        pages={pages}
        caption={say(labels.aside)}
        captionUnseen
        columns={[
          { title: say(labels.gate), heads: true, cell: ({ gate }) => <bdi>{gateName(gate)}</bdi> },
          { title: say(labels.marks), number: true, cell: ({ marks }) => marks },
          { title: say(labels.why), cell: ({ reason }) => reason },
          { title: say(labels.from), cell: ({ from }) => <bdi>{gateName(from)}</bdi> },
          {
            title: say(labels.received),
            cell: ({ receivedAtMs }) => <When atMs={receivedAtMs} timeZone={timeZone} />,
          },
          {
            title: say(labels.release),
            cell: (chunk) =>
              chunk.releasedAtMs === undefined ? (
                mayRelease && release(chunk)
              ) : (
                <StatusMark tone="good">
                  {say(labels.released)} {dateAndTime(chunk.releasedAtMs, timeZone)}
                </StatusMark>
              ),
          },
        ]}
        rowKey={({ id }) => id}
        empty={say(labels.noAside)}
      />
    </>
  );
}
