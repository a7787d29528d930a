// When the event ends, and what happens by itself before and after: unused tickets are cancelled, names are erased.
import type { EventDeadlines, EventResponse } from '@postern/shared';
import { Banner, Panel, showToast, TextField } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useAsked } from '../asking.ts';
import { ask } from '../cloud.ts';
import { dateAndTime } from '../format.ts';
import { fill, say } from '../language.ts';
import { AskingButton } from '../parts/acts.tsx';
import { orProblem, ProblemBanner } from '../parts/problem.tsx';
import { labels } from './messages.ts';
import { fieldToMs, msToField } from './venue-time.ts';

export function DeadlinesForm({ event }: { readonly event: EventResponse }): JSX.Element {
  const read = useAsked<EventDeadlines>(`/api/events/${event.event}/deadlines`);
  return (
    <>
      <ProblemBanner problem={read.problem} onAgain={() => void read.reload()} />
      {read.value !== undefined && <Fields event={event} deadlines={read.value} onSaved={read.reload} />}
    </>
  );
}

function Fields({
  event,
  deadlines,
  onSaved,
}: {
  readonly event: EventResponse;
  readonly deadlines: EventDeadlines;
  readonly onSaved: () => Promise<void>;
}): JSX.Element {
  const { timeZone } = event.policy;
  const [ends, setEnds] = useState(msToField(deadlines.endsAtMs, timeZone));
  const [revoke, setRevoke] = useState(msToField(deadlines.revokeUnscannedAtMs, timeZone));
  const [days, setDays] = useState(String(deadlines.keepPersonalDataDays ?? ''));
  const optional = <Key extends string>(key: Key, value: number | undefined): Partial<Record<Key, number>> =>
    value === undefined ? {} : ({ [key]: value } as Partial<Record<Key, number>>);
  const save = async (): Promise<string | undefined> => {
    const answer = await ask<EventDeadlines>('PUT', `/api/events/${event.event}/deadlines`, {
      body: {
        ...optional('endsAtMs', fieldToMs(ends, timeZone)),
        ...optional('revokeUnscannedAtMs', fieldToMs(revoke, timeZone)),
        ...optional('keepPersonalDataDays', days === '' ? undefined : Number(days)),
      },
    });
    const problem = orProblem(answer, () => showToast('good', say(labels.saved)));
    await onSaved();
    return problem;
  };
  return (
    <Panel title={say(labels.times)}>
      {deadlines.personalDataErasedAtMs !== undefined && (
        <Banner tone="busy">
          {fill(labels.erasedAt, { time: dateAndTime(deadlines.personalDataErasedAtMs, timeZone) })}
        </Banner>
      )}
      <div class="field-grid">
        <TextField label={say(labels.endsAt)} hint={timeZone} type="datetime-local" value={ends} onValue={setEnds} />
        <TextField
          label={say(labels.revokeAt)}
          hint={say(labels.revokeAtHint)}
          type="datetime-local"
          value={revoke}
          onValue={setRevoke}
        />
        <TextField
          label={say(labels.keepDays)}
          hint={say(labels.emptyNever)}
          type="number"
          min={0}
          max={36_500}
          value={days}
          onValue={setDays}
        />
        <p class="form-end">
          <AskingButton
            kind="primary"
            label={say(labels.save)}
            title={say(labels.deadlinesTitle)}
            consequence={say(labels.deadlinesConsequence)}
            act={say(labels.save)}
            onConfirm={save}
          />
        </p>
      </div>
    </Panel>
  );
}
