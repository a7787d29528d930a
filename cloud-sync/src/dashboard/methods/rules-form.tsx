// A form of rules: below its fields save, or forget what was typed; and why it could not be saved.
import type { Problem } from '@postern/shared';
import { Button, type Submission } from '@postern/shared/ui';
import type { ComponentChildren, JSX } from 'preact';
import { say } from '../language.ts';
import { ProblemBanner } from '../parts/problem.tsx';
import { labels } from './messages.ts';

export interface RulesFormProps {
  readonly sending: Submission<Problem>;
  /** False while there is nothing to be saved, or not yet. */
  readonly ready: boolean;
  /** Absent: there is nothing to be forgotten. */
  readonly onForget?: (() => Promise<void>) | undefined;
  readonly children: ComponentChildren;
}

export const RulesForm = ({ sending, ready, onForget, children }: RulesFormProps): JSX.Element => (
  <form class="rules-form" onSubmit={sending.submit}>
    {children}
    <div class="save-bar">
      <ProblemBanner problem={sending.trouble} />
      <p class="actions-row">
        <Button type="submit" kind="primary" busy={sending.busy} disabled={!ready}>
          {say(labels.save)}
        </Button>
        {onForget !== undefined && <Button onClick={() => void onForget()}>{say(labels.forget)}</Button>}
      </p>
    </div>
  </form>
);
