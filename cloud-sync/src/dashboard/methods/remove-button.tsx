// Takes away what is set for a proof of an event, after the question whether it shall be so.
import type { StaffTexts } from '@postern/shared';
import type { JSX } from 'preact';
import { tell } from '../cloud.ts';
import { say } from '../language.ts';
import { AskingButton } from '../parts/acts.tsx';
import { orProblem } from '../parts/problem.tsx';

export interface RemoveButtonProps {
  readonly path: string;
  readonly texts: Readonly<Record<'label' | 'title' | 'consequence' | 'act', StaffTexts>>;
  /** Whether it could be removed or not. */
  readonly onRemoved: () => Promise<void>;
}

export const RemoveButton = ({ path, texts, onRemoved }: RemoveButtonProps): JSX.Element => (
  <AskingButton
    label={say(texts.label)}
    title={say(texts.title)}
    consequence={say(texts.consequence)}
    act={say(texts.act)}
    onConfirm={async () => {
      const problem = orProblem(await tell('DELETE', path), () => undefined);
      await onRemoved();
      return problem;
    }}
  />
);
