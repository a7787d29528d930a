import { expect, test } from 'vitest';
import { backlogMessagesMax, createEventHub, listenersMax } from '../../../../gate-agent/src/local-api/event-hub.ts';

test('a listener gets what is published after it began to listen, in order', async () => {
  const hub = createEventHub();
  hub.publish('lane', 'before');
  const listener = hub.listen();
  const waited = listener?.next();
  hub.publish('lane', 1);
  hub.publish('view', 2);
  expect(await waited).toEqual({ event: 'lane', data: '1' });
  expect(await listener?.next()).toEqual({ event: 'view', data: '2' });
});

test('a listener that does not keep up is dropped, and the others are not', async () => {
  const hub = createEventHub();
  const slow = hub.listen();
  const quick = hub.listen();
  for (let index = 0; index <= backlogMessagesMax; index++) {
    const next = quick?.next();
    hub.publish('lane', index);
    expect(await next).toBeDefined();
  }
  expect(await slow?.next()).toBeUndefined();
  expect(hub.listeners()).toBe(1);
});

test('there are never more listeners than the limit', () => {
  const hub = createEventHub();
  const listeners = Array.from({ length: listenersMax }, () => hub.listen());
  expect(hub.listen()).toBeUndefined();
  listeners[0]?.end();
  expect(hub.listen()).toBeDefined();
});

test('closing ends everybody who waits', async () => {
  const hub = createEventHub();
  const waiting = hub.listen()?.next();
  hub.close();
  expect(await waiting).toBeUndefined();
  expect(hub.listen()).toBeUndefined();
});
