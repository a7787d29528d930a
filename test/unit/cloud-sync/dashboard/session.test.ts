// Goal: what waits for somebody to sign in again is done for that person, and for nobody else.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { UserView } from '@postern/shared';
import {
  followOtherTabs,
  me,
  readMe,
  signedInAgain,
  signIn,
  signOut,
  stage,
} from '../../../../cloud-sync/src/dashboard/session.ts';

const person = (digit: string): UserView => ({
  id: digit.repeat(12),
  name: digit,
  administrator: false,
  memberships: [],
  createdAtMs: 0,
  disabled: false,
});
let signedIn: UserView | undefined;
let loadedAgain = 0;

beforeEach(async () => {
  loadedAgain = 0;
  me.value = undefined;
  vi.stubGlobal('location', { reload: () => (loadedAgain += 1) });
  vi.stubGlobal('fetch', async () => Response.json({ user: signedIn, provider: false }));
  signedIn = person('a');
  await readMe();
});
afterEach(() => {
  vi.unstubAllGlobals();
  me.value = undefined;
  stage.value = 'starting';
});

it('goes on when the same person is back', async () => {
  const waiting = signedInAgain();
  expect(stage.value).toBe('expired');
  await readMe();
  await waiting;
  expect(stage.value).toBe('signed-in');
  expect(loadedAgain).toBe(0);
});

it('begins the page anew for another person, and does nothing of what was wanted', async () => {
  let isDone = false;
  void signedInAgain().then(() => (isDone = true));
  signedIn = person('b');
  await readMe();
  expect(loadedAgain).toBe(1);
  expect([me.value?.id, stage.value, isDone]).toEqual([person('a').id, 'expired', false]);
});

it('looks again when another tab has signed in or out, and tells other tabs of its own', async () => {
  const told: string[] = [];
  let hear = (): void => undefined;
  vi.stubGlobal(
    'BroadcastChannel',
    class {
      postMessage = (text: string): number => told.push(text);
      addEventListener = (_type: string, listener: () => void): void => {
        hear = listener;
      };
    },
  );
  followOtherTabs();
  expect(told).toHaveLength(1);
  await signIn({ token: 'a' });
  expect(told).toHaveLength(2);
  signedIn = undefined;
  hear();
  await expect.poll(() => stage.value).toBe('expired');
  signedIn = person('a');
  hear();
  await expect.poll(() => stage.value).toBe('signed-in');
  signedIn = person('b');
  hear();
  await expect.poll(() => loadedAgain).toBe(1);
  await signOut();
  expect(told).toHaveLength(3);
});
