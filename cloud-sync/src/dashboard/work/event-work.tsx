// The background work of one event, what of it can be begun by hand, and the way to its deadlines.
import type { JobRun } from '@postern/shared';
import { Panel, showToast } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { ask } from '../cloud.ts';
import { say } from '../language.ts';
import { AskingButton } from '../parts/acts.tsx';
import { orProblem } from '../parts/problem.tsx';
import { addressOf } from '../route.ts';
import type { EventSectionProps } from '../section.tsx';
import { kindText, labels, revokeUnscannedText, revokeUnscannedTitle } from './messages.ts';
import { Runs } from './runs.tsx';

const revokes = 'revoke-unscanned';

export function EventWork({ event }: EventSectionProps): JSX.Element {
  const path = `/api/events/${event.event}/jobs`;
  return (
    <>
      <div class="page-head">
        <h1>{say(labels.title)}</h1>
      </div>
      <Panel title={say(labels.deadlines)}>
        <p class="muted">{say(labels.deadlinesText)}</p>
        <div class="acts">
          <a class="button" href={addressOf({ event: event.event, section: 'rules', rest: ['deadlines'] })}>
            {say(labels.deadlines)}
          </a>
          <AskingButton
            label={say(kindText(revokes))}
            title={say(revokeUnscannedTitle)}
            consequence={say(revokeUnscannedText)}
            act={say(kindText(revokes))}
            onConfirm={async () =>
              orProblem(await ask<JobRun>('POST', path, { body: { kind: revokes } }), () =>
                showToast('good', say(labels.started)),
              )
            }
          />
        </div>
      </Panel>
      <Runs path={path} timeZone={event.policy.timeZone} />
    </>
  );
}
