import { expect, test } from 'vitest';
import { firstReason, missingPrograms } from '../../support/not-run.ts';

test('a program that is not installed is named, one that is not', () => {
  expect(missingPrograms('sh')).toBeUndefined();
  expect(missingPrograms('sh', 'postern-no-such-program')).toBe('postern-no-such-program not installed');
});

test('the first reason of several is the one given', () => {
  expect(firstReason(undefined, 'needs root', 'too small')).toBe('needs root');
  expect(firstReason(undefined, undefined)).toBeUndefined();
});
