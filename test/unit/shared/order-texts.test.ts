import { orderQuestion } from '@postern/shared';
import { expect, test } from 'vitest';

test.each([
  [1, 'Resume entry in all zones: 1 gate will admit again.', 'an 1 Gate.'],
  [3, 'Resume entry in all zones: 3 gates will admit again.', 'an 3 Gates.'],
])('the question before an order counts %i as people do', (gates, english, german) => {
  const lift = { lift: true, order: 'stop-entry' } as const;
  expect(orderQuestion(lift, undefined, gates, 'en')).toBe(english);
  expect(orderQuestion(lift, undefined, gates, 'de')).toContain(german);
});
