import type { Presentation } from '@postern/shared';
import { expect, test } from 'vitest';
import {
  createViews,
  outOfViewMs,
  textsPerViewMax,
  viewsMax,
  type View,
  type Views,
} from '../../../../shared/src/gate/views.ts';

const presentation = (text: string): Presentation => ({ medium: 'optical', text, readerId: 'camera', seenAtMs: 0 });

const answered = (views: Views, text: string, nowMs: number, ticketId = text): View => {
  const { view } = views.sight(presentation(text), nowMs);
  const earlier = views.identify(view, ticketId);
  if (earlier === undefined) views.settle(view, nowMs);
  return earlier ?? view;
};

test('a view that nobody has answered yet never ends', () => {
  const views = createViews();
  views.sight(presentation('a'), 0);
  expect(views.sight(presentation('a'), 1_000_000).fresh).toBe(false);
});

test('an answered view ends exactly when it has been out of view for two seconds', () => {
  const views = createViews();
  answered(views, 'a', 0);
  expect(views.sight(presentation('a'), outOfViewMs - 1).fresh).toBe(false);
  expect(views.sight(presentation('a'), 2 * outOfViewMs - 1).fresh).toBe(true);
});

test('a code first seen in view of the same ticket joins it although its turn came later', () => {
  const views = createViews();
  const first = answered(views, 'a1', 0, 'ticket');
  const { view: second } = views.sight(presentation('a2'), outOfViewMs - 1);
  for (let n = 0; n < 10; n++) views.sight(presentation(`passer-by ${n}`), 60_000 + n);
  expect(views.identify(second, 'ticket')).toBe(first);
});

test('a code first seen after the ticket was out of view is a presentation of its own', () => {
  const views = createViews();
  answered(views, 'a1', 0, 'ticket');
  const { view } = views.sight(presentation('a2'), outOfViewMs);
  expect(views.identify(view, 'ticket')).toBeUndefined();
});

test('what was forgotten starts afresh', () => {
  const views = createViews();
  const { view } = views.sight(presentation('a'), 0);
  views.forget(view);
  expect(views.sight(presentation('a'), 1).fresh).toBe(true);
});

test('after an answer about one code, that code is still in view and the next one of its ticket is new', () => {
  const views = createViews();
  const first = answered(views, 'a1', 0, 'ticket');
  views.release(first);
  expect(views.sight(presentation('a1'), 500)).toEqual({ view: first, fresh: false });
  const second = views.sight(presentation('a2'), 600).view;
  expect(views.identify(second, 'ticket')).toBeUndefined();
  views.settle(second, 700);
  views.release(first);
  const { view: third } = views.sight(presentation('a3'), 800);
  expect(views.identify(third, 'ticket')).toBe(second);
});

test('memory is bounded: views, and codes of one view', () => {
  const views = createViews();
  answered(views, 'first', 0);
  for (let n = 0; n < viewsMax; n++) answered(views, `text ${n}`, 1);
  expect(views.sight(presentation('first'), 2).fresh).toBe(true);
  expect(views.sight(presentation(`text ${viewsMax - 1}`), 2).fresh).toBe(false);

  const rotating = createViews();
  for (let n = 0; n <= textsPerViewMax; n++) answered(rotating, `step ${n}`, n, 'ticket');
  expect(rotating.sight(presentation(`step ${textsPerViewMax}`), 100).fresh).toBe(false);
  expect(rotating.sight(presentation('step 0'), 100).fresh).toBe(true);
});
