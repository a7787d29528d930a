// What went wrong, and another try where that may help.
import type { Problem, Result } from '@postern/shared';
import { Banner, Button } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { language, say } from '../language.ts';
import { toProblemText } from './problem-texts.ts';

const again = { en: 'Try again', de: 'Noch einmal' };

/** One text, for toasts and dialogs. */
export const problemText = (problem: Problem): string => toProblemText(problem, language.value);

export const ProblemBanner = ({
  problem,
  onAgain,
}: {
  readonly problem: Problem | undefined;
  readonly onAgain?: () => void;
}): JSX.Element | null =>
  problem === undefined ? null : (
    <Banner tone="bad" role="alert" action={onAgain && <Button onClick={onAgain}>{say(again)}</Button>}>
      {problemText(problem)}
    </Banner>
  );

/** For dialogs, which stay and show it: why something was not done; nothing where it was, and `done` has been told. */
export function orProblem<T>(answer: Result<T, Problem>, done: (value: T) => void): string | undefined {
  if (!answer.ok) return problemText(answer.error);
  done(answer.value);
  return undefined;
}
