// Goal: an operator reads in their own language why something was not done, and never less than the cloud has said.
import { expect, it } from 'vitest';
import { staffLanguages, type Problem } from '@postern/shared';
import { toProblemText } from '../../../../cloud-sync/src/dashboard/parts/problem-texts.ts';
import { problemStatuses, problemTitle, type ProblemType } from '../../../../cloud-sync/src/services/problems.ts';

const types = Object.keys(problemStatuses) as ProblemType[];
const problem = (type: ProblemType, more: Partial<Problem> = {}): Problem => ({
  type,
  title: problemTitle(type),
  status: problemStatuses[type],
  ...more,
});

it('says in German what most often comes of a press, whatever else the cloud knows after it', () => {
  expect(toProblemText(problem('role-too-low'), 'de')).toBe('Ihre Rolle erlaubt das nicht.');
  const detail = 'The event has no zone "bar".';
  expect(toProblemText(problem('zone-unknown', { detail }), 'de')).toBe(
    `Diesen Bereich hat die Veranstaltung nicht. ${detail}`,
  );
  const issues = [{ path: 'name', message: 'Too small' }];
  expect(toProblemText(problem('request-invalid', { issues }), 'de')).toMatch(/^Eine Angabe .* name: Too small$/);
});

it('leaves out what the cloud says after it only where the text says all of that', () => {
  const detail = 'There is or was a gate "north".';
  for (const language of staffLanguages)
    expect(toProblemText(problem('gate-exists', { detail }), language)).not.toContain(detail);
});

it.each(types)('is a sentence or more in each language of staff: %s', (type) => {
  for (const language of staffLanguages)
    expect(toProblemText(problem(type), language)).toMatch(/^[A-ZÄÖÜ][^{}]{8,250}\.$/);
});

it('is what the cloud says of a problem that this page has never heard of', () => {
  const newer = { type: 'something-new', title: 'Something new', status: 409, detail: 'And why.' };
  expect(toProblemText(newer, 'de')).toBe('Something new. And why.');
});
