// By which figures uses count as suspicious; changing them makes the list anew.
import { defaultSuspicionRules, suspicionBounds, type SuspicionRules, type EventResponse } from '@postern/shared';
import { Button, Panel, showToast, TextField, useSubmit } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useAsked } from '../asking.ts';
import { ask } from '../cloud.ts';
import { say } from '../language.ts';
import { problemText } from '../parts/problem.tsx';
import { labels } from './messages.ts';

export function SuspicionRulesForm({
  event,
  mayChange,
  onChanged,
}: {
  readonly event: EventResponse;
  readonly mayChange: boolean;
  readonly onChanged: () => Promise<void>;
}): JSX.Element | null {
  const path = `/api/events/${event.event}/suspicion-rules`;
  const { value: rules = defaultSuspicionRules } = useAsked<SuspicionRules>(path);
  const [travel, setTravel] = useState<string>();
  const [refusals, setRefusals] = useState<string>();
  const typed: SuspicionRules = {
    travelMinMs: wholeNumber(travel ?? String(rules.travelMinMs / 1_000)) * 1_000,
    refusalsMin: wholeNumber(refusals ?? String(rules.refusalsMin)),
  };
  const isWrong = (rule: keyof SuspicionRules): boolean => {
    const [least, most] = suspicionBounds[rule];
    return !(typed[rule] >= least && typed[rule] <= most);
  };
  const isReady = !isWrong('travelMinMs') && !isWrong('refusalsMin');
  const { busy, submit } = useSubmit(async () => {
    if (!isReady) return undefined;
    const answer = await ask<SuspicionRules>('PUT', path, { body: typed });
    showToast(answer.ok ? 'good' : 'bad', answer.ok ? say(labels.rulesSaved) : problemText(answer.error));
    if (answer.ok) await onChanged();
    return undefined;
  });
  return (
    <Panel title={say(labels.rules)}>
      <form class="form" onSubmit={submit}>
        <div class="form-row">
          <TextField
            label={say(labels.travel)}
            hint={say(labels.travelHint)}
            error={isWrong('travelMinMs') ? say(labels.rulesInvalid) : undefined}
            inputMode="numeric"
            disabled={!mayChange}
            value={travel ?? String(rules.travelMinMs / 1_000)}
            onValue={setTravel}
          />
          <TextField
            label={say(labels.refusals)}
            hint={say(labels.refusalsHint)}
            error={isWrong('refusalsMin') ? say(labels.rulesInvalid) : undefined}
            inputMode="numeric"
            disabled={!mayChange}
            value={refusals ?? String(rules.refusalsMin)}
            onValue={setRefusals}
          />
        </div>
        {mayChange && (
          <div class="actions-row">
            <Button type="submit" busy={busy} disabled={!isReady}>
              {say(labels.save)}
            </Button>
          </div>
        )}
      </form>
    </Panel>
  );
}

/** Not a number, where it is none of those. */
const wholeNumber = (text: string): number => (/^[0-9]{1,9}$/.test(text.trim()) ? Number(text) : Number.NaN);
