// Whether this page reaches the gates on its network, in what people can be told. Chromium asks the person before a page reaches into the local
// network (Local Network Access); browsers that do not know the permission do not ask, and leave it to the gate's own answer.
import { signal, type ReadonlySignal } from '@preact/signals';
import { gateWebStatusPath, type PeerStatus, type Timer } from '@postern/shared';
import { webGateUrl } from './lan-gates.ts';

export type LanAccess =
  /** The deployment has no names for gates, so there is no way. */
  | { readonly type: 'none' }
  /** The browser asks the person first, which takes a press. */
  | { readonly type: 'ask' }
  | { readonly type: 'denied' }
  /** Gates that answered last; none: the phone is in another network, or does not know their authority. */
  | { readonly type: 'allowed'; readonly answering: readonly string[] };

export interface LanAccessDeps {
  readonly domain: string | undefined;
  /** Of the gate that runs now. */
  readonly peers: () => readonly PeerStatus[];
  /** Ids of gates to ask. */
  readonly gates: () => readonly string[];
  readonly allowed: (isAllowed: boolean) => void;
  readonly timer: Timer;
  readonly fetch: typeof fetch;
  readonly permission?: () => Promise<PermissionState>;
}

export interface LanAccessWatch {
  readonly access: ReadonlySignal<LanAccess>;
  /** After a press: lets the browser ask the person. */
  readonly ask: () => Promise<void>;
  readonly stop: () => void;
}

const lookMs = 1_000;

export function watchLanAccess(deps: LanAccessDeps): LanAccessWatch {
  const { domain, permission = lanPermission } = deps;
  const access = signal<LanAccess>({ type: 'none' });
  let stopped = false;
  const look = async (): Promise<void> => {
    if (domain === undefined) return;
    const state = await permission();
    deps.allowed(state === 'granted');
    const next = accessOf(state, deps.peers());
    if (JSON.stringify(next) !== JSON.stringify(access.peek())) access.value = next;
  };
  const lookAgain = (): void => {
    if (!stopped) void look().finally(() => deps.timer.after(lookMs, lookAgain));
  };
  lookAgain();
  return {
    access,
    ask: async () => {
      const [gate] = deps.gates();
      if (domain === undefined || gate === undefined) return;
      // The browser asks when the page first reaches out. Whether anybody answers is another matter.
      await deps.fetch(webGateUrl(gate, domain) + gateWebStatusPath(gate)).catch(() => undefined);
      await look();
    },
    stop: () => (stopped = true),
  };
}

const accessOf = (state: PermissionState, peers: readonly PeerStatus[]): LanAccess =>
  state === 'granted'
    ? { type: 'allowed', answering: answeringGates(peers) }
    : { type: state === 'denied' ? 'denied' : 'ask' };

export const answeringGates = (peers: readonly PeerStatus[]): readonly string[] =>
  peers.filter((peer) => peer.kind === 'gate' && peer.reachable).map(({ id }) => id);

async function lanPermission(): Promise<PermissionState> {
  try {
    return (await navigator.permissions.query({ name: 'local-network-access' as PermissionName })).state;
  } catch {
    // No such permission here.
    return 'granted';
  }
}
