// Below a form of rules: save, or forget what was typed; and why it could not be saved.
import { Button } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { say } from '../language.ts';
import { ProblemBanner } from '../parts/problem.tsx';
import { labels } from './messages.ts';
import type { RulesDraft } from './use-rules.ts';

export const SaveBar = ({
  draft,
  ready = true,
}: {
  readonly draft: RulesDraft;
  readonly ready?: boolean;
}): JSX.Element => (
  <div class="save-bar">
    <ProblemBanner problem={draft.problem} />
    <p class="actions-row">
      <Button type="submit" kind="primary" busy={draft.busy} disabled={!draft.isChanged || !ready}>
        {say(labels.save)}
      </Button>
      {draft.isChanged && <Button onClick={() => void draft.reset()}>{say(labels.forget)}</Button>}
    </p>
  </div>
);
