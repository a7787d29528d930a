// Goal: what waits for somebody to sign in again is done for that person, and for nobody else.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { UserView } from '@postern/shared';
import { me, readMe, signedInAgain, stage } from '../../../../cloud-sync/src/dashboard/session.ts';

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
