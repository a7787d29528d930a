// From which state of a case, or of a suspicion, people can bring it into which, and how states look.
import type { CaseState } from '@postern/shared';
import type { Tone } from '@postern/shared/ui';

export const nextStates: Readonly<Record<CaseState, readonly CaseState[]>> = {
  open: ['explained', 'closed'],
  explained: ['closed', 'open'],
  closed: ['open'],
};

export const toneOf: Readonly<Record<CaseState, Tone>> = { open: 'bad', explained: 'busy', closed: 'good' };
