// The gate's own port as a page sees it, served for real, with nothing happening behind it but what its caller puts there.
import type { LocalApiDeps } from '../../gate-agent/src/local-api/app.ts';
import { createLocalApi } from '../../gate-agent/src/local-api/app.ts';
import type { Hello, ShownView } from '../../gate-agent/src/local-api/screens.ts';
import { createEventHub } from '../../gate-agent/src/local-api/event-hub.ts';
import { allowedHosts } from '../../gate-agent/src/local-api/guard.ts';
import type { GateHealth } from '../../gate-agent/src/local-api/health.ts';
import { createPages } from '../../gate-agent/src/local-api/pages.ts';
import { listen, type LocalServer } from '../../gate-agent/src/local-api/server.ts';

/** 19:02 at the venue, in Berlin. */
export const servedAtMs = Date.UTC(2026, 6, 1, 17, 2);

const noCalls: LocalApiDeps['calls'] = {
  call: () => ({ ok: true, value: undefined }),
  answer: () => undefined,
  waiting: () => [],
  stop: () => undefined,
};

const helloOfOne: Hello = {
  gate: { id: 'gate-a', name: 'Gate A' },
  lanes: [{ id: 'one', direction: 'entry', shows: ['code'] }],
  boot: '00',
  languages: ['en', 'de'],
  display: { volume: 60, callButton: true },
};

const screensOf = (hello: Hello, views: () => readonly ShownView[]): LocalApiDeps['screens'] => ({
  hello: () => hello,
  beat: () => ({ nowMs: servedAtMs, timeZone: 'Europe/Berlin', clockTrusted: true, noContactSinceMs: undefined }),
  laneStates: () => [],
  views,
  tell: () => undefined,
  refresh: () => undefined,
});

interface ServeOptions extends Partial<Omit<LocalApiDeps, 'screens'>> {
  readonly hello?: Hello;
  readonly views?: () => readonly ShownView[];
  /** In place of screens that show `views` and hear of nothing. */
  readonly makeScreens?: (hub: LocalApiDeps['hub']) => LocalApiDeps['screens'];
}

export interface ServedApi {
  readonly server: LocalServer;
  readonly hub: LocalApiDeps['hub'];
  readonly screens: LocalApiDeps['screens'];
  readonly stop: () => Promise<void>;
}

/** Gate A with one lane, at any free port of this machine when `port` is 0. */
export async function serveLocalApi(
  port: number,
  { hello = helloOfOne, views = () => [], makeScreens = () => screensOf(hello, views), ...fields }: ServeOptions = {},
): Promise<ServedApi> {
  const hub = createEventHub();
  let bound = port;
  const deps: LocalApiDeps = {
    hosts: () => allowedHosts('127.0.0.1', bound, []),
    frameAncestors: ['http://127.0.0.1:*'],
    hub,
    screens: makeScreens(hub),
    health: () => ({ state: 'green' }) as GateHealth,
    status: async () => ({}),
    steward: () => ({ act: async () => ({ ok: true, value: {} }) }),
    orders: () => ({ orders: [] }),
    reports: [
      {
        event: 7,
        cases: async () => ({ cases: [], count: 0, atMs: 1 }),
        rollCall: async () => ({ event: 7, atMs: 1, zones: [] }),
      },
    ],
    zones: () => [],
    nextBand: async () => 'none',
    writePass: async () => ({ ok: false, error: { type: 'cloud-unreachable' } }),
    gateName: (gate) => gate,
    timeZone: () => 'Europe/Berlin',
    signOn: () => {
      throw new Error('nobody signs on here');
    },
    calls: noCalls,
    clock: { wallMs: () => servedAtMs, monotonicMs: () => 0 },
    logger: { info: () => undefined, warn: () => undefined, error: (fields, text) => console.error(text, fields) },
    pages: createPages(),
    ...fields,
  };
  const listening = await listen({ listen: '127.0.0.1', port, app: createLocalApi(deps) });
  if (!listening.ok) throw new Error(listening.error.message);
  bound = listening.value.port;
  return {
    server: listening.value,
    hub,
    screens: deps.screens,
    stop: async () => {
      hub.close();
      await listening.value.close();
    },
  };
}
