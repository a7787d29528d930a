// What went wrong, and another try where that may help.
import type { Problem, Result } from '@postern/shared';
import { Banner, Button } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { language, say } from '../language.ts';
import { toProblemText } from './problem-texts.ts';

const again = { en: 'Try again', de: 'Noch einmal' };

/** One text, for toasts and dialogs. */
export const problemText = (problem: Problem): string => toProblemText(problem, language.value);

/** The fields of a request that the cloud has found wrong, as the request names them. */
export const wrongFields = (problem: Problem | undefined): ReadonlySet<string> =>
  new Set(problem?.issues?.map(({ path }) => path.split('.')[0] ?? ''));

/** As the cloud would say it, of fields that it need not be asked about. */
export const unfit = (fields: readonly string[]): Problem => ({
  type: 'request-invalid',
  status: 0,
  title: '',
  issues: fields.map((path) => ({ path, message: '' })),
});

/** Where it is about no field, but the request as a whole. */
export const otherProblem = (problem: Problem | undefined): string | undefined =>
  problem === undefined || wrongFields(problem).size > 0 ? undefined : problemText(problem);

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
