// The rules of an event while somebody changes them on a form: a copy that replaces the rules as a whole when it is saved, unless somebody else
// has changed them meanwhile.
import type { EventResponse, Problem } from '@postern/shared';
import { showToast, useSubmit, type Submission } from '@postern/shared/ui';
import { useState } from 'preact/hooks';
import { ask } from '../cloud.ts';
import { readEvents } from '../events.ts';
import { say } from '../language.ts';
import { labels } from './messages.ts';
import { rulesOf, type Rules } from './rules-draft.ts';

export interface RulesDraft {
  readonly rules: Rules;
  readonly change: (change: (rules: Rules) => Rules) => void;
  readonly isChanged: boolean;
  readonly sending: Submission<Problem>;
  /** As they are at the cloud; what was typed is gone. Absent: nothing was. */
  readonly forget: (() => Promise<void>) | undefined;
}

export function useRules(event: EventResponse): RulesDraft {
  const [base, setBase] = useState(event.policy);
  const [rules, setRules] = useState<Rules>(() => rulesOf(event.policy));
  const path = `/api/events/${event.event}`;
  const sending = useSubmit<Problem>(async () => {
    const present = await ask<EventResponse>('GET', path);
    if (!present.ok) return present.error;
    if (JSON.stringify(rulesOf(present.value.policy)) !== JSON.stringify(rulesOf(base)))
      return {
        type: 'changed-meanwhile',
        status: 412,
        title: say(labels.changedMeanwhile),
        detail: say(labels.changedMeanwhileHint),
      };
    const answer = await ask<EventResponse>('PUT', `${path}/policy`, { body: rules });
    if (!answer.ok) return answer.error;
    setBase(answer.value.policy);
    setRules(rulesOf(answer.value.policy));
    showToast('good', say(labels.saved));
    await readEvents();
    return undefined;
  });
  const forget = async (): Promise<void> => {
    const present = await ask<EventResponse>('GET', path);
    sending.setTrouble(present.ok ? undefined : present.error);
    if (!present.ok) return;
    setBase(present.value.policy);
    setRules(rulesOf(present.value.policy));
  };
  const isChanged = JSON.stringify(rules) !== JSON.stringify(rulesOf(base));
  return {
    rules,
    change: (work) => setRules((before) => work(before)),
    isChanged,
    sending,
    forget: isChanged ? forget : undefined,
  };
}
