// Who is on duty at this phone, and what they do: a shift that is signed on once, actions that go on by themselves after it, and the dialogs
// that ask before.
import { signal, type ReadonlySignal } from '@preact/signals';
import { showToast } from '@postern/shared/ui';
import {
  staffCodePattern,
  type Confirmation,
  type Shift,
  type StewardAction,
  type StewardCredentials,
} from '@postern/shared';
import type { Handheld } from '../core/handheld.ts';
import { problemText } from './texts.ts';
import { say } from './page.ts';

export type Asking =
  | { readonly type: 'sign-on'; readonly who: string; readonly next: (() => void) | undefined }
  | { readonly type: 'override' | 'undo' | 'recount' }
  | { readonly type: 'decline'; readonly holdId: string }
  | { readonly type: 'order'; readonly confirmation: Confirmation };

export interface Duty {
  readonly shift: ReadonlySignal<Shift | undefined>;
  readonly asking: ReadonlySignal<Asking | undefined>;
  readonly ask: (asking: Asking | undefined) => void;
  /** A card: asks for its PIN. */
  readonly showCard: (code: string) => void;
  /** Undefined when it worked, else why not, in words. */
  readonly signOn: (who: string, pin: string) => Promise<string | undefined>;
  readonly signOff: () => void;
  /** By the shift; asks to sign on first where there is none, and goes on then. What went wrong is said. */
  readonly act: (action: StewardAction) => Promise<void>;
  /** With these credentials; undefined when it worked, else why not, in words. */
  readonly actAs: (credentials: StewardCredentials, action: StewardAction) => Promise<string | undefined>;
}

export function createDuty(handheld: Pick<Handheld, 'signOn' | 'signOff' | 'act'>): Duty {
  const shift = signal<Shift | undefined>(undefined);
  const asking = signal<Asking | undefined>(undefined);

  const actAs: Duty['actAs'] = async (credentials, action) => {
    const outcome = await handheld.act(credentials, action);
    if (!outcome.ok) {
      if (outcome.error.type === 'signed-off') shift.value = undefined;
      return say(problemText(outcome.error.type));
    }
    const { confirmation } = outcome.value;
    if (confirmation !== undefined) asking.value = { type: 'order', confirmation };
    return undefined;
  };

  const act: Duty['act'] = async (action) => {
    const { session } = shift.peek() ?? {};
    if (session === undefined) {
      asking.value = { type: 'sign-on', who: '', next: () => void act(action) };
      return;
    }
    const problem = await actAs({ session }, action);
    if (problem === undefined) return;
    if (shift.peek() === undefined) asking.value = { type: 'sign-on', who: '', next: () => void act(action) };
    else showToast('bad', problem);
  };

  return {
    shift,
    asking,
    ask: (next) => (asking.value = next),
    showCard: (code) => (asking.value = { type: 'sign-on', who: code, next: undefined }),
    signOn: async (who, pin) => {
      const name = who.trim();
      const code = name.toUpperCase();
      const signedOn = await handheld.signOn(staffCodePattern.test(code) ? { code } : { operator: name }, pin);
      if (!signedOn.ok) return say(problemText(signedOn.error.type));
      shift.value = signedOn.value;
      const before = asking.peek();
      asking.value = undefined;
      if (before?.type === 'sign-on') before.next?.();
      return undefined;
    },
    signOff: () => {
      const { session } = shift.peek() ?? {};
      if (session !== undefined) handheld.signOff(session);
      shift.value = undefined;
    },
    act,
    actAs,
  };
}
