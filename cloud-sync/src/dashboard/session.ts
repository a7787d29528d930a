// Who is signed in, and signing in and out. Requests that find the session over wait here until somebody has signed in again.
import { signal } from '@preact/signals';
import type { SessionState, UserView } from '@postern/shared';
import { isOwnRelease, releaseOf } from './release.ts';

export type Stage = 'starting' | 'signed-out' | 'signed-in' | 'expired' | 'unreachable';

/** `expired`: the page stays, signing in lies over it. */
export const stage = signal<Stage>('starting');
export const me = signal<UserView | undefined>(undefined);
/** Whether the deployment has an OpenID provider. */
export const hasProvider = signal(false);

const retryMs = 2_000;
let waiting: (() => void)[] = [];

/** Resolves when somebody has signed in again; from now on the page asks them to. */
export function signedInAgain(): Promise<void> {
  stage.value = me.value === undefined ? 'signed-out' : 'expired';
  return new Promise((resolve) => {
    waiting.push(resolve);
  });
}

let tellOtherTabs = (): void => undefined;

/** All tabs of a browser have one session: what becomes of it in one of them is looked at in the others, too. */
export function followOtherTabs(): void {
  const tabs = new BroadcastChannel('postern-session');
  tellOtherTabs = () => tabs.postMessage('changed');
  tabs.addEventListener('message', () => void readMe());
  // Whoever comes back from an organisation's provider has signed in there.
  tellOtherTabs();
}

export async function readMe(): Promise<void> {
  const response = await fetch('/session').catch(() => undefined);
  const state = response === undefined ? undefined : await readState(response);
  if (state === undefined) {
    if (me.value === undefined) stage.value = 'unreachable';
    setTimeout(() => void readMe(), retryMs);
    return;
  }
  const { user, provider } = state;
  hasProvider.value = provider;
  if (user === undefined) {
    stage.value = me.value === undefined ? 'signed-out' : 'expired';
    return;
  }
  // What waits here, and what stands on the page, is somebody else's.
  if (me.value !== undefined && me.value.id !== user.id) return location.reload();
  me.value = user;
  stage.value = 'signed-in';
  const going = waiting;
  waiting = [];
  for (const goOn of going) goOn();
}

async function readState(response: Response): Promise<SessionState | undefined> {
  try {
    if (response.ok && isOwnRelease(releaseOf(response))) return (await response.json()) as SessionState;
  } catch {
    // Cut off on the way.
  }
  return undefined;
}

export type Credentials = { readonly token: string } | { readonly email: string; readonly password: string };
export type SignInTrouble = 'wrong' | 'too-often' | 'unreachable';

/** Undefined when it went well. */
export async function signIn(credentials: Credentials): Promise<SignInTrouble | undefined> {
  const response = await fetch('/session', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(credentials),
  }).catch(() => undefined);
  if (response === undefined || response.status >= 500) return 'unreachable';
  if (response.status === 429) return 'too-often';
  if (!response.ok) return 'wrong';
  await readMe();
  tellOtherTabs();
  return undefined;
}

/** The page begins anew: nothing of one person is left for the next. */
export async function signOut(): Promise<void> {
  await fetch('/session', { method: 'DELETE' }).catch(() => undefined);
  tellOtherTabs();
  location.reload();
}
